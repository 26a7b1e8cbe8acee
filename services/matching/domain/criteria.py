"""The criteria of the score: a table to which packs refer by code, each with a weight.

A criterion is a function on columns and its record in `CRITERIA`. The table's order is the order in which
receipts show the parts of a score. All divisions round down, and what is not known on either side gives no
points. The values at which a criterion is full (three interests, 20 years, four hours) are the project's own
choice.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import UNKNOWN, Bools, Columns, Small, whole_minutes
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
    points: Callable[[Both, int], Small]
    says: str


def _interests(both: Both, weight: int) -> Small:
    left, right = both.left.interests, both.right.interests
    shared: npt.NDArray[np.uint8] = np.bitwise_count(left[0] & right[0])
    for word in range(1, min(len(left), len(right))):
        shared = shared + np.bitwise_count(left[word] & right[word])
    return _share(np.minimum(shared, np.uint8(FULL_INTERESTS)), FULL_INTERESTS, weight)


def _age(both: Both, weight: int) -> Small:
    left, right = (side.birth_year.astype(np.int16) for side in (both.left, both.right))
    nearer = np.maximum(np.int16(FULL_AGE_GAP) - np.abs(left - right), np.int16(0))
    return _share(nearer * _both_known(left, right), FULL_AGE_GAP, weight)


def _life_situation(both: Both, weight: int) -> Small:
    left, right = both.left, both.right
    minors = (left.minors > 0) == (right.minors > 0)
    adults = (left.adults > 1) == (right.adults > 1)
    known = (left.adults > 0) & (right.adults > 0)
    return _share((minors.astype(np.uint8) + adults) * known, 2, weight)


def _occupation(both: Both, weight: int) -> Small:
    left, right = both.left, both.right
    field = (left.occupation == right.occupation) & (left.occupation != UNKNOWN)
    stage, other = left.education.astype(np.int8), right.education.astype(np.int8)
    stages = np.maximum(np.int8(2) - np.abs(stage - other), np.int8(0)) * _both_known(stage, other)
    return _share(stages + np.int8(2) * field, 4, weight)


def _language(both: Both, weight: int) -> Small:
    if "language" not in both.rules.rules:
        return np.zeros((1,) * both.left.subject.ndim, dtype=np.int16)
    return _share(common_language_level(both.left, both.right), 3, weight)


def _distance(both: Both, weight: int) -> Small:
    points: Small = (both.left.municipality == both.right.municipality) * np.int16(weight)
    return points


def _availability(both: Both, weight: int) -> Small:
    minimum = np.uint16(whole_minutes(float(both.rules.rules.get("availability", {}).get("hours", 0))))
    spare = np.maximum(common_minutes(both.left, both.right), minimum) - minimum
    return _share(np.minimum(spare, np.uint16(FULL_SPARE_MINUTES)), FULL_SPARE_MINUTES, weight)


def _share(count: npt.NDArray[Any], full: int, weight: int) -> Small:
    """Of the weight as large a share as `count`, from 0 to `full`, is of that, in whole points."""
    # In the fewest bytes that hold the product: of bytes four are taken in the time of one integer.
    product = np.min_scalar_type(full * weight).type
    points: Small = (count.astype(product) * product(weight) // product(full)).astype(np.int16)
    return points


def _both_known(left: npt.NDArray[Any], right: npt.NDArray[Any]) -> Bools:
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
