"""What a round hands on: proposals with their receipts, and who is left with which reason."""

from collections.abc import Collection, Mapping
from dataclasses import field, replace
from enum import StrEnum

from shared.values import value


class Reason(StrEnum):
    """Why somebody is left without a proposal.

    `NO_CANDIDATE`: hard rules forbid everybody on the other side. `OUTBID`: a receiving party has candidates,
    all of whom went to others. `SURPLUS`: a guide has candidates, all of whom have another guide.
    """

    NO_CANDIDATE = "no_candidate"
    OUTBID = "outbid"
    SURPLUS = "surplus"


class WarningCode(StrEnum):
    """What the coordinator should talk about before the two meet."""

    EXPECTATIONS_DIFFER = "expectations_differ"
    NO_COMMON_LANGUAGE = "no_common_language"


@value
class Need:
    """Why a guide went to another receiving party: it has so many `candidates`, this one included, and the
    pack keeps its wish of a `gender`, and asks for one of the `languages` that the two share.
    """

    receiving: str
    candidates: int
    gender: str | None = None
    languages: tuple[str, ...] = ()


@value
class Alternative:
    """A guide that a receiving party did not get, and what that would have taken.

    `score_more` is how much better the guide scores than the proposed one, 0 when nobody is proposed.
    `costs_pool` is the number of points that the pool as a whole would lose by it: at least, or, where it is
    `exact`, just so; about 5000 or more stands for one pair fewer. `need` is that of whoever got the guide.
    """

    giving: str
    score_more: int
    costs_pool: int
    exact: bool = False
    need: Need | None = None

    @property
    def people(self) -> tuple[str, ...]:
        """Whom it names."""
        return (self.giving,) if self.need is None else (self.giving, self.need.receiving)


@value
class Receipt:
    """Why this pair. `score` is the sum of `parts`. Kept apart are the points that go to the receiving party
    whoever the guide is: `waiting_bonus`, `scarcity_bonus` where few guides suit them, and `cohort_bonus`
    where people like them have waited longer than others. Days of waiting that make no whole point yet count
    all the same and are not shown.

    `rank` is the guide's place by score among `candidates`, the guides that no hard rule forbids (1 is
    best, equals share a place). `vetoes` says how many guides each rule removed. `alternative` is the best
    of the guides with a higher score, if any.
    """

    score: int
    parts: Mapping[str, int]
    waiting_bonus: int
    rank: int
    candidates: int
    vetoes: Mapping[str, int]
    warnings: tuple[str, ...]
    pack_version: str
    round_id: str
    alternative: Alternative | None = None
    scarcity_bonus: int = 0
    cohort_bonus: int = 0

    @property
    def total(self) -> int:
        """Score and bonuses."""
        return self.score + self.waiting_bonus + self.scarcity_bonus + self.cohort_bonus

    def without(self, people: Collection[str]) -> "Receipt":
        """The receipt as it reads where some must not be known any more: without an alternative who is one of
        them, and without what one of them needs.
        """
        other = self.alternative
        if other is None or not set(other.people).intersection(people):
            return self
        return replace(self, alternative=None if other.giving in people else replace(other, need=None))


@value
class Proposal:
    """Two whom a round proposes to each other, in the guide's free `slot`."""

    receiving: str
    giving: str
    municipality: str
    slot: int
    receipt: Receipt


@value
class Unmatched:
    """Somebody left without a proposal.

    `vetoes` says how many people on the other side each rule removed; for whom everybody is removed, that is
    the answer to what would help. `alternative` is the guide whom an outbid party came closest to.
    """

    subject: str
    reason: Reason
    vetoes: Mapping[str, int] = field(default_factory=dict)
    alternative: Alternative | None = None
