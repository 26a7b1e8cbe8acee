"""A move to another municipality: what of somebody's file goes with them.

Whoever they are, they stay the same subject, with their checks and approvals, and with the time that they
have waited in each programme. What they agreed to, what they told an interviewer and what they took part in
was with the organisation that they leave: where they live now they are asked anew, by another coordinator.
"""

from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.intake.domain.errors import DomainError
from services.intake.domain.kept import latest
from services.intake.domain.person import Person
from services.intake.domain.seniority import Seniority, Waited, since, without
from services.intake.domain.volunteer import Volunteer

P = TypeVar("P", bound=Person)


def gone(person: P) -> P:
    """Who has left the municipality: each participation ends, and since when they waited in it is kept. No
    consent is in force any more, and of the interview nothing is kept.
    """
    parts = tuple(part.left() for part in person.participations)
    return replace(person, participations=parts, consents=(), interview=None, seniority=_waited(person))


def arrived(person: P, municipality: str) -> P:
    """Who lives in a municipality from now on, whether or not they were said to leave the one before."""
    return replace(
        gone(person),
        municipality=municipality,
        formerly=(),
        participations=(),
        coordinator=None,
    )


def brought(person: P, former: Person) -> P:
    """Who proves to be the person of another file as well: the longer wait of the two counts, and what was
    taken back under either is taken back.
    """
    person = replace(person, withdrawals=latest((*person.withdrawals, *former.withdrawals)))
    for one in _waited(former):
        part = person.participation(one.programme)
        if part is not None and part.status != "left" and part.ready_since is not None:
            earlier = replace(part, ready_since=min(part.ready_since, one.since))
            person = person.with_participation(earlier)
        else:
            first = min(one.since, since(person.seniority, one.programme) or one.since)
            others = without(person.seniority, one.programme)
            person = replace(person, seniority=(*others, Waited(one.programme, first)))
    return person


def move(volunteer: Volunteer, municipality: str, on: date) -> Volunteer:
    """A volunteer who lives in another municipality from a day on, and is approved there anew. Raises
    `has_left` or `same_municipality`.
    """
    if volunteer.status == "withdrawn":
        raise DomainError("has_left", "The volunteer has left: who comes back is registered anew.", "subject")
    if municipality == volunteer.municipality:
        raise DomainError("same_municipality", "The volunteer lives there already.", "municipality")
    moved = replace(arrived(volunteer, municipality), approved_on=None)
    begins = max([on, *(spell.since for spell in volunteer.spells)])
    return moved if volunteer.status == "paused" else moved.with_status("registered", begins)


def _waited(person: Person) -> Seniority:
    """Since when somebody has waited in each programme; of who has moved before, also elsewhere."""
    here = {
        part.programme: part.ready_since
        for part in person.participations
        if part.status != "left" and part.ready_since is not None
    }
    before = {one.programme: one.since for one in person.seniority}
    return tuple(Waited(*item) for item in sorted((before | here).items()))
