"""A pair: waiting → proposed → accepted by both → agreement signed → active → over.

How it comes about is in `agreement`, what happens to it from then on in `course`. Every operation is a
decision (pair, command, now) → (pair, facts) and yields at most one fact, the most that happened: an
operation repeated with the same content yields none. `on` is the local day that an operator names; `now` is
the moment at which the command is decided, by the municipality's clock: its date is today's.
"""

from dataclasses import replace
from datetime import date, datetime
from enum import StrEnum
from typing import Literal

from services.matching.domain.errors import DomainError
from services.matching.domain.proposal import Receipt
from shared.values import value

Side = Literal["receiving", "giving"]
PairStatus = Literal["proposed", "accepted", "declined", "expired", "active", "paused", "completed", "ended"]
Holder = Literal["coordinator", "receiving", "giving"]
Evaluator = Literal["receiving", "giving", "coordinator"]
Afterwards = Literal["waits", "waits_anew", "rests"]
"""What a side does once a pair is over: it waits again with its seniority, or from that day on, or not until
it is ready anew.
"""


class Fact(StrEnum):
    """What happened to a pair. `ProposalAccepted` is that both have accepted, `AnswerRecorded` that the
    first has; `PairCreated` that the last signatory has signed, `AgreementSigned` that an earlier one has.
    `PairPaused` is also that one of several holds has gone, or another is there. `ProposalReopened` is that
    an answer was recorded after the deadline, but given in time: the other side may answer anew.
    `PairCorrected` is that the state tells of somebody no more, `PairUpdated` that the pair's municipality
    has another code.
    """

    PAIR_PROPOSED = "PairProposed"
    ANSWER_RECORDED = "AnswerRecorded"
    PROPOSAL_ACCEPTED = "ProposalAccepted"
    PROPOSAL_DECLINED = "ProposalDeclined"
    PROPOSAL_EXPIRED = "ProposalExpired"
    PROPOSAL_REOPENED = "ProposalReopened"
    ANSWER_TAKEN_BACK = "AnswerTakenBack"
    STEP_RECORDED = "StepRecorded"
    COUPLE_ALLOWED = "CoupleAllowed"
    COORDINATOR_CHANGED = "CoordinatorChanged"
    AGREEMENT_SIGNED = "AgreementSigned"
    PAIR_CREATED = "PairCreated"
    MEETING_LOGGED = "MeetingLogged"
    PAIR_PAUSED = "PairPaused"
    PAIR_RESUMED = "PairResumed"
    GUIDE_REPLACED = "GuideReplaced"
    MILESTONE_DUE = "MilestoneDue"
    MILESTONE_OVERDUE = "MilestoneOverdue"
    PAIR_EVALUATED = "PairEvaluated"
    PAIR_CORRECTED = "PairCorrected"
    PAIR_COMPLETED = "PairCompleted"
    PAIR_ENDED = "PairEnded"
    PAIR_UPDATED = "PairUpdated"


class EndReason(StrEnum):
    """Why a pair ended before its time."""

    MISMATCHED_EXPECTATIONS = "mismatched_expectations"
    PERSONAL_RECEIVING = "personal_receiving"
    PERSONAL_GIVING = "personal_giving"
    MOVED = "moved"
    FAMILY_REUNIFICATION = "family_reunification"
    PERMANENT_HOUSING = "permanent_housing"
    PROTECTION = "protection"
    WITHDRAWN = "withdrawn"
    RESTRICTED = "restricted"
    NOT_AVAILABLE = "not_available"
    """A proposal's: a side is away, or something of theirs has lapsed."""
    ERASED = "erased"
    """Of pairs that ended before; none does any more, since it would tell who was taken back."""
    OTHER = "other"


@value
class Spell:
    """A status and the days it lasted, from `since`; an open one has no `to`."""

    status: PairStatus
    since: date
    to: date | None = None


@value
class Answer:
    """One side's answer to the proposal."""

    side: Side
    accept: bool
    on: date


@value
class Signature:
    """One signatory's signature of the agreement's text version."""

    signatory: str
    text_version: str
    on: date


@value
class Meeting:
    """A meeting that the two held, and its length in hours."""

    held_on: date
    hours: float


