"""A volunteer's file: from registration to approval."""

from dataclasses import replace
from datetime import date
from enum import StrEnum

from services.intake.domain.person import Details, Participation, Person, Profile
from shared.values import value


class Fact(StrEnum):
    """What happened to a volunteer's file, by the name of its public event."""

    REGISTERED = "VolunteerRegistered"
    UPDATED = "VolunteerUpdated"
    APPROVED = "VolunteerApproved"


@value(kw_only=True)
class Volunteer(Person):
    """A resident who offers to guide. `capacity` is how many pairs at once, `travel_km` how far they go."""

    capacity: int = 1
    travel_km: int | None = None
    approved_on: date | None = None


@value
class Registration:
    """What a new volunteer tells."""

    municipality: str
    profile: Profile
    details: Details
    capacity: int
    travel_km: int | None
    registered_on: date


def register(registration: Registration, subject: str) -> Volunteer:
    """Opens a file under the subject that the operator chose."""
    volunteer = Volunteer(
        subject=subject,
        municipality=registration.municipality,
        status="registered",
        profile=registration.profile,
        details=registration.details,
        capacity=registration.capacity,
        travel_km=registration.travel_km,
    )
    return volunteer.with_status("registered", registration.registered_on)


def progressed(before: Volunteer, after: Volunteer) -> tuple[Volunteer, Fact]:
    """Settles the status after a step towards approval: approved once any participation is ready."""
    since = _ready_since(after.participations)
    if since is None or _ready_since(before.participations) == since:
        return after, Fact.UPDATED
    approved = after.with_status("approved", since)
    return replace(approved, approved_on=after.approved_on or since), Fact.APPROVED


def _ready_since(participations: tuple[Participation, ...]) -> date | None:
    days = [
        part.ready_since for part in participations if part.status == "ready" and part.ready_since is not None
    ]
    return min(days, default=None)
