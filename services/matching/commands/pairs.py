"""Commands on a pair that was created: meetings, pauses, and its end."""

from typing import Any

from services.matching import answers, packs, receipts
from services.matching.commands.spec import AboutPair, Context, OnPair
from services.matching.domain import course
from services.matching.domain.pair import Decision, EndReason, Pair
from services.matching.domain.why import sentences
from shared.contracts.matching import events
from shared.contracts.matching.commands.pairs import (
    CompletePair,
    EndPair,
    ExplainPair,
    LogMeeting,
    PausePair,
    ResumePair,
)


def log_meeting(pair: Pair, command: LogMeeting, context: Context) -> Decision:
    """The two have met."""
    return course.log_meeting(pair, command.held_on, command.hours, context.now)


def pause(pair: Pair, command: PausePair, context: Context) -> Decision:
    """A coordinator has it pause."""
    return course.pause(pair, "coordinator", command.paused_on, command.until, context.now)


def resume(pair: Pair, command: ResumePair, context: Context) -> Decision:
    """A coordinator has it go on."""
    return course.resume(pair, "coordinator", command.resumed_on, context.now)


def complete(pair: Pair, command: CompletePair, context: Context) -> Decision:
    """It has had its time."""
    pack = context.pack_of(pair)
    outcome = packs.outcome(pack.pairing.completion, command.receiving, command.giving)
    return course.complete(pair, command.completed_on, packs.minimum_months(pack), outcome, context.now)


def end(pair: Pair, command: EndPair, context: Context) -> Decision:
    """It ends before its time; raises DomainError `not_listed` for a reason that the pack hasn't."""
    ending = packs.ending(context.pack_of(pair), command.end_reason)
    outcome = packs.outcome(ending, command.receiving, command.giving)
    return course.end(pair, EndReason(command.end_reason), command.ended_on, outcome, context.now)


def explain(pair: Pair, context: Context) -> dict[str, Any]:
    """Why these two, and how they fare."""
    told = receipts.fields(pair.receipt)
    return {
        "pair": pair.subject,
        "receiving": pair.receiving,
        "giving": pair.giving,
        "status": pair.status,
        **{name: value for name, value in told.items() if value is not None},
        "health": answers.health(pair, packs.weekly_hours(context.pack_of(pair)), context.now.date()),
        "explanation": list(sentences(pair.receipt)),
    }


LOG_MEETING = OnPair(
    model=LogMeeting,
    role="coordinator",
    subject="pair",
    decide=log_meeting,
    events=(events.MEETING_LOGGED,),
)
PAUSE_PAIR = OnPair(
    model=PausePair, role="coordinator", subject="pair", decide=pause, events=(events.PAIR_PAUSED,)
)
RESUME_PAIR = OnPair(
    model=ResumePair,
    role="coordinator",
    subject="pair",
    decide=resume,
    events=(events.PAIR_RESUMED, events.PAIR_PAUSED),
)
COMPLETE_PAIR = OnPair(
    model=CompletePair,
    role="coordinator",
    subject="pair",
    decide=complete,
    events=(events.PAIR_COMPLETED,),
)
END_PAIR = OnPair(model=EndPair, role="coordinator", subject="pair", decide=end, events=(events.PAIR_ENDED,))
EXPLAIN_PAIR = AboutPair(model=ExplainPair, role="coordinator", subject="pair", decide=explain)
