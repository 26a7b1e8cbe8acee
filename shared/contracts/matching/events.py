"""What matching publishes: pairs and rounds."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import REFUGEE, ROUND, VOLUNTEER, Data, Example, example
from shared.contracts.fields import (
    Code,
    Contract,
    Count,
    Day,
    Hours,
    Instant,
    Municipality,
    OperatorId,
    PackVersion,
    ProgrammeName,
    Side,
    Subject,
    TextVersion,
)
from shared.contracts.intake.events import Spell
from shared.contracts.message import event
from shared.contracts.pairing import Afterwards

PairStatus = Literal["proposed", "accepted", "declined", "expired", "active", "paused", "completed", "ended"]


class Alternative(Contract):
    """A guide that the receiving party did not get: how many points better (or, negative, worse), and the
    least number of points that the pool as a whole would lose; 5000 or more stands for one pair fewer.
    """

    giving: Subject
    score_more: int
    costs_pool: int


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
    open, from 0: with them matching can be rebuilt from this topic alone.
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


_PROPOSED = {"status": "proposed", "from": "2026-11-18", "to": "2026-11-20"}
_ACCEPTED = {"status": "accepted", "from": "2026-11-20", "to": "2026-11-22"}
_YES = {"side": "receiving", "accept": True, "on": "2026-11-19"}
_NO = {"side": "giving", "accept": False, "on": "2026-11-19"}
_BOTH_ACCEPTED: Data = {
    "status": "accepted",
    "spells": [_PROPOSED, {"status": "accepted", "from": "2026-11-20"}],
    "answers": [_YES, {"side": "giving", "accept": True, "on": "2026-11-20"}],
}
_SIGNATURES = [
    {"signatory": signatory, "text_version": "agreement-2026-1", "on": "2026-11-22"}
    for signatory in ("refugee", "guide", "red_cross_bergen")
]
_CREATED: Data = {
    **_BOTH_ACCEPTED,
    "status": "active",
    "spells": [_PROPOSED, _ACCEPTED, {"status": "active", "from": "2026-11-22"}],
    "signatures": _SIGNATURES,
    "created_on": "2026-11-22",
}
_ACTIVE = {"status": "active", "from": "2026-11-22", "to": "2026-12-20"}
_MEETINGS: Data = {**_CREATED, "meetings": [{"held_on": "2026-12-02", "hours": 2.0}]}
_PAUSED: Data = {
    **_MEETINGS,
    "status": "paused",
    "spells": [_PROPOSED, _ACCEPTED, _ACTIVE, {"status": "paused", "from": "2026-12-20"}],
    "holds": [{"by": "coordinator", "since": "2026-12-20", "until": "2027-01-10"}],
}
_RESUMED: Data = {
    **_MEETINGS,
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        _ACTIVE,
        {"status": "paused", "from": "2026-12-20", "to": "2027-01-08"},
        {"status": "active", "from": "2027-01-08"},
    ],
}
_COMPLETED: Data = {
    **_MEETINGS,
    "status": "completed",
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        {"status": "active", "from": "2026-11-22", "to": "2027-09-01"},
        {"status": "completed", "from": "2027-09-01"},
    ],
    "ended_on": "2027-09-01",
    "outcome": {"receiving": "rests", "giving": "waits", "may_meet_again": False},
}
_ENDED: Data = {
    **_CREATED,
    "status": "ended",
    "spells": [
        _PROPOSED,
        _ACCEPTED,
        {"status": "active", "from": "2026-11-22", "to": "2027-03-01"},
        {"status": "ended", "from": "2027-03-01"},
    ],
    "ended_on": "2027-03-01",
    "end_reason": "moved",
}


def _closed(status: str, on: str) -> Data:
    return {"status": status, "spells": [{**_PROPOSED, "to": on}, {"status": status, "from": on}]}


PAIR_PROPOSED = event(topics.PAIRS, PairState, "PairProposed")
ANSWER_RECORDED = event(topics.PAIRS, PairState, "AnswerRecorded", Example({"answers": [_YES]}, revision=2))
PROPOSAL_ACCEPTED = event(topics.PAIRS, PairState, "ProposalAccepted", Example(_BOTH_ACCEPTED, revision=3))
PROPOSAL_DECLINED = event(
    topics.PAIRS,
    PairState,
    "ProposalDeclined",
    Example({**_closed("declined", "2026-11-19"), "answers": [_NO]}, revision=2),
)
PROPOSAL_EXPIRED = event(
    topics.PAIRS, PairState, "ProposalExpired", Example(_closed("expired", "2026-12-02"), revision=2)
)
AGREEMENT_SIGNED = event(
    topics.PAIRS,
    PairState,
    "AgreementSigned",
    Example({**_BOTH_ACCEPTED, "signatures": _SIGNATURES[:1]}, revision=4),
)
PAIR_CREATED = event(topics.PAIRS, PairState, "PairCreated", Example(_CREATED, revision=7))
MEETING_LOGGED = event(topics.PAIRS, PairState, "MeetingLogged", Example(_MEETINGS, revision=8))
PAIR_PAUSED = event(topics.PAIRS, PairState, "PairPaused", Example(_PAUSED, revision=9))
PAIR_RESUMED = event(topics.PAIRS, PairState, "PairResumed", Example(_RESUMED, revision=10))
PAIR_COMPLETED = event(topics.PAIRS, PairState, "PairCompleted", Example(_COMPLETED, revision=9))
PAIR_ENDED = event(topics.PAIRS, PairState, "PairEnded", Example(_ENDED, revision=8))
ROUND_COMPLETED = event(topics.ROUNDS, RoundCompleted)
