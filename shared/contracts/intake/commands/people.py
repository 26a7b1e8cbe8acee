"""Steps in the file of anybody, refugee or volunteer."""

from typing import Annotated

from shared.contracts.commands import Command
from shared.contracts.example import REFUGEE, VOLUNTEER, example
from shared.contracts.fields import BirthDate, Code, Day, ProgrammeName, TextVersion
from shared.contracts.people import Availability, Expectations, Interests, Wishes
from shared.contracts.published import PRIVATE, PUBLISHED


class JoinProgramme(Command):
    """The subject, a refugee or a volunteer, takes part in a programme."""

    model_config = example({"reason": "asked_to_join", "joined_on": "2026-09-07"}, subject=VOLUNTEER)

    programme: ProgrammeName
    joined_on: Day


class RecordBirthDate(Command):
    """When the subject was born, as far as it is known: a day, a month or a year. It holds where a refugee's
    municipality says nothing else, and makes more exact what it says.
    """

    model_config = example({"reason": "passport_seen", "birth_date": "1998"}, subject=REFUGEE)

    birth_date: Annotated[BirthDate, PRIVATE]


class RecordConsent(Command):
    """The subject consented to a `purpose`, such as `matching` or `contact`."""

    model_config = example(
        {
            "reason": "consent_given",
            "purpose": "matching",
            "text_version": "matching-2026-1.ti",
            "given_on": "2026-10-12",
        },
        subject=REFUGEE,
    )

    purpose: Annotated[Code, PUBLISHED]
    text_version: TextVersion
    given_on: Day


class RecordInterview(Command):
    """What the interview established; fields that are given replace what was known."""

    model_config = example(
        {"reason": "interview_held", "held_on": "2026-10-14", "interests": ["cooking", "football"]},
        subject=REFUGEE,
        extensions={"expectedrevision": 3},
    )

    programme: ProgrammeName
    held_on: Day
    expectations: Expectations
    availability: Availability
    wishes: Wishes
    interests: Interests | None = None


class RecordCheck(Command):
    """A document was seen: only that, when, and for which role."""

    model_config = example(
        {
            "reason": "document_seen",
            "kind": "police_certificate",
            "seen_on": "2026-09-14",
            "role": "guide",
        },
        subject=VOLUNTEER,
    )

    kind: Annotated[Code, PUBLISHED]
    seen_on: Day
    role: Annotated[Code, PUBLISHED] | None = None


class LeaveProgramme(Command):
    """The subject, a refugee or a volunteer, takes part in a programme no more: their pairs in it end."""

    model_config = example({"reason": "own_wish", "left_on": "2027-03-01"}, subject=VOLUNTEER)

    programme: ProgrammeName
    left_on: Day


class WithdrawConsent(Command):
    """The subject takes a consent back, which stops at once what needed it: proposals, pairs, messages."""

    model_config = example(
        {"reason": "own_wish", "purpose": "matching", "withdrawn_on": "2027-03-01"}, subject=REFUGEE
    )

    purpose: Annotated[Code, PUBLISHED]
    withdrawn_on: Day
