"""What reporting reads of the states that others publish: their contracts' types, and no field more."""

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import Code, Contract, Day, Municipality, ProgrammeName, Subject
from shared.contracts.intake.states import FormerCodes, ParticipationStatus, RefugeeStatus, VolunteerStatus
from shared.contracts.matching.states import PairStatus


class Part(Contract):
    """Of somebody's part in a programme."""

    programme: ProgrammeName
    status: ParticipationStatus


class Household(Contract):
    """Of a household: its reference."""

    ref: Subject | None = None


class Spell(Contract):
    """Of a pair's spell: its status and its first day."""

    status: Code
    since: Annotated[Day, Field(alias="from")]


class RefugeeRead(Contract):
    """Of a `RefugeeState`."""

    municipality: Municipality
    former_codes: FormerCodes | None = None
    status: RefugeeStatus
    spells: list[Spell] = []
    participations: list[Part] = []
    household: Household | None = None


class VolunteerRead(Contract):
    """Of a `VolunteerState`."""

    municipality: Municipality
    status: VolunteerStatus
    participations: list[Part] = []
    capacity: Annotated[int, Field(ge=0, le=20)] = 1


class PairRead(Contract):
    """Of a `PairState`."""

    municipality: Municipality
    former_codes: FormerCodes | None = None
    programme: ProgrammeName
    receiving: Subject
    giving: Subject
    status: PairStatus
    spells: list[Spell] = []
    proposed_on: Day
    created_on: Day | None = None
