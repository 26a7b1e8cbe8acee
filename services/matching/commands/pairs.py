"""Commands on a pair that was created: meetings, evaluations, another guide, pauses, and its end."""

from typing import Any

from services.matching import answers, packs, receipts, wire
from services.matching.commands.spec import AboutPair, Context, OnPair
from services.matching.domain import course, guides
from services.matching.domain.couple import Couple, pool_of, proposal_in
from services.matching.domain.evaluation import evaluate
from services.matching.domain.pair import Decision, EndReason, Evaluation, Pair
from services.matching.domain.rounds import run_round
from services.matching.domain.why import sentences
from services.matching.rounds import new_round_id
from shared.contracts.matching import events
from shared.contracts.matching.commands.pairs import (
    CompletePair,
    EndPair,
    ExplainPair,
    LogMeeting,
    PausePair,
    RecordEvaluation,
    ReplaceGuide,
    ResumePair,
)


def log_meeting(pair: Pair, command: LogMeeting, context: Context) -> Decision:
    """The two have met."""
    return course.log_meeting(pair, command.held_on, command.hours, context.now)


def record_evaluation(pair: Pair, command: RecordEvaluation, context: Context) -> Decision:
    """Somebody says at a milestone how it goes."""
    # Of two answers to one question the later holds.
    answers = tuple(sorted({said.question: said.answer for said in command.answers}.items()))
    asked = {item.name: item.questions for item in packs.milestones(context.pack_of(pair))}
    said = Evaluation(command.milestone, command.side, command.on, answers)
    return evaluate(pair, said, asked, context.now)


def replace_guide(pair: Pair, command: ReplaceGuide, context: Context) -> Decision:
    """It goes on with another guide; raises DomainError as a proposal of the two would."""
    if command.giving == pair.giving:
        return pair, ()
    guides.check_replaceable(pair)
    pack = context.pack_of(pair)
    couple = Couple(pair.municipality, pair.receiving, command.giving)
    pool = pool_of(couple, packs.rules(pack), context.around, context.now.date(), beside=pair.subject)
    found = proposal_in(run_round(wire.compared(pool), new_round_id()))
    return guides.replace_guide(pair, found, pack.sides.giving.role, command.replaced_on, context.now)


def _with_the_new_guide(pair: Pair, command: ReplaceGuide) -> tuple[str, ...]:
    return pair.receiving, command.giving


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
RECORD_EVALUATION = OnPair(
    model=RecordEvaluation,
    role="coordinator",
    subject="pair",
    decide=record_evaluation,
    events=(events.PAIR_EVALUATED,),
)
REPLACE_GUIDE = OnPair(
    model=ReplaceGuide,
    role="coordinator",
    subject="pair",
    decide=replace_guide,
    events=(events.GUIDE_REPLACED,),
    people=_with_the_new_guide,
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
