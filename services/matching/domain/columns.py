"""A pool as numpy columns: each attribute one array, sets as bit masks.

Loops over objects cost about 70 times as much as these columns on 10,000 people a side. A formula written on
columns works on a matrix (`left.down(rows)` against `right.across(guides)`) and on a list of couples
(`left.at(rows)` against `right.at(guides)`) alike, since numpy broadcasts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import fields
from typing import Any

import numpy as np
import numpy.typing as npt

from services.matching.domain.party import Giving, Pool, Receiving, free_slots
from shared.values import value

Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int32]
Small = npt.NDArray[np.int16]
"""Points: of a criterion at most 1000, and so the sum of thirty criteria is exact."""
Words = npt.NDArray[np.uint64]
Masks = npt.NDArray[np.unsignedinteger[Any]]
"""Sets as bits, in the fewest bytes that hold them: half of scoring's time is reading these."""
Indexes = npt.NDArray[np.int64]
Rows = slice | npt.NDArray[np.int64]

UNKNOWN = -1
ADULT_AGE = 18
"""Guides are adults, whatever a pack says (the project's decision)."""

_GENDERS = {None: UNKNOWN, "female": 0, "male": 1, "other": 2}
_LEVELS = {"basic": 0, "fluent": 1, "native": 2}
# Secondary and vocational school are two ways through the same stage, so they are equally far from others.
_EDUCATION = {
    None: UNKNOWN,
    "none": 0,
    "primary": 1,
    "secondary": 2,
    "vocational": 2,
    "bachelor": 3,
    "master": 4,
    "doctorate": 5,
}
_WORD = 64
_FULL = (1 << _WORD) - 1


@value
class Columns:
    """One side's attributes, the people along the last axis of every array.

    Integers are `UNKNOWN` where nothing is known; codes are equal on both sides where values are. `languages`
    is (3 levels, words, people): who speaks it at least at that level. `interests` is (words, people),
    `minutes` a week (4 parts, people): all
    parts together are at most four weeks'. `key` is 64 random-looking bits of the subject.
    """

    subject: Ints
    household: Ints
    municipality: Ints
    birth_year: Ints
    old_enough: Bools
    gender: Ints
    wished_gender: Ints
    languages: Masks
    interests: Masks
    adults: Ints
    minors: Ints
    occupation: Ints
    education: Ints
    minutes: npt.NDArray[np.uint16]
    free: Ints
    certificate: Bools
    key: Words

    def at(self, people: Rows) -> "Columns":
        """These people, in this order."""
        return Columns(*(_chosen(getattr(self, column.name), people) for column in fields(self)))

    def down(self, people: Rows) -> "Columns":
        """These people as the rows of a matrix."""
        return Columns(*(_chosen(getattr(self, column.name), people)[..., None] for column in fields(self)))

    def across(self, people: Rows) -> "Columns":
        """These people as the columns of a matrix."""
        return Columns(
            *(_chosen(getattr(self, column.name), people)[..., None, :] for column in fields(self))
        )


def _chosen(column: npt.NDArray[Any], people: Rows) -> npt.NDArray[Any]:
    # Indexed by places, an array of several axes would lie in memory the wrong way round: twice as slow.
    found: npt.NDArray[Any] = (
        column[..., people] if isinstance(people, slice) else np.take(column, people, axis=-1)
    )
    return found


@value
class PoolColumns:
    """A pool sorted by subject, so that the order in which it was read can't matter.

    `left` are the receiving parties, `right` the guides; `excluded` are the places of couples that
    are not to be proposed again, (2, couples); `slots` are each guide's free ones.
    """

    pool: Pool
    receiving: tuple[Receiving, ...]
    giving: tuple[Giving, ...]
    slots: tuple[tuple[int, ...], ...]
    left: Columns
    right: Columns
    excluded: Indexes


def columns_of(pool: Pool) -> PoolColumns:
    """The pool's columns: rows are receiving parties, columns guides, both in the order of their subjects."""
    receiving = tuple(sorted(pool.receiving, key=lambda party: party.subject))
    giving = tuple(sorted(pool.giving, key=lambda party: party.subject))
    slots = tuple(free_slots(guide, pool.taken.get(guide.subject, frozenset())) for guide in giving)
    codes = _Codes()
    guide_age = max(ADULT_AGE, pool.rules.minimum_giving_age or 0)
    year = pool.today.year
    return PoolColumns(
        pool=pool,
        receiving=receiving,
        giving=giving,
        slots=slots,
        left=_side(receiving, codes, _old_enough(receiving, pool.rules.minimum_receiving_age, year)),
        right=_side(giving, codes, _old_enough(giving, guide_age, year), slots),
        excluded=_excluded(pool, receiving, giving),
    )


def whole_minutes(hours: float) -> int:
    """Hours as whole minutes: sums of hours with decimals would not compare exactly."""
    return round(hours * 60)


