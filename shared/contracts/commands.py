"""What operators send on `commands.<service>.<operator>.v1`, and the replies on `replies.<operator>.v1`.

A command's key and envelope `subject` name what it is about; `data` holds its fields and a `reason` code.
Each gets one final reply with the command's id as key and `correlationid`.
"""

from typing import Annotated, Any

from pydantic import Field, StringConstraints

from shared.contracts.fields import (
    CaseReference,
    Code,
    Contract,
    Day,
    Line,
    Municipality,
    ProgrammeName,
    Side,
    TextVersion,
)
from shared.contracts.municipal import Person
from shared.contracts.people import Availability, EducationLevel, Expectations, Interests, Languages, Wishes


class Command(Contract):
    """Base of every command; `reason` is a code for the audit trail, such as `interview_held`."""

    reason: Code


class RegisterVolunteer(Command):
    """A resident offers to volunteer. The subject is the operator's choice of a fresh random reference:
    `volunteer-` and 16 to 40 characters of base 32, so that sending it again can't make two volunteers.

    `occupation` is published where it has the form of a code, such as `nurse`; other words stay in intake.
    """

    municipality: Municipality
    person: Person
    languages: Languages
    interests: Interests = []
    occupation: Line | None = None
    education: EducationLevel | None = None
    adults: Annotated[int, Field(ge=1, le=50)] = 1
    minors: Annotated[int, Field(ge=0, le=50)] = 0
    capacity: Annotated[int, Field(ge=1, le=20)] = 1
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    registered_on: Day


class JoinProgramme(Command):
    """The subject, a refugee or a volunteer, takes part in a programme."""

    programme: ProgrammeName
    joined_on: Day


class RecordConsent(Command):
    """The subject consented to a `purpose`, such as `matching` or `contact`."""

    purpose: Code
    text_version: TextVersion
    given_on: Day


class RecordInterview(Command):
    """What the interview established; fields that are given replace what was known."""

    programme: ProgrammeName
    held_on: Day
    expectations: Expectations
    availability: Availability
    wishes: Wishes
    interests: Interests | None = None


class RecordCheck(Command):
    """A document was seen: only that, when, and for which role."""

    kind: Code
    seen_on: Day
    role: Code | None = None


class ApproveVolunteer(Command):
    """The operator's organisation approves the volunteer. Pending until all that the pack asks have."""

    programme: ProgrammeName
    decided_on: Day


class FindPerson(Command):
    """Asks which subject a municipality's case is. The command's subject is the case reference."""

    municipality: Municipality
    case: CaseReference


class RunRound(Command):
    """Runs a round of a pool now. The subject is `<municipality>/<programme>`."""

    municipality: Municipality
    programme: ProgrammeName


class ListWaiting(Command):
    """Asks who waits in a pool, since when and why. The subject is `<municipality>/<programme>`."""

    municipality: Municipality
    programme: ProgrammeName


class AnswerProposal(Command):
    """One side's answer to a proposal, the subject."""

    side: Side
    accept: bool
    answered_on: Day


class SignAgreement(Command):
    """One signatory of the pack has signed the agreement of a pair, the subject."""

    signatory: Code
    text_version: TextVersion
    signed_on: Day


class ShowDeadLetter(Command):
    """Asks for a refused record, sealed to the operator's key. The subject is the dead letter's id."""


class RedriveDeadLetter(Command):
    """Runs a refused record through its handler again. The subject is the dead letter's id."""


class EditAndRedriveDeadLetter(Command):
    """Runs `value`, a structured CloudEvent, in a record's place. The subject is the dead letter's id.

    Settlements can't be edited: they are corrected at their source.
    """

    value: dict[str, Any]


class DiscardDeadLetter(Command):
    """Settles a refused record without running it. The subject is the dead letter's id."""


RejectionMessage = Annotated[str, StringConstraints(max_length=400)]


class CommandAccepted(Contract):
    """Done; `result` is the resulting public state or the answer asked for.

    `about` is the command's subject where that is a reference of Kobling's own, a dead letter's id or a pool,
    else `withheld`: operators may type anything there.
    """

    command: str
    about: str
    result: dict[str, Any]


class CommandPreviewed(Contract):
    """What a dry run would have done: the state that would result."""

    command: str
    about: str
    result: dict[str, Any]


class CommandPending(Contract):
    """Not decided yet; `waits_for` names what is missing. A final reply follows."""

    command: str
    about: str
    waits_for: list[str]


class CommandRejected(Contract):
    """Not done. `message` says what would help; `state` is the current one where the command was too late."""

    command: str
    about: str
    code: Code
    message: RejectionMessage
    field: Annotated[str, Field(max_length=80)] | None = None
    state: dict[str, Any] | None = None
