"""Which guides a pool lacks: from those whom a round leaves without a proposal, and from its dual prices.

A guide whom nobody else needs brings one more pair for everybody left over. By the prices the same guide may
also suit somebody who has a proposal now and would free their guide for one who is left: whose price is less
than a whole pair's. Kinds of guides are told with counts, and never for fewer than five people.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields, replace
from operator import attrgetter
from typing import NamedTuple

import numpy as np

from services.matching.domain.columns import Indexes, PoolColumns
from services.matching.domain.explain import Solved
from services.matching.domain.party import Giving, Receiving
from services.matching.domain.rules import BLOCK, RULES, Compatibility, vetoes
from shared.values import value

NAMED_FROM = 0.5
"""An attribute is named where its rule removes at least so large a share of the programme's guides."""
FEWEST = 5
"""A kind is told where so many people are left without it; else it loses attributes until it is common."""
_CHECK = "child_certificate"


@value
class Kind:
    """What a guide must be: of a gender, willing to meet a gender, speaking a language, free in a part of the
    week, with a document seen. None is whatever they are. In the order in which attributes are given up.
    """

    availability: str | None = None
    language: str | None = None
    check: str | None = None
    accepts_gender: str | None = None
    gender: str | None = None


@value
class Need:
    """`guides` more of a kind would bring a pair more each; `helps` is for how many people, left without or
    with a proposal now, one of them would. `suits_percent` is how many in a hundred couples of those left and
    the guides of this kind that there are may meet; None if there is none of the kind.
    """

    kind: Kind
    guides: int
    helps: int
    suits_percent: int | None


class _Lacking(NamedTuple):
    """Receiving parties for whom one more guide brings one more pair, and which of them are left."""

    rows: list[int]
    left: list[int]


def needs(columns: PoolColumns, compatible: Compatibility, parts: Sequence[Solved]) -> tuple[Need, ...]:
    """What recruitment should look for after a round, the most needed first."""
    lacking = _lacking(compatible, parts)
    kinds = _kinds(columns, compatible, lacking)
    counts = Counter(kinds[row] for row in lacking.left)
    for attribute in (field.name for field in fields(Kind)):
        small = {kind for kind, count in counts.items() if count < FEWEST}
        kinds = {
            row: replace(kind, **{attribute: None}) if kind in small else kind for row, kind in kinds.items()
        }
        counts = Counter(kinds[row] for row in lacking.left)
    helped = Counter(kinds[row] for row in lacking.rows)
    found = []
    for kind, count in counts.items():
        left = [row for row in lacking.left if kinds[row] == kind]
        found.append(Need(kind, count, helped[kind], _suits(columns, kind, left)))
    return tuple(sorted(found, key=lambda need: (-need.guides, str(need.kind))))


def _lacking(compatible: Compatibility, parts: Sequence[Solved]) -> _Lacking:
    left = np.flatnonzero(~compatible.allowed.any(axis=1)).tolist()
    cheap: list[int] = []
    for part in parts:
        found, rows = part.found, part.rows
        without = np.setdiff1d(np.arange(len(rows)), found.rows)
        left += rows[without].tolist()
        if found.prices is not None and len(without):
            a_pair = found.base * part.market.unit
            cheap += rows[found.rows[found.prices.rows[found.rows] < a_pair]].tolist()
    return _Lacking(sorted([*left, *cheap]), sorted(left))


def _kinds(columns: PoolColumns, compatible: Compatibility, lacking: _Lacking) -> dict[int, Kind]:
    """What each of these lacks, attribute by attribute where its rule removes most guides."""
    people = {row: columns.receiving[row] for row in lacking.rows}
    usual = _Usual(
        Counter(code for row in lacking.left for code, _ in people[row].languages),
        Counter(part for row in lacking.left for part in _free(people[row])),
    )
    guides = max(1, len(columns.giving))
    found = {}
    for row, party in people.items():
        removed = dict(zip(compatible.codes, compatible.removed[row].tolist(), strict=True))
        wanted: dict[str, str | None] = {}
        for code, want in _WANTED.items():
            if removed.get(code, 0) >= NAMED_FROM * guides:
                wanted |= want(party, usual)
        found[row] = Kind(**wanted)
    return found


class _Usual(NamedTuple):
    """How often those left speak a language and are free in a part of the week: one guide shall suit many."""

    languages: Counter[str]
    parts: Counter[str]


def _free(party: Receiving | Giving) -> list[str]:
    hours = party.availability
    return [part.name for part in fields(hours) if getattr(hours, part.name) > 0]


def _most(options: Iterable[str], usual: Counter[str]) -> str | None:
    return min(options, key=lambda option: (-usual[option], option), default=None)


_WANTED: Mapping[str, Callable[[Receiving, _Usual], dict[str, str | None]]] = {
    "gender_wish": lambda party, _: (
        {"gender": party.wished_gender} if party.wished_gender else {"accepts_gender": party.gender}
    ),
    "language": lambda party, usual: {
        "language": _most((code for code, _ in party.languages), usual.languages)
    },
    "availability": lambda party, usual: {"availability": _most(_free(party), usual.parts)},
    "child_certificate": lambda _, __: {"check": _CHECK},
}
"""By a hard rule's code, what a guide must be whom it does not remove. Other rules say nothing of a kind."""


def _is(guide: Giving, kind: Kind) -> bool:
    return (
        kind.gender in {None, guide.gender}
        and (kind.accepts_gender is None or guide.wished_gender in {None, kind.accepts_gender})
        and (kind.language is None or kind.language in {code for code, _ in guide.languages})
        and (kind.availability is None or attrgetter(kind.availability)(guide.availability) > 0)
        and (kind.check is None or kind.check in guide.checks)
    )


def _suits(columns: PoolColumns, kind: Kind, rows: Sequence[int]) -> int | None:
    guides: Indexes = np.array(
        [place for place, guide in enumerate(columns.giving) if _is(guide, kind)], dtype=np.int64
    )
    if not len(guides) or not rows:
        return None
    suiting = 0
    for start in range(0, len(rows), BLOCK):
        block = np.array(rows[start : start + BLOCK], dtype=np.int64)
        forbidden = np.zeros((len(block), len(guides)), dtype=np.bool_)
        for code, matrix in vetoes(columns, block, guides).items():
            if RULES[code].lasting:
                forbidden |= matrix
        suiting += forbidden.size - int(np.count_nonzero(forbidden))
    return round(100 * suiting / (len(rows) * len(guides)))
