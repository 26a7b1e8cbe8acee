"""Commands on a pair that was created."""

from typing import Annotated

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, VOLUNTEER, example
from shared.contracts.fields import Code, Day, Hours
from shared.contracts.matching.commands.proposals import Somebody
from shared.contracts.matching.states import EvaluationAnswer
from shared.contracts.pairing import Afterwards, EndingReason, Evaluator
from shared.contracts.published import REGISTERED


class LogMeeting(Command):
    """A meeting that a created pair, the subject, has held: one a day. A later record of the same day
    replaces it, and `hours` 0 take it back.
    """

    model_config = example({"reason": "told_by_guide", "held_on": "2026-12-02", "hours": 2.0}, subject=PAIR)

    held_on: Day
    hours: Hours


class RecordEvaluation(Command):
    """How a pair, the subject, goes, as one of the two or the coordinator sees it at one of the pack's
    milestones: one for each of them, and a later record replaces it. `answers` are by the pack's questions.
    """

    model_config = example(
        {
            "reason": "told_by_guide",
            "side": "giving",
            "milestone": "three_months",
            "on": "2027-02-22",
            "answers": [{"question": "language_progress", "answer": 4}],
        },
        subject=PAIR,
    )

    side: Evaluator
    milestone: Annotated[Code, REGISTERED]
    on: Day
    answers: Annotated[list[EvaluationAnswer], Field(min_length=1, max_length=30), REGISTERED]


class ReplaceGuide(Command):
    """A created pair, the subject, goes on with another guide, who waits, under the same hard rules."""

    model_config = example(
        {"reason": "guide_moved", "giving": VOLUNTEER, "replaced_on": "2027-01-15"}, subject=PAIR
    )

    giving: Somebody
    replaced_on: Day


class PausePair(Command):
    """Has an active pair, the subject, pause: until a day, on which it goes on by itself, or until
    `ResumePair`.
    """

    model_config = example(
        {"reason": "guide_abroad", "paused_on": "2026-12-20", "until": "2027-01-10"}, subject=PAIR
    )

    paused_on: Day
    until: Day | None = None


class ResumePair(Command):
    """Has a pair, the subject, that a coordinator paused go on; not while one of the two can't."""

    model_config = example({"reason": "both_are_back", "resumed_on": "2027-01-08"}, subject=PAIR)

    resumed_on: Day


class CompletePair(Command):
    """A pair, the subject, has had its time: not before the pack's least. What either side does afterwards is
    as the pack has it, unless it is said here.
    """

    model_config = example(
        {"reason": "both_are_content", "completed_on": "2027-09-01", "giving": "waits"}, subject=PAIR
    )

    completed_on: Day
    receiving: Afterwards | None = None
    giving: Afterwards | None = None


class EndPair(Command):
    """Ends a proposal or a pair, the subject, before its time, for a reason that the pack knows. What either
    side does afterwards is as the pack has it, unless it is said here.
    """

    model_config = example(
        {"reason": "told_by_both", "end_reason": "personal_giving", "ended_on": "2027-03-01"}, subject=PAIR
    )

    end_reason: EndingReason
    ended_on: Day
    receiving: Afterwards | None = None
    giving: Afterwards | None = None


class ExplainPair(Command):
    """Asks why these two were proposed to each other, why not another guide who scores more, and how the pair
    fares. The subject is the pair.
    """

    model_config = example({"reason": "asked_by_guide"}, subject=PAIR)
