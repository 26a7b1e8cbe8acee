"""What matching reads of people's states: their contracts' types, and no field more."""

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import Code, Contract, Day, Gender, Line, Municipality, OperatorId
from shared.contracts.intake.states import FormerCodes, Participation, RefugeeStatus, VolunteerStatus
from shared.contracts.people import (
    Availability,
    BirthYear,
    EducationLevel,
    Expectations,
    Household,
    Interests,
    Languages,
    Wishes,
)


class PersonRead(Contract):
    """Of what the states of refugees and volunteers have in common."""

    municipality: Municipality
    former_codes: FormerCodes | None = None
    participations: list[Participation] = []
    birth_year: BirthYear | None = None
    gender: Gender | None = None
    languages: Languages = []
    household: Household | None = None
    occupation_field: Line | None = None
    education_level: EducationLevel | None = None
    interests: Interests = []
    wishes: Wishes | None = None
    expectations: Expectations | None = None
    availability: Availability | None = None
    coordinator: OperatorId | None = None


class RefugeeRead(PersonRead):
    """Of a `RefugeeState`."""

    status: RefugeeStatus


class Check(Contract):
    """Of a document that was seen: its kind."""

    kind: Code


class VolunteerRead(PersonRead):
    """Of a `VolunteerState`."""

    status: VolunteerStatus
    capacity: Annotated[int, Field(ge=0, le=20)] = 1
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    approved_on: Day | None = None
    checks: list[Check] = []
