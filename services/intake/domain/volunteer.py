"""A volunteer's file: registered, approved, away or lapsed for a while, and withdrawn."""

from dataclasses import replace
from datetime import date
from enum import StrEnum

from services.intake.domain.errors import DomainError
from services.intake.domain.person import Details, Participation, Person, Profile
from shared.values import value


class Fact(StrEnum):
    """What happened to a volunteer's file, by the name of its public event."""

    REGISTERED = "VolunteerRegistered"
    UPDATED = "VolunteerUpdated"
    APPROVED = "VolunteerApproved"
    PAUSED = "VolunteerPaused"
    LAPSED = "VolunteerLapsed"
    RESUMED = "VolunteerResumed"
    WITHDRAWN = "VolunteerWithdrawn"
    MOVED = "VolunteerMoved"


@value
class Pause:
    """That a volunteer is away, since a day and, where it is known, until the first day after."""

    since: date
    until: date | None = None


@value(kw_only=True)
class Volunteer(Person):
    """A resident who offers to guide. `capacity` is how many pairs at once, `travel_km` how far they go."""

    capacity: int = 1
    travel_km: int | None = None
    approved_on: date | None = None
    pause: Pause | None = None

    @property
    def is_hidden(self) -> bool:
        """Whether they are a refugee as well who must not be known any more."""
        return self.status == "hidden"


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


def pause(volunteer: Volunteer, on: date, until: date | None, today: date) -> Volunteer:
    """Is away from a day on; again moves the day until which. Raises `until_not_later` or `has_left`."""
    require_here(volunteer)
    if until is not None and until <= max(on, today):
        raise DomainError("until_not_later", "Name a day that is still to come, or none.", "until")
    since = volunteer.pause.since if volunteer.pause is not None else on
    return replace(volunteer, pause=Pause(since, until))


def resume(volunteer: Volunteer) -> Volunteer:
    """Is back; who isn't away goes on as before. Raises `has_left`."""
    require_here(volunteer)
    return replace(volunteer, pause=None)


def resumed_by(volunteer: Volunteer, today: date) -> Volunteer:
    """Is back where the pause is over by a day."""
    away = volunteer.pause
    if away is None or away.until is None or away.until > today:
        return volunteer
    return replace(volunteer, pause=None)


def with_capacity(volunteer: Volunteer, capacity: int) -> Volunteer:
    """Takes another number of pairs at once. Raises `has_left`."""
    require_here(volunteer)
    return replace(volunteer, capacity=capacity)


def reject(volunteer: Volunteer, on: date) -> Volunteer:
    """Is not taken. Raises `already_approved` of who has been."""
    if volunteer.approved_on is not None:
        raise DomainError("already_approved", "Who was approved is withdrawn.", "subject")
    return withdraw(volunteer, on)


def withdraw(volunteer: Volunteer, on: date) -> Volunteer:
    """Leaves: every participation ends, and nothing that was consented to holds any more."""
    if volunteer.status == "withdrawn":
        return volunteer
    parts = tuple(part.left() for part in volunteer.participations)
    left = replace(volunteer, participations=parts, consents=(), pause=None)
    return _in_status(left, "withdrawn", on)


def progressed(before: Volunteer, after: Volunteer, today: date) -> tuple[Volunteer, Fact]:
    """Settles the status after a step, and names the step by its greatest effect: approved while any
    participation is ready, lapsed once none is any more, paused while away.
    """
    ready_since = _ready_since(after.participations)
    if ready_since is not None and after.approved_on is None:
        # Who has moved may have waited for longer than they are approved here.
        after = replace(after, approved_on=max([ready_since, *(spell.since for spell in after.spells)]))
    settled = _settled(before, after, ready_since, today)
    has_moved = before.municipality != after.municipality
    return settled, Fact.MOVED if has_moved else _fact(before, settled)


def _settled(before: Volunteer, after: Volunteer, ready_since: date | None, today: date) -> Volunteer:
    if after.status == "withdrawn":
        return after
    if after.pause is not None:
        return _in_status(after, "paused", after.pause.since)
    if ready_since is None:
        return _in_status(after, "registered" if after.approved_on is None else "lapsed", today)
    if before.status in {"lapsed", "paused"}:
        return _in_status(after, "approved", today)
    return _in_status(after, "approved", ready_since)


def _fact(before: Volunteer, after: Volunteer) -> Fact:
    ready_anew = _ready_since(before.participations) != _ready_since(after.participations)
    match after.status:
        case "withdrawn" if before.status != "withdrawn":
            return Fact.WITHDRAWN
        case "paused" if before.pause != after.pause:
            return Fact.PAUSED
        case "lapsed" if before.status != "lapsed":
            return Fact.LAPSED
        case "approved" | "registered" if before.status in {"lapsed", "paused"}:
            return Fact.RESUMED
        case "approved" if ready_anew:
            return Fact.APPROVED
        case _:
            return Fact.UPDATED


def _in_status(volunteer: Volunteer, status: str, on: date) -> Volunteer:
    """In a status from a day on, and not from before the one before began."""
    return volunteer.with_status(status, max([on, *(spell.since for spell in volunteer.spells)]))


def require_here(volunteer: Volunteer) -> None:
    """Raises `has_left`."""
    if volunteer.status == "withdrawn":
        raise DomainError("has_left", "The volunteer has left: who comes back is registered anew.", "subject")


def _ready_since(participations: tuple[Participation, ...]) -> date | None:
    days = [
        part.ready_since for part in participations if part.status == "ready" and part.ready_since is not None
    ]
    return min(days, default=None)