class _Codes:
    """Small integers for text, the same on both sides of a pool."""

    def __init__(self) -> None:
        self._known: dict[tuple[str, str], int] = {}
        self._sizes: dict[str, int] = {}

    def of(self, kind: str, value: str | None) -> int:
        if value is None:
            return UNKNOWN
        code = self._known.get((kind, value))
        if code is None:
            code = self._known[kind, value] = self._sizes.get(kind, 0)
            self._sizes[kind] = code + 1
        return code


def _side(
    people: Sequence[Receiving | Giving],
    codes: _Codes,
    old_enough: Bools,
    slots: Sequence[tuple[int, ...]] = (),
) -> Columns:
    spoken = [[(codes.of("language", code), _LEVELS[at]) for code, at in p.languages] for p in people]
    levels = [[[code for code, at in languages if at >= level] for languages in spoken] for level in range(3)]
    interests = [[codes.of("interest", interest) for interest in p.interests] for p in people]
    return Columns(
        subject=_ints(codes.of("subject", p.subject) for p in people),
        household=_ints(codes.of("household", p.household_ref) for p in people),
        municipality=_ints(codes.of("municipality", p.municipality) for p in people),
        birth_year=_ints(UNKNOWN if p.birth_year is None else p.birth_year for p in people),
        old_enough=old_enough,
        gender=_ints(_GENDERS[p.gender] for p in people),
        wished_gender=_ints(_GENDERS[p.wished_gender] for p in people),
        languages=_stacked([_masks(level) for level in levels]),
        interests=_masks(interests),
        adults=_ints(p.adults for p in people),
        minors=_ints(p.minors for p in people),
        occupation=_ints(codes.of("occupation", _folded(p.occupation_field)) for p in people),
        education=_ints(_EDUCATION[p.education_level] for p in people),
        minutes=np.ascontiguousarray(
            np.array([_minutes(p) for p in people], dtype=np.uint16).reshape(len(people), 4).T
        ),
        free=_ints(len(own) for own in slots) if slots else np.zeros(len(people), dtype=np.int32),
        certificate=np.array(
            [isinstance(p, Giving) and "child_certificate" in p.checks for p in people], dtype=np.bool_
        ),
        key=np.array([_key(p.subject) for p in people], dtype=np.uint64),
    )


def _ints(values: Iterable[int]) -> Ints:
    return np.fromiter(values, dtype=np.int32)


def _masks(sets: Sequence[Sequence[int]]) -> Masks:
    """Bit masks of sets of small integers, (words, people)."""
    words = max((code // _WORD + 1 for codes in sets for code in codes), default=1)
    # Whole numbers of Python's, as long as they need be: an item of an array costs ten times as much.
    masks = [sum({1 << code for code in codes}) for codes in sets]
    fewest = np.min_scalar_type(max(masks, default=0)) if words == 1 else np.uint64
    return np.array([[mask >> _WORD * word & _FULL for mask in masks] for word in range(words)], dtype=fewest)


def _stacked(levels: Sequence[Masks]) -> Masks:
    """(levels, words, people) from masks that may differ in their number of words."""
    words = max(level.shape[0] for level in levels)
    return np.stack([np.pad(level, ((0, words - level.shape[0]), (0, 0))) for level in levels])


def _minutes(person: Receiving | Giving) -> tuple[int, int, int, int]:
    free = person.availability
    parts = (free.weekday_morning, free.weekday_afternoon, free.weekday_evening, free.weekend)
    morning, afternoon, evening, weekend = (whole_minutes(hours) for hours in parts)
    return morning, afternoon, evening, weekend


def _folded(text: str | None) -> str | None:
    return text.strip().casefold() if text is not None else None


def _old_enough(people: Sequence[Receiving | Giving], minimum: int | None, year: int) -> Bools:
    """Who certainly has the minimum age. Only the birth year is known, so the last birthday is not counted
    on: nobody too young is ever paired, and somebody of just that age may wait for the turn of the year.
    """
    if minimum is None:
        return np.ones(len(people), dtype=np.bool_)
    return np.array(
        [p.birth_year is not None and year - p.birth_year - 1 >= minimum for p in people], dtype=np.bool_
    )


def _key(subject: str) -> int:
    # Not hash(): Python salts it anew in every process, and rounds must be repeatable.
    return int.from_bytes(hashlib.blake2b(subject.encode(), digest_size=8).digest(), "big")


def _excluded(pool: Pool, receiving: Sequence[Receiving], giving: Sequence[Giving]) -> Indexes:
    rows = {party.subject: index for index, party in enumerate(receiving)}
    guides = {party.subject: index for index, party in enumerate(giving)}
    known = [(rows[r], guides[g]) for r, g in pool.excluded if r in rows and g in guides]
    return np.array(known, dtype=np.int64).reshape(-1, 2).T
