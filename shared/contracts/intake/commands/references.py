"""Consents to references after a pair."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import PAIR, VOLUNTEER, example
from shared.contracts.fields import Day, Subject, TextVersion
from shared.contracts.published import PUBLISHED

PairReference = Annotated[Subject, PUBLISHED]
Referee = Literal["guide", "organisation"]


class RecordReferenceConsent(Command):
    """The subject, of either side, agrees that after the pair its guide, the organisation, or both may be
    named as references for the refugee. Recorded again for the same pair it replaces what was said before.
    """

    model_config = example(
        {
            "reason": "asked_at_the_end",
            "pair": PAIR,
            "referees": ["guide", "organisation"],
            "text_version": "reference-2027-1.nb",
            "given_on": "2027-03-01",
        },
        subject=VOLUNTEER,
    )

    pair: PairReference
    referees: Annotated[list[Referee], Field(min_length=1, max_length=2)]
    text_version: TextVersion
    given_on: Day


class WithdrawReferenceConsent(Command):
    """The subject takes back that references may be named after a pair: the guide, and the organisation."""

    model_config = example(
        {"reason": "own_wish", "pair": PAIR, "withdrawn_on": "2027-04-01"}, subject=VOLUNTEER
    )

    pair: PairReference
    withdrawn_on: Day
