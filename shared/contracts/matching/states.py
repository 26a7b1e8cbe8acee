"""The public states of pairs, and what is told of a round."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.example import REFUGEE, ROUND, VOLUNTEER, example
from shared.contracts.fields import (
    Code,
    Contract,
    Count,
    Day,
    Gender,
    Hours,
    Instant,
    LanguageCode,
    Municipality,
    OperatorId,
    PackVersion,
    ProgrammeName,
    Side,
    Subject,
    TextVersion,
)
from shared.contracts.intake.states import FormerCodes, Spell
from shared.contracts.pairing import Afterwards

PairStatus = Literal["proposed", "accepted", "declined", "expired", "active", "paused", "completed", "ended"]


class Need(Contract):
    """What the receiving party needs that got a guide instead: it has so many `candidates`, that guide
    included; its wish of a `gender`, and the `languages` that the two share, where the pack asks for them.
    """

    receiving: Subject
    candidates: Count
    gender: Gender | None = None
    languages: list[LanguageCode] = []


class Alternative(Contract):
    """A guide that the receiving party did not get: how many points better (or, negative, worse), and the
    least number of points that the pool as a whole would lose, or, where it is `exact`, how many just so;
    5000 or more stands for one pair fewer. `need` is that of whoever got the guide.
    """

    giving: Subject
    score_more: int
    costs_pool: int
    exact: bool = False
    need: Need | None = None


class ScoreReceipt(Contract):
    """Why this pair: whole points by part, and what the waiting adds.

    `score` is the sum of `parts`; `waiting_bonus` is kept apart, since it says nothing of how well two suit
    each other. `rank` is the guide's place (1 = best score) among `candidates`, the guides that no hard rule
    excluded; `vetoes` counts the guides that each rule removed. `warnings` are codes for the coordinator,
    such as `expectations_differ`.
    """

    model_config = example(
        {
            "score": 49,
            "parts": {
                "interests": 15,
                "age": 4,
                "life_situation": 6,
                "occupation": 0,
                "language": 10,
                "distance": 8,
                "availability": 6,
            },
            "waiting_bonus": 7,
            "rank": 2,
            "candidates": 11,
            "vetoes": {"language": 31, "gender_wish": 5},
            "warnings": ["expectations_differ"],
            "round": ROUND,
        }
    )

    score: int
    parts: dict[Code, int]
    waiting_bonus: int
    rank: Annotated[int, Field(ge=1)]
    candidates: Count
    vetoes: dict[Code, Count] = {}
    warnings: list[Code] = []
    alternative: Alternative | None = None
    pack_version: PackVersion
    round: str


class Answer(Contract):
    """A side's answer to a proposal."""

    side: Side
    accept: bool
    on: Day


class Signature(Contract):
    """One signatory's signature of the agreement's text version."""

    signatory: Code
    text_version: TextVersion
    on: Day


class Meeting(Contract):
    """A meeting that a pair held: the day and its length in hours."""

    held_on: Day
    hours: Hours


class PairHold(Contract):
    """Whose doing it is that a pair pauses: the coordinator's, or that one of the two can't. Since when, and
    where it ends by itself the first day after.
    """

    by: Literal["coordinator", "receiving", "giving"]
    since: Day
    until: Day | None = None


class PairOutcome(Contract):
    """What follows once a pair is over, as `PackOutcome` has it."""

    receiving: Afterwards
    giving: Afterwards
    may_meet_again: bool


class PairState(Contract):
    """A pair's whole public state, from proposal to end.

    `relation` is the pack's, and `slot` the place among the guide's pairs that this one holds while it is
    open, from 0: with them matching can be rebuilt from this topic alone. `former_codes` are those that the
    municipality had before, since the pair was proposed.
    """

    model_config = example(
        {
            "receiving": REFUGEE,
            "giving": VOLUNTEER,
            "relation": "guide",
            "slot": 0,
            "status": "proposed",
            "spells": [{"status": "proposed", "from": "2026-11-18"}],
            "respond_by": "2026-12-02T08:00:00Z",
            "proposed_on": "2026-11-18",
        }
    )

    municipality: Municipality
    former_codes: FormerCodes | None = None
    programme: ProgrammeName
    pack_version: PackVersion
    receiving: Subject
    giving: Subject
    relation: Code | None = None
    slot: Count | None = None
    coordinator: OperatorId | None = None
    status: PairStatus
    spells: list[Spell] = []
    receipt: ScoreReceipt
    answers: list[Answer] = []
    respond_by: Instant | None = None
    signatures: list[Signature] = []
    proposed_on: Day
    created_on: Day | None = None
    ends_on: Day | None = None
    meetings: list[Meeting] = []
    holds: list[PairHold] = []
    ended_on: Day | None = None
    end_reason: Code | None = None
    outcome: PairOutcome | None = None


class RoundCompleted(Contract):
    """One round of one pool (the subject): how many waited on each side, what was proposed, who could not be.

    `total` is the sum of the proposed pairs' scores and waiting bonuses; `unmatched` counts people by
    reason; `duration_ms` covers scoring and solving.
    """

    model_config = example(
        {
            "round": ROUND,
            "receiving": 25,
            "giving": 55,
            "proposed": 23,
            "skipped": 0,
            "total": 1127,
            "optimum_proven": True,
            "unmatched": {"no_candidate": 2},
            "duration_ms": 9,
        }
    )

    round: Annotated[str, Field(max_length=80)]
    municipality: Municipality
    programme: ProgrammeName
    pack_version: PackVersion
    receiving: Count
    giving: Count
    proposed: Count
    skipped: Count
    total: int
    optimum_proven: bool
    unmatched: dict[Code, Count]
    duration_ms: Count
