"""The criteria of the score: a table to which packs refer by code, each with a weight.

A criterion is a function on columns and its record in `CRITERIA`. The table's order is the order in which
receipts show the parts of a score. All divisions round down, and what is not known on either side gives no
points. The values at which a criterion is full (three interests, 20 years, four hours) are the project's own
choice.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np

from services.matching.domain.columns import UNKNOWN, Bools, Columns, Ints, whole_minutes
from services.matching.domain.party import Rules
from services.matching.domain.rules import common_language_level, common_minutes
from shared.values import value

FULL_INTERESTS = 3
FULL_AGE_GAP = 20
FULL_SPARE_MINUTES = 4 * 60


@value
class Both:
    """Both sides' columns and the pack's rules: a matrix of couples or a list of them, as the columns are."""

    left: Columns
    right: Columns
    rules: Rules


@value
class Criterion:
    """One criterion. `points` gives whole points from 0 to the weight, in the couples' shape or one that
    broadcasts to it; `says` is the formula in words, `w` the weight.
    """

    code: str
    points: Callable[[Both, int], Ints]
    says: str


def _interests(both: Both, weight: int) -> Ints:
    left, right = both.left.interests, both.right.interests
    shared: Ints = np.bitwise_count(left[0] & right[0]).astype(np.int32)
    for word in range(1, min(len(left), len(right))):
        shared = shared + np.bitwise_count(left[word] & right[word])
    points: Ints = np.minimum(shared, FULL_INTERESTS) * np.int32(weight) // FULL_INTERESTS
    return points


def _age(both: Both, weight: int) -> Ints:
    years = np.abs(both.left.birth_year - both.right.birth_year)
    points = np.maximum(FULL_AGE_GAP - years, 0) * np.int32(weight) // FULL_AGE_GAP
    known: Ints = points * _both_known(both.left.birth_year, both.right.birth_year)
    return known


def _life_situation(both: Both, weight: int) -> Ints:
    left, right = both.left, both.right
    minors = (left.minors > 0) == (right.minors > 0)
    adults = (left.adults > 1) == (right.adults > 1)
    known = (left.adults > 0) & (right.adults > 0)
    points: Ints = (minors.astype(np.int32) + adults) * np.int32(weight) // 2 * known
    return points


def _occupation(both: Both, weight: int) -> Ints:
    left, right = both.left, both.right
    field = (left.occupation == right.occupation) & (left.occupation != UNKNOWN)
    stages = np.maximum(2 - np.abs(left.education - right.education), 0)
    quarters = 2 * field.astype(np.int32) + stages * _both_known(left.education, right.education)
    points: Ints = quarters * np.int32(weight) // 4
    return points


def _language(both: Both, weight: int) -> Ints:
    if "language" not in both.rules.rules:
        return np.zeros((1,) * both.left.subject.ndim, dtype=np.int32)
    return common_language_level(both.left, both.right).astype(np.int32) * np.int32(weight) // 3


def _distance(both: Both, weight: int) -> Ints:
    points: Ints = (both.left.municipality == both.right.municipality) * np.int32(weight)
    return points


def _availability(both: Both, weight: int) -> Ints:
    minimum = float(both.rules.rules.get("availability", {}).get("hours", 0))
    spare = common_minutes(both.left, both.right) - np.int32(whole_minutes(minimum))
    points: Ints = np.clip(spare, 0, FULL_SPARE_MINUTES) * np.int32(weight)
    return points // FULL_SPARE_MINUTES


def _both_known(left: Ints, right: Ints) -> Bools:
    known: Bools = (left != UNKNOWN) & (right != UNKNOWN)
    return known


_TABLE = (
    Criterion("interests", _interests, "w * min(shared interests, 3) / 3"),
    Criterion("age", _age, "w * (20 - years between the birth years) / 20, at least 0"),
    Criterion(
        "life_situation",
        _life_situation,
        "w * (1 if both or neither have minors + 1 if both or neither live with another adult) / 2",
    ),
    Criterion(
        "occupation",
        _occupation,
        "w * (2 if the same field of work + 2 if the same stage of education, 1 if the next one) / 4",
    ),
    Criterion(
        "language",
        _language,
        "w * level / 3 of the best language in common, as the weaker of the two speaks it: "
        "1 basic, 2 fluent, 3 native; 0 where the pack has no language rule",
    ),
    Criterion("distance", _distance, "w within the same municipality, otherwise 0: distances are not known"),
    Criterion(
        "availability",
        _availability,
        "w * min(common hours beyond those of the pack's availability rule, 4) / 4",
    ),
)

CRITERIA: Mapping[str, Criterion] = MappingProxyType({criterion.code: criterion for criterion in _TABLE})
"""Every criterion by its code."""
