"""How well two suit each other: whole points by part, each at most its weight in the pack.

All divisions round down. `w` is the part's weight:

interests       w * min(shared interests, 3) / 3
age             w * (20 - years between the birth years) / 20, at least 0
life_situation  w * (1 if both or neither have minors + 1 if both or neither live with another adult) / 2
occupation      w * (2 if the same field of work + 2 if the same stage of education, 1 if the next one) / 4
language        w * level / 3 of the best language in common, as the weaker of the two speaks it: 1 basic,
                2 fluent, 3 native; 0 where the pack's language rule is off
distance        w within the same municipality, else 0: distances are not known
availability    w * min(common hours beyond the pack's minimum, 4) / 4

What is not known on either side gives no points. The values at which a part is full (three interests, 20
years, four hours) are the project's own choice. Waiting is no part of the score: it says nothing of how well
two suit each other, and is kept apart.
"""

from datetime import date
from decimal import Decimal

import numpy as np

from services.matching.domain.columns import UNKNOWN, Bools, Columns, Ints, PoolColumns, Rows
from services.matching.domain.party import Rules
from services.matching.domain.rules import BLOCK, common_language_level, common_minutes

PARTS = ("interests", "age", "life_situation", "occupation", "language", "distance", "availability")

FULL_INTERESTS = 3
FULL_AGE_GAP = 20
FULL_SPARE_MINUTES = 4 * 60


def score_parts(left: Columns, right: Columns, rules: Rules) -> dict[str, Ints]:
    """Points by part, in the order of `PARTS`, of a matrix or a list of couples, as the columns form it."""
    w = rules.weights
    parts: dict[str, Ints] = {
        "interests": np.minimum(_shared(left, right), FULL_INTERESTS)
        * np.int32(w.interests)
        // FULL_INTERESTS,
        "age": _age(left, right, w.age),
        "life_situation": _life_situation(left, right, w.life_situation),
        "occupation": _occupation(left, right, w.occupation),
        "language": _language(left, right, rules),
        "distance": (left.municipality == right.municipality) * np.int32(w.distance),
        "availability": _spare(left, right, rules),
    }
    shape = np.broadcast_shapes(left.subject.shape, right.subject.shape)
    return {code: np.broadcast_to(parts[code], shape) for code in PARTS}


def score_matrix(columns: PoolColumns, rows: Rows, guides: Rows) -> Ints:
    """The sum of all parts, (rows, guides)."""
    chosen = columns.left.at(rows)
    right = columns.right.across(guides)
    n = chosen.subject.shape[0]
    total: Ints = np.empty((n, right.subject.shape[1]), dtype=np.int32)
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        parts = score_parts(chosen.down(block), right, columns.pool.rules)
        out = total[block]
        out[...] = 0
        for points in parts.values():
            out += points
    return total


def waiting_bonus(rules: Rules, ready_since: date, today: date) -> int:
    """Whole points for waiting: the pack's points a day * days since the party was ready, rounded down.

    Linear and uncapped, so that nobody who is hard to match waits for ever. In decimals: 0.29 * 100 is 29,
    while binary fractions make it 28.
    """
    days = max(0, (today - ready_since).days)
    return int(Decimal(str(rules.waiting_points_per_day)) * days)


def _shared(left: Columns, right: Columns) -> Ints:
    words = min(len(left.interests), len(right.interests))
    shared: Ints = np.bitwise_count(left.interests[0] & right.interests[0]).astype(np.int32)
    for word in range(1, words):
        shared = shared + np.bitwise_count(left.interests[word] & right.interests[word])
    return shared


def _age(left: Columns, right: Columns, weight: int) -> Ints:
    years = np.abs(left.birth_year - right.birth_year)
    points = np.maximum(FULL_AGE_GAP - years, 0) * np.int32(weight) // FULL_AGE_GAP
    known: Ints = points * _both_known(left.birth_year, right.birth_year)
    return known


def _life_situation(left: Columns, right: Columns, weight: int) -> Ints:
    minors = (left.minors > 0) == (right.minors > 0)
    adults = (left.adults > 1) == (right.adults > 1)
    known = (left.adults > 0) & (right.adults > 0)
    points: Ints = (minors.astype(np.int32) + adults) * np.int32(weight) // 2 * known
    return points


def _occupation(left: Columns, right: Columns, weight: int) -> Ints:
    field = (left.occupation == right.occupation) & (left.occupation != UNKNOWN)
    stages = np.maximum(2 - np.abs(left.education - right.education), 0)
    quarters = 2 * field.astype(np.int32) + stages * _both_known(left.education, right.education)
    points: Ints = quarters * np.int32(weight) // 4
    return points


def _language(left: Columns, right: Columns, rules: Rules) -> Ints:
    if rules.language_rule == "off":
        return np.zeros((1,) * left.subject.ndim, dtype=np.int32)
    return common_language_level(left, right).astype(np.int32) * np.int32(rules.weights.language) // 3


def _spare(left: Columns, right: Columns, rules: Rules) -> Ints:
    spare = common_minutes(left, right) - np.int32(round(rules.minimum_common_hours * 60))
    points: Ints = np.clip(spare, 0, FULL_SPARE_MINUTES) * np.int32(rules.weights.availability)
    return points // FULL_SPARE_MINUTES


def _both_known(left: Ints, right: Ints) -> Bools:
    known: Bools = (left != UNKNOWN) & (right != UNKNOWN)
    return known
