"""Commands on volunteers alone: registered, approved, away, and gone."""

from typing import Annotated

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import VOLUNTEER, example, shown
from shared.contracts.fields import Day, Line, Municipality, ProgrammeName, Subject
from shared.contracts.municipal import Person
from shared.contracts.people import EducationLevel, Interests, Languages
from shared.contracts.published import PRIVATE, PUBLISHED


class RegisterVolunteer(Command):
    """A resident offers to volunteer. The subject is the operator's choice of a fresh random reference:
    `volunteer-` and 16 to 40 characters of base 32, so that sending it again can't make two volunteers.

    `occupation` is published where it has the form of a code, such as `nurse`; other words stay in intake.
    `refugee` is their reference where they are a refugee as well: whatever takes back the one takes back the
    other, and nobody is proposed to themselves.
    """

    model_config = example(
        {
            "reason": "offered_to_volunteer",
            "person": {
                **shown(Person),
                "given_name": "Berit",
                "family_name": "Eksempel-Klippe",
                "birth_date": "1971-07-15",
                "email": "volunteer-42@example.org",
                "preferred_language": "nb",
            },
            "languages": [{"code": "nb", "level": "native"}],
            "interests": ["cooking", "hiking"],
            "occupation": "nurse",
            "education": "bachelor",
            "adults": 2,
            "minors": 0,
            "capacity": 1,
            "registered_on": "2026-09-07",
        },
        subject=VOLUNTEER,
    )

    municipality: Municipality
    person: Annotated[Person, PRIVATE]
    languages: Languages
    interests: Interests = []
    occupation: Annotated[Line, PUBLISHED] | None = None
    education: EducationLevel | None = None
    adults: Annotated[int, Field(ge=1, le=50)] = 1
    minors: Annotated[int, Field(ge=0, le=50)] = 0
    capacity: Annotated[int, Field(ge=1, le=20)] = 1
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    registered_on: Day
    refugee: Annotated[Subject, PRIVATE] | None = None


class ApproveVolunteer(Command):
    """The operator's organisation approves the volunteer. Pending until all that the pack asks have."""

    model_config = example({"reason": "suitable", "decided_on": "2026-09-21"}, subject=VOLUNTEER)

    programme: ProgrammeName
    decided_on: Day


class PauseVolunteer(Command):
    """The volunteer is away from a day on, and until another where it is known: their pairs pause, and
    nothing is proposed to them. Sent again it moves the day until which.
    """

    model_config = example(
        {"reason": "holiday", "paused_on": "2026-12-01", "until": "2027-01-04"}, subject=VOLUNTEER
    )

    paused_on: Day
    until: Day | None = None


class ResumeVolunteer(Command):
    """The volunteer is back, and their pairs go on."""

    model_config = example({"reason": "back_early"}, subject=VOLUNTEER)


class WithdrawVolunteer(Command):
    """The volunteer leaves: their pairs end. Who comes back is registered anew."""

    model_config = example({"reason": "own_wish", "withdrawn_on": "2027-03-01"}, subject=VOLUNTEER)

    withdrawn_on: Day


class RejectVolunteer(Command):
    """The volunteer, who was never approved, is not taken. Nothing says why but the command's `reason`."""

    model_config = example({"reason": "not_suitable", "decided_on": "2026-09-21"}, subject=VOLUNTEER)

    decided_on: Day


class ChangeCapacity(Command):
    """How many pairs at once the volunteer takes from now on. Pairs that there are go on."""

    model_config = example({"reason": "has_more_time", "capacity": 2}, subject=VOLUNTEER)

    capacity: Annotated[int, Field(ge=0, le=20)]
