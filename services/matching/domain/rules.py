"""The hard rules, any one of which forbids a pair.

In this order, which is also the order in which they are shown:

| code | forbids |
| --- | --- |
| `self` | oneself, or a member of one's own household |
| `municipality` | different municipalities |
| `language` | no language in common at any level, where the pack's language rule is hard |
| `gender_wish` | a side whose gender is not the one that the other wished, or is not known |
| `age` | a side that is not certainly of the pack's minimum age; a guide not certainly 18 |
| `availability` | fewer common hours a week than the pack's minimum |
| `child_certificate` | minors in the household and no child certificate seen for the guide |
| `capacity` | a guide with no free slot |
| `excluded` | a couple that declined or let a proposal expire, or was excluded otherwise |

Common hours are the sum over the parts of the week of what the busier of the two has free. Both Norwegian
written forms count as one language, and regional variants as their language (`ar-SY` and `ar-LB`). That an
interpreter would do does not soften a hard language rule: such packs are those that meet without one.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import UNKNOWN, Bools, Columns, Ints, PoolColumns, Rows
from services.matching.domain.party import Rules

RULES = (
    "self",
    "municipality",
    "language",
    "gender_wish",
    "age",
    "availability",
    "child_certificate",
    "capacity",
    "excluded",
)

BLOCK = 64
"""Rows computed at a time: a block's intermediate arrays stay in the processor's cache, which is faster
than whole matrices and needs a hundredth of the memory."""


@dataclass(frozen=True, slots=True)
class Compatibility:
    """`allowed` (receiving, guides): no rule forbids it. `removed` (receiving, rules): how many guides each
    rule forbids to each receiving party; a guide counts under every rule that forbids it.
    """

    allowed: Bools
    removed: Ints


def vetoes(columns: PoolColumns, rows: Rows, guides: Rows) -> dict[str, Bools]:
    """For each rule, in the order of `RULES`, a matrix (rows, guides) that is true where it forbids."""
    left, right = columns.left.down(rows), columns.right.across(guides)
    rules = columns.pool.rules
    matrices = {
        "self": (left.subject == right.subject)
        | ((left.household == right.household) & (left.household != UNKNOWN)),
        "municipality": left.municipality != right.municipality,
        "language": _no_common_language(left, right, rules),
        "gender_wish": _against_wishes(left, right, rules),
        "age": ~left.old_enough | ~right.old_enough,
        "availability": common_minutes(left, right) < round(rules.minimum_common_hours * 60),
        "child_certificate": (left.minors > 0) & ~right.certificate,
        "capacity": right.free == 0,
        "excluded": _excluded(columns, rows, guides),
    }
    shape = (left.subject.shape[0], right.subject.shape[1])
    return {code: np.broadcast_to(matrices[code], shape) for code in RULES}


def compatibility(columns: PoolColumns) -> Compatibility:
    """All hard rules on the whole pool."""
    n, m = len(columns.receiving), len(columns.giving)
    allowed = np.empty((n, m), dtype=np.bool_)
    removed = np.empty((n, len(RULES)), dtype=np.int32)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        forbidden = np.zeros((rows.stop - start, m), dtype=np.bool_)
        for index, matrix in enumerate(vetoes(columns, rows, slice(None)).values()):
            removed[rows, index] = np.count_nonzero(matrix, axis=1)
            forbidden |= matrix
        np.logical_not(forbidden, out=allowed[rows])
    return Compatibility(allowed, removed)


def common_minutes(left: Columns, right: Columns) -> Ints:
    """Minutes a week that both have free."""
    total: Ints = np.minimum(left.minutes[0], right.minutes[0])
    for part in range(1, left.minutes.shape[0]):
        total = total + np.minimum(left.minutes[part], right.minutes[part])
    return total


def common_language_level(left: Columns, right: Columns) -> npt.NDArray[np.int8]:
    """Of the languages that both speak, the best level that both have: 1 basic, 2 fluent, 3 native, or 0."""
    level: npt.NDArray[np.int8] = np.zeros((), dtype=np.int8)
    for mine, theirs in zip(left.languages, right.languages, strict=True):
        level = level + _overlap(mine, theirs)
    return level


def _overlap(mine: npt.NDArray[np.uint64], theirs: npt.NDArray[np.uint64]) -> Bools:
    # A side may know fewer words' worth of values: what only the other side has is never shared.
    shared: Bools = (mine[0] & theirs[0]) != 0
    for word in range(1, min(len(mine), len(theirs))):
        shared = shared | ((mine[word] & theirs[word]) != 0)
    return shared


def _excluded(columns: PoolColumns, rows: Rows, guides: Rows) -> Bools:
    n, m = len(columns.receiving), len(columns.giving)
    chosen = np.arange(n)[rows]
    place = np.full(n, -1)
    place[chosen] = np.arange(len(chosen))
    row, guide = columns.excluded
    here = place[row] >= 0
    matrix = np.zeros((len(chosen), m), dtype=np.bool_)
    matrix[place[row[here]], guide[here]] = True
    return matrix[:, guides]


def _no_common_language(left: Columns, right: Columns, rules: Rules) -> Bools:
    if rules.language_rule != "hard":
        return np.zeros((1, 1), dtype=np.bool_)
    return ~_overlap(left.languages[0], right.languages[0])


def _against_wishes(left: Columns, right: Columns, rules: Rules) -> Bools:
    if not rules.gender_wishes:
        return np.zeros((1, 1), dtype=np.bool_)
    receiving = (left.wished_gender != UNKNOWN) & (left.wished_gender != right.gender)
    giving = (right.wished_gender != UNKNOWN) & (right.wished_gender != left.gender)
    against: Bools = receiving | giving
    return against
