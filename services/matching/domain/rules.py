"""The hard rules: a table to which packs refer by code, and what the rules that a pack names forbid.

A rule is a function on columns and its record in `RULES`; its class in the contract says which parameters a
pack gives it. The table's order is the order in which rules are shown.

Common hours are the sum over the parts of the week of what the busier of the two has free. Languages are
compared as pools have them. That an interpreter would do does not soften a hard language rule: such packs are
those that meet without one.
"""

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Literal

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import (
    UNKNOWN,
    Bools,
    Columns,
    Ints,
    Masks,
    PoolColumns,
    Rows,
    whole_minutes,
)
from shared.values import value

BLOCK = 64
"""Rows computed at a time: a block's intermediate arrays stay in the processor's cache, which is faster
than whole matrices and needs a hundredth of the memory."""


@value
class Couples:
    """All couples of some receiving parties (`rows`) with some guides: `left` are (rows, 1), `right`
    (1, guides), so that a formula on both is a matrix.
    """

    columns: PoolColumns
    rows: Rows
    guides: Rows
    left: Columns
    right: Columns

    @classmethod
    def of(cls, columns: PoolColumns, rows: Rows, guides: Rows) -> "Couples":
        """The couples of these places in a pool's columns."""
        return cls(columns, rows, guides, columns.left.down(rows), columns.right.across(guides))

    @property
    def shape(self) -> tuple[int, int]:
        """How many receiving parties, and how many guides."""
        return self.left.subject.shape[0], self.right.subject.shape[1]


@value
class Rule:
    """One hard rule. `forbids` gives a matrix that is true where the rule forbids the couple, or one that
    broadcasts to it; besides the couples it takes the pack's parameters by name. `says` completes the
    sentence that the rule forbids …; a rule that is not `lasting` speaks of today, and not of who suits whom.
    """

    code: str
    forbids: Callable[..., Bools]
    says: str
    lasting: bool = True


@value
class Compatibility:
    """`allowed` (receiving, guides): no rule forbids it. `removed` (receiving, rules): how many guides each
    of the pack's rules, by `codes`, forbids to each receiving party; a guide counts under every rule that
    forbids it.
    """

    codes: tuple[str, ...]
    allowed: Bools
    removed: Ints


def vetoes(columns: PoolColumns, rows: Rows, guides: Rows) -> dict[str, Bools]:
    """For each rule of the pack, in the order of `RULES`, a matrix (rows, guides): true where it forbids."""
    couples = Couples.of(columns, rows, guides)
    return {code: np.broadcast_to(matrix, couples.shape) for code, matrix in _forbidden(couples).items()}


def _forbidden(couples: Couples) -> dict[str, Bools]:
    """As `vetoes`, each in the least shape that broadcasts to the couples'."""
    asked = couples.columns.pool.rules.rules
    return {code: RULES[code].forbids(couples, **asked[code]) for code in _asked(couples.columns)}


def compatibility(columns: PoolColumns) -> Compatibility:
    """All of the pack's hard rules on the whole pool."""
    n, m = len(columns.receiving), len(columns.giving)
    codes = _asked(columns)
    allowed = np.empty((n, m), dtype=np.bool_)
    removed = np.empty((n, len(codes)), dtype=np.int32)
    for start in range(0, n, BLOCK):
        rows = slice(start, min(start + BLOCK, n))
        couples = Couples.of(columns, rows, slice(None))
        forbidden = np.zeros(couples.shape, dtype=np.bool_)
        for index, matrix in enumerate(_forbidden(couples).values()):
            # A rule on one side alone gives a column, or a row, that stands for the whole block.
            each = 1 if matrix.shape[1] == m else m
            removed[rows, index] = guides_in(matrix) * each
            forbidden |= matrix
        np.logical_not(forbidden, out=allowed[rows])
    return Compatibility(codes, allowed, removed)


def guides_in(matrix: Bools) -> Ints:
    """How many guides each row holds."""
    # Eight cells at a time: a third of the time that numpy takes to count along an axis.
    held: Ints = np.bitwise_count(np.packbits(matrix, axis=1)).sum(axis=1, dtype=np.int32)
    return held