@value
class StepHeld:
    """A step that the pack asks for before an answer, and the day on which it was held."""

    step: str
    held_on: date


@value
class FormerGuide:
    """Who was the pair's guide until somebody else was, None where that must not be known any more; `to` is
    the first day on which they were it no more. What keeps apart the couple that they were holds until there
    is an `allowed_on`.
    """

    giving: str | None
    since: date
    to: date
    allowed_on: date | None = None


@value
class Milestone:
    """A day on which a pair is evaluated, and by whom. It is `due` once that day has come, and `overdue`
    where an evaluation is missing some days later.
    """

    name: str
    due_on: date
    asks: tuple[Evaluator, ...]
    status: Literal["planned", "due", "overdue"] = "planned"


@value
class Evaluation:
    """What somebody says of a pair at a milestone, by the codes of its questions."""

    milestone: str
    side: Evaluator
    on: date
    answers: tuple[tuple[str, int | bool | str], ...]


@value
class Hold:
    """Whose doing it is that a pair pauses, since when, and, where it ends by itself, the first day after."""

    by: Holder
    since: date
    until: date | None = None


@value
class Outcome:
    """What both sides do once a pair is over, and whether the couple may be proposed to each other again."""

    receiving: Afterwards
    giving: Afterwards
    may_meet_again: bool


@value(kw_only=True)
class Pair:
    """A receiving party and a guide, from proposal to end. `slot` is the guide's place that it holds while
    it is open; `respond_by` is the last moment at which either side may answer. It pauses while there are
    `holds`. `outcome` is there once a coordinator, or its time, has brought it to its end. The couple of one
    that is over may be proposed again once there is an `allowed_on`. `formerly` are earlier codes of the
    municipality.
    """

    subject: str
    municipality: str
    programme: str
    pack_version: str
    relation: str
    receiving: str
    giving: str
    coordinator: str | None
    status: PairStatus
    spells: tuple[Spell, ...]
    receipt: Receipt
    slot: int
    proposed_on: date
    respond_by: datetime
    answers: tuple[Answer, ...] = ()
    signatures: tuple[Signature, ...] = ()
    created_on: date | None = None
    ends_on: date | None = None
    meetings: tuple[Meeting, ...] = ()
    holds: tuple[Hold, ...] = ()
    ended_on: date | None = None
    end_reason: EndReason | None = None
    outcome: Outcome | None = None
    steps: tuple[StepHeld, ...] = ()
    former_guides: tuple[FormerGuide, ...] = ()
    milestones: tuple[Milestone, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    allowed_on: date | None = None
    formerly: tuple[str, ...] = ()

    @property
    def is_open(self) -> bool:
        """Whether it holds its guide's slot."""
        return self.status in {"proposed", "accepted", "active", "paused"}

    @property
    def resting(self) -> tuple[str, ...]:
        """Those of the two who rest, now that it is over."""
        if self.outcome is None:
            return ()
        both = (self.receiving, self.outcome.receiving), (self.giving, self.outcome.giving)
        return tuple(person for person, does in both if does == "rests")

    def guide_on(self, day: date) -> str | None:
        """Who was its guide on a day; None where that must not be known any more."""
        then = (former.giving for former in self.former_guides if day < former.to)
        return next(then, self.giving)


Decision = tuple[Pair, tuple[Fact, ...]]


def become(pair: Pair, status: PairStatus, on: date) -> Pair:
    """The pair in its next status. No spell begins before the last one did, whatever day was recorded."""
    *before, last = pair.spells
    since = max(on, last.since)
    return replace(pair, status=status, spells=(*before, replace(last, to=since), Spell(status, since)))


def check_day(pair: Pair, on: date, now: datetime, field: str) -> None:
    """Refuses days to come and those before the proposal: `date_in_future`, `date_before_proposal`."""
    if on > now.date():
        raise DomainError("date_in_future", "name a day that has come", field)
    if on < pair.proposed_on:
        raise DomainError("date_before_proposal", f"the pair was proposed on {pair.proposed_on}", field)


def closed(pair: Pair) -> DomainError:
    """The refusal of whatever a pair that is over can't do any more."""
    return DomainError("pair_closed", f"the pair is {pair.status}")
