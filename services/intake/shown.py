"""People as answers to questions show them: status, what they lack, since when they wait; and, to be sealed,
who they are.
"""

import contextlib
from collections.abc import Iterable
from datetime import date

from services.intake.domain import outlook
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Details, Participation, Person
from services.intake.packs import Packs
from services.intake.public_state import public_state
from services.intake.store import File
from shared.contracts.intake.personal import PersonalDetails
from shared.mongo import Document


def briefly(file: File[Person]) -> Document:
    """Who somebody is, and what they take part in."""
    who = file.person
    brief: Document = {"subject": who.subject, "revision": file.state.number, **_status(who)}
    brief["programmes"] = [part.programme for part in who.participations if part.status != "left"]
    return brief


def listed(file: File[Person], packs: Packs, today: date, on: date | None = None) -> Document:
    """How somebody stands in each programme, and on a day with what lapses."""
    who = file.person
    entry: Document = {"subject": who.subject, "revision": file.state.number, **_status(who)}
    entry |= _lacks(who, packs, today)
    if on is not None:
        entry["standing"] = [_standing(one) for one in _standings(who, packs, on)]
    return entry


def wholly(file: File[Person], packs: Packs, today: date) -> Document:
    """All that may be known of somebody without their name."""
    who = file.person
    entry: Document = {**public_state(who), "subject": who.subject, "revision": file.state.number}
    entry |= {**_status(who), **_lacks(who, packs, today)}
    entry["checks"] = [
        _stated(kind=check.kind, seen_on=check.seen_on.isoformat(), role=check.role) for check in who.checks
    ]
    entry["approvals"] = [
        {
            "programme": one.programme,
            "organisation": one.organisation,
            "on": (one.renewed_on or one.on).isoformat(),
        }
        for one in who.approvals
    ]
    if who.interview is not None:
        held_on = who.interview.held_on.isoformat()
        entry["interview"] = {"programme": who.interview.programme, "held_on": held_on}
    return entry


def name(subject: str, details: Details) -> bytes:
    """Somebody's name, as JSON to be sealed."""
    return _plain(
        PersonalDetails(subject=subject, given_name=details.given_name, family_name=details.family_name)
    )


def personal(subject: str, details: Details) -> bytes:
    """All that is known of who somebody is and how to reach them, as JSON to be sealed."""
    return _plain(
        PersonalDetails(
            subject=subject,
            given_name=details.given_name,
            family_name=details.family_name,
            birth_date=details.born,
            phone=details.phone,
            email=details.email,
            address=details.address,
            preferred_language=details.preferred_language,
            occupation=details.occupation,
        )
    )


def _plain(details: PersonalDetails) -> bytes:
    return details.model_dump_json(exclude_none=True).encode()


def _status(who: Person) -> Document:
    since = who.spells[-1].since.isoformat() if who.spells else None
    return _stated(status=who.status, since=since, coordinator=who.coordinator)


def _lacks(who: Person, packs: Packs, today: date) -> Document:
    """Participations; of who has none yet, what each programme of the municipality would ask of them."""
    parts = [_participation(who, part, packs) for part in who.participations]
    lacks: Document = {"participations": parts}
    if all(part.status == "left" for part in who.participations):
        lacks["missing"] = packs.missing(who, today)
    return lacks


def _participation(who: Person, part: Participation, packs: Packs) -> Document:
    since = part.joined_on
    # Of a pack that was removed since nobody can say what it asked for.
    with contextlib.suppress(DomainError):
        since = outlook.waits_since(who, part, packs.asked(who, part.programme))
    return _stated(
        programme=part.programme,
        pack_version=part.pack_version,
        status=part.status,
        joined_on=part.joined_on.isoformat(),
        since=None if part.status == "left" else since.isoformat(),
        ready_since=None if part.ready_since is None else part.ready_since.isoformat(),
        missing=list(part.missing) or None,
    )


def _standings(who: Person, packs: Packs, on: date) -> Iterable[outlook.StandingOn]:
    for part in who.participations:
        if part.status != "left":
            with contextlib.suppress(DomainError):
                yield from outlook.standing_on(who, packs.asked(who, part.programme), on)


def _standing(one: outlook.StandingOn) -> Document:
    until = None if one.until is None else one.until.isoformat()
    return _stated(programme=one.programme, code=one.code, standing=one.standing, until=until)


def _stated(**fields: object) -> Document:
    return {name: value for name, value in fields.items() if value is not None}