def common_minutes(left: Columns, right: Columns) -> npt.NDArray[np.uint16]:
    """Minutes a week that both have free."""
    total: npt.NDArray[np.uint16] = np.minimum(left.minutes[0], right.minutes[0])
    for part in range(1, left.minutes.shape[0]):
        total = total + np.minimum(left.minutes[part], right.minutes[part])
    return total


def common_language_level(left: Columns, right: Columns) -> npt.NDArray[np.int8]:
    """Of the languages that both speak, the best level that both have: 1 basic, 2 fluent, 3 native, or 0."""
    level: npt.NDArray[np.int8] = np.zeros((), dtype=np.int8)
    for spoken_left, spoken_right in zip(left.languages, right.languages, strict=True):
        level = level + _overlap(spoken_left, spoken_right)
    return level


def _asked(columns: PoolColumns) -> tuple[str, ...]:
    return tuple(code for code in RULES if code in columns.pool.rules.rules)


def _overlap(left: Masks, right: Masks) -> Bools:
    # A side may know fewer words' worth of values: what only the other side has is never shared.
    shared: Bools = (left[0] & right[0]) != 0
    for word in range(1, min(len(left), len(right))):
        shared = shared | ((left[word] & right[word]) != 0)
    return shared


def _self(couples: Couples) -> Bools:
    left, right = couples.left, couples.right
    same_home: Bools = (left.household == right.household) & (left.household != UNKNOWN)
    same_person: Bools = left.subject == right.subject
    return same_person | same_home


def _municipality(couples: Couples) -> Bools:
    apart: Bools = couples.left.municipality != couples.right.municipality
    return apart


def _language(couples: Couples, strength: Literal["hard", "soft"]) -> Bools:
    if strength == "soft":
        return np.zeros((1, 1), dtype=np.bool_)
    return ~_overlap(couples.left.languages[0], couples.right.languages[0])


def _gender_wish(couples: Couples) -> Bools:
    left, right = couples.left, couples.right
    receiving = (left.wished_gender != UNKNOWN) & (left.wished_gender != right.gender)
    giving = (right.wished_gender != UNKNOWN) & (right.wished_gender != left.gender)
    against: Bools = receiving | giving
    return against


def _age(couples: Couples) -> Bools:
    return ~couples.left.old_enough | ~couples.right.old_enough


def _availability(couples: Couples, hours: float) -> Bools:
    too_few: Bools = common_minutes(couples.left, couples.right) < whole_minutes(hours)
    return too_few


def _child_certificate(couples: Couples) -> Bools:
    unseen: Bools = (couples.left.minors > 0) & ~couples.right.certificate
    return unseen


def _capacity(couples: Couples) -> Bools:
    full: Bools = couples.right.free == 0
    return full


def _excluded(couples: Couples) -> Bools:
    columns = couples.columns
    n, m = len(columns.receiving), len(columns.giving)
    chosen = np.arange(n)[couples.rows]
    place = np.full(n, -1)
    place[chosen] = np.arange(len(chosen))
    row, guide = columns.excluded
    here = place[row] >= 0
    matrix = np.zeros((len(chosen), m), dtype=np.bool_)
    matrix[place[row[here]], guide[here]] = True
    return matrix[:, couples.guides]


_TABLE = (
    Rule("self", _self, "oneself, or a member of one's own household"),
    Rule("municipality", _municipality, "different municipalities"),
    Rule("language", _language, "no language in common at any level, where its strength is hard"),
    Rule("gender_wish", _gender_wish, "a side whose gender is not the one that the other wished"),
    Rule(
        "age",
        _age,
        "a side that is not certainly of its minimum age; a guide not certainly 18",
    ),
    Rule("availability", _availability, "fewer common hours a week than `hours`"),
    Rule(
        "child_certificate",
        _child_certificate,
        "minors in the household and no child certificate seen for the guide",
    ),
    Rule("capacity", _capacity, "a guide with no free slot", lasting=False),
    Rule(
        "excluded",
        _excluded,
        "a couple that declined or let a proposal expire not long ago",
        lasting=False,
    ),
)

RULES: Mapping[str, Rule] = MappingProxyType({rule.code: rule for rule in _TABLE})
"""Every hard rule by its code."""
