"""Commands on a proposal."""

from typing import Annotated

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, example
from shared.contracts.fields import Code, Day, Side, TextVersion
from shared.contracts.published import PUBLISHED


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
