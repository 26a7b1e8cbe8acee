"""What operators send to matching, on `commands.matching.<operator>.v1`."""

from typing import Annotated

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, POOL, example
from shared.contracts.fields import Code, Day, Hours, Municipality, ProgrammeName, Side, Subject, TextVersion
from shared.contracts.matching.events import PairStatus
from shared.contracts.pairing import Afterwards, EndingReason
from shared.contracts.published import PRIVATE, PUBLISHED

PageSize = Annotated[int, Field(ge=1, le=200)]
"""How many a page of a list has at most."""


class RunRound(Command):
    """Runs a round of a pool now. The subject is `<municipality>/<programme>`."""

    model_config = example({"reason": "weekly_meeting"}, subject=POOL, extensions={"dryrun": True})

    municipality: Municipality
    programme: ProgrammeName


class ListWaiting(Command):
    """Asks who waits in a pool, since when and why. The subject is `<municipality>/<programme>`."""

    model_config = example({"reason": "weekly_meeting"}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName


class ListProposals(Command):
    """Asks who is proposed to whom in a pool, who has answered or signed, and until when answers are awaited.
    The subject is `<municipality>/<programme>`. `after` is the last pair of the page before.
    """

    model_config = example({"reason": "weekly_meeting"}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class ListPairs(Command):
    """Asks for a programme's pairs, of these statuses alone where any are given. The subject is
    `<municipality>/<programme>`. `after` is the last pair of the page before.
    """

    model_config = example({"reason": "weekly_meeting", "status": ["active", "paused"]}, subject=POOL)

    municipality: Municipality
    programme: ProgrammeName
    status: Annotated[list[PairStatus], Field(max_length=8)] = []
    after: Annotated[Subject, PRIVATE] | None = None
    limit: PageSize = 100


class AnswerProposal(Command):
    """One side's answer to a proposal, the subject."""

    model_config = example(
        {"reason": "answered_by_phone", "side": "receiving", "accept": True, "answered_on": "2026-11-19"},
        subject=PAIR,
    )

    side: Side
    accept: bool
    answered_on: Day


class SignAgreement(Command):
    """One signatory of the pack has signed the agreement of a pair, the subject."""

    model_config = example(
        {
            "reason": "signed_on_paper",
            "signatory": "guide",
            "text_version": "agreement-2026-1",
            "signed_on": "2026-11-22",
        },
        subject=PAIR,
    )

    signatory: Annotated[Code, PUBLISHED]
    text_version: TextVersion
    signed_on: Day


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
