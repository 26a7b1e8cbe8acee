"""Commands on a pair that was created."""

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, example
from shared.contracts.fields import Day, Hours
from shared.contracts.pairing import Afterwards, EndingReason


class LogMeeting(Command):
    """A meeting that a created pair, the subject, has held: one a day. A later record of the same day
    replaces it, and `hours` 0 take it back.
    """

    model_config = example({"reason": "told_by_guide", "held_on": "2026-12-02", "hours": 2.0}, subject=PAIR)

    held_on: Day
    hours: Hours


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
