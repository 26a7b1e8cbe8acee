"""What matching publishes: pairs and rounds."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
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


class PairState(Contract):
    """A pair's whole public state, from proposal to end.

    `relation` is the pack's, and `slot` the place among the guide's pairs that this one holds while it is
    open, from 0: with them matching can be rebuilt from this topic alone.
    """

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
    ended_on: Day | None = None
    end_reason: Code | None = None


class RoundCompleted(Contract):
    """One round of one pool (the subject): how many waited on each side, what was proposed, who could not be.

    `total` is the sum of the proposed pairs' scores and waiting bonuses; `unmatched` counts people by
    reason; `duration_ms` covers scoring and solving.
    """

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


PAIR_PROPOSED = event(topics.PAIRS, PairState, "PairProposed")
ANSWER_RECORDED = event(topics.PAIRS, PairState, "AnswerRecorded")
PROPOSAL_ACCEPTED = event(topics.PAIRS, PairState, "ProposalAccepted")
PROPOSAL_DECLINED = event(topics.PAIRS, PairState, "ProposalDeclined")
PROPOSAL_EXPIRED = event(topics.PAIRS, PairState, "ProposalExpired")
AGREEMENT_SIGNED = event(topics.PAIRS, PairState, "AgreementSigned")
PAIR_CREATED = event(topics.PAIRS, PairState, "PairCreated")
PAIR_ENDED = event(topics.PAIRS, PairState, "PairEnded")
ROUND_COMPLETED = event(topics.ROUNDS, RoundCompleted)
