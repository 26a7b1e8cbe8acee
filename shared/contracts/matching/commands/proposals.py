"""Commands on a proposal."""

from typing import Annotated

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, POOL, REFUGEE, VOLUNTEER, example
from shared.contracts.fields import Code, Day, Municipality, ProgrammeName, Side, Subject, TextVersion
from shared.contracts.published import PRIVATE, PUBLISHED

Somebody = Annotated[Subject, PRIVATE]
"""A refugee's or volunteer's reference, passed on only where it is that of somebody who is known."""


class ProposePair(Command):
    """A coordinator proposes two who wait to each other, under the same hard rules as a round. The subject is
    `<municipality>/<programme>`.
    """

    model_config = example(
        {"reason": "met_at_the_cafe", "receiving": REFUGEE, "giving": VOLUNTEER},
        subject=POOL,
        extensions={"dryrun": True},
    )

    municipality: Municipality
    programme: ProgrammeName
    receiving: Somebody
    giving: Somebody


class AllowCouple(Command):
    """Lets two be proposed to each other again who are kept apart: as one declined, nobody answered in time,
    or their pair is over. The subject is `<municipality>/<programme>`.
    """

    model_config = example(
        {"reason": "both_asked_for_it", "receiving": REFUGEE, "giving": VOLUNTEER}, subject=POOL
    )

    municipality: Municipality
    programme: ProgrammeName
    receiving: Somebody
    giving: Somebody


class RecordIntroductionMeeting(Command):
    """The two of a proposal, the subject, have met: where the pack asks for it, no answer counts before.

    Another day replaces an earlier record, until somebody has answered.
    """

    model_config = example({"reason": "met_at_the_office", "held_on": "2026-11-19"}, subject=PAIR)

    held_on: Day


class AnswerProposal(Command):
    """One side's answer to a proposal, the subject. It counts by the day on which it was given, also where it
    is recorded up to 14 days after the deadline.
    """

    model_config = example(
        {"reason": "answered_by_phone", "side": "receiving", "accept": True, "answered_on": "2026-11-19"},
        subject=PAIR,
    )

    side: Side
    accept: bool
    answered_on: Day


class TakeBackAnswer(Command):
    """One side takes its answer back before anybody has signed: the proposal, the subject, waits for it."""

    model_config = example(
        {"reason": "changed_their_mind", "side": "giving", "taken_back_on": "2026-11-20"}, subject=PAIR
    )

    side: Side
    taken_back_on: Day


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
