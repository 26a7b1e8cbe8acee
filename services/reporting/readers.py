"""What reporting reads of the states that others publish: their contracts' types, and no field more."""

from typing import Annotated

from pydantic import Field

from shared.contracts.fields import (
    Code,
    Contract,
    Day,
    Gender,
    Hours,
    Municipality,
    PackVersion,
    ProgrammeName,
    Subject,
)
from shared.contracts.intake.states import FormerCodes, ParticipationStatus, RefugeeStatus, VolunteerStatus
from shared.contracts.matching.states import PairStatus
from shared.contracts.pairing import Afterwards


class Part(Contract):
    """Of somebody's part in a programme."""

    programme: ProgrammeName
    status: ParticipationStatus
    ready_since: Day | None = None


class Household(Contract):
    """Of a household: its reference."""

    ref: Subject | None = None


class Spell(Contract):
    """Of a spell: its status and its first day."""

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
    gender: Gender | None = None


class VolunteerRead(Contract):
    """Of a `VolunteerState`."""

    municipality: Municipality
    former_codes: FormerCodes | None = None
    status: VolunteerStatus
    spells: list[Spell] = []
    participations: list[Part] = []
    capacity: Annotated[int, Field(ge=0, le=20)] = 1
    approved_on: Day | None = None


class Meeting(Contract):
    """Of a meeting, all."""

    held_on: Day
    hours: Hours


class Outcome(Contract):
    """Of what follows once a pair is over: what each side does."""

    receiving: Afterwards
    giving: Afterwards


class PairRead(Contract):
    """Of a `PairState`."""

    municipality: Municipality
    former_codes: FormerCodes | None = None
    programme: ProgrammeName
    pack_version: PackVersion
    receiving: Subject
    giving: Subject
    status: PairStatus
    spells: list[Spell] = []
    proposed_on: Day
    created_on: Day | None = None
    meetings: list[Meeting] = []
    ended_on: Day | None = None
    end_reason: Code | None = None
    outcome: Outcome | None = None
