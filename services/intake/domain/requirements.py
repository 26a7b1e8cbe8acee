"""What a programme asks of somebody before they may be matched: a list of requirements of several kinds.

A kind is a value with the fields of its contract and one function, `standing`; `REGISTRY` has all of them.
What is missing and since when somebody is ready are loops over the list.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import TypeVar

from services.intake.domain.person import Participation, Person, born_between
from shared.values import value

P = TypeVar("P", bound=Person)


@value
class Standing:
    """How somebody stands with one requirement.

    `code` names the requirement where it is missing. It is met from the day `since`, which may lie ahead and
    is None where nobody can tell it, and up to and including `until`, which is None where it doesn't lapse.
    Where several records meet it the newest counts, as it is the one by which it would lapse.
    """

    code: str
    since: date | None
    until: date | None = None

    def is_met(self, today: date) -> bool:
        """Whether the requirement is met on a day."""
        return self.since is not None and self.since <= today and (self.until is None or today <= self.until)


@value
class Requirement(ABC):
    """One thing that a programme asks."""

    @abstractmethod
    def standing(self, person: Person, programme: str) -> Standing:
        """How somebody stands with it in a programme."""


@value
class Consent(Requirement):
    """A consent in force for a purpose; `of` is who must have given it."""

    purpose: str
    of: str = "self"

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day on which it was given."""
        days = [consent.given_on for consent in person.consents if consent.purpose == self.purpose]
        return Standing(f"consent:{self.purpose}", max(days, default=None))


@value
class Interview(Requirement):
    """An interview for this programme."""

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day on which it was held."""
        held = person.interview
        return Standing("interview", held.held_on if held and held.programme == programme else None)


@value
class Check(Requirement):
    """A document that was seen."""

    check: str

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day on which it was seen, for whichever role."""
        days = [seen.seen_on for seen in person.checks if seen.kind == self.check]
        return Standing(f"check:{self.check}", max(days, default=None))


@value
class Approval(Requirement):
    """An organisation's approval for this programme."""

    organisation: str

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day of the decision."""
        days = [
            given.on
            for given in person.approvals
            if (given.programme, given.organisation) == (programme, self.organisation)
        ]
        return Standing(f"approval:{self.organisation}", max(days, default=None))


@value
class Age(Requirement):
    """A least age in years."""

    minimum: int

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the first day of the month after the birthday: the day on which somebody becomes ready is
        published, and a birthday must not be. Where a month or a year of birth alone is known, since the
        month after its last day, when it is certain; where nothing is, not yet.
        """
        born: str | None = None
        if person.details is not None:
            born = person.details.born
        elif person.profile is not None and person.profile.birth_year is not None:
            born = str(person.profile.birth_year)
        return Standing("age", None if born is None else _month_after(born_between(born)[1], self.minimum))


REGISTRY: Mapping[str, type[Requirement]] = {
    "consent": Consent,
    "interview": Interview,
    "check": Check,
    "approval": Approval,
    "age": Age,
}
"""The kinds that there are, by the `kind` under which a pack names them."""


@value
class Requirements:
    """What one side of a programme's pack asks of everybody who takes their `role` in it."""

    programme: str
    pack_version: str
    role: str
    items: tuple[Requirement, ...]

    @property
    def organisations(self) -> frozenset[str]:
        """Whose approvals are asked for."""
        return frozenset(item.organisation for item in self.items if isinstance(item, Approval))


def missing(person: Person, asked: Requirements, today: date) -> tuple[str, ...]:
    """What somebody still lacks before they may be matched, as codes such as `consent:matching`."""
    return _missing(_standings(person, asked), today)


def missing_approvals(person: Person, asked: Requirements) -> tuple[str, ...]:
    """The organisations that have not approved yet."""
    given = {approval.organisation for approval in person.approvals if approval.programme == asked.programme}
    return tuple(sorted(asked.organisations - given))


def next_met(person: Person, asked: Requirements, today: date) -> date | None:
    """The next day on which a requirement will be met by the mere passing of time."""
    return min((day for day in _days(_standings(person, asked)) if day > today), default=None)


def assess(person: P, asked: Requirements, today: date) -> P:
    """Brings a participation up to what is asked: the role, what is missing, and how far somebody has come.

    Who is ready stays so.
    """
    part = person.participation(asked.programme)
    if part is None or part.status == "left":
        return person
    assessed = replace(part, role=asked.role)
    if part.status != "ready":
        assessed = _progressed(person, assessed, asked, today)
    return person if assessed == part else person.with_participation(assessed)


def moved(person: P, asked: Requirements, today: date) -> P:
    """Brings a participation under another version of its pack: somebody goes on waiting since the day they
    do, if nothing of what it asks is missing. Raises LookupError where there is no participation.
    """
    part = person.participation(asked.programme)
    if part is None:
        raise LookupError(f"no participation in {asked.programme}")
    anew = replace(part, pack_version=asked.pack_version, status="joined", ready_since=None, missing=())
    brought = _progressed(person, replace(anew, role=asked.role), asked, today)
    if brought.status == "ready" and part.ready_since is not None:
        brought = replace(brought, ready_since=part.ready_since)
    return person.with_participation(brought)


def _progressed(person: Person, part: Participation, asked: Requirements, today: date) -> Participation:
    standings = _standings(person, asked)
    lacks = _missing(standings, today)
    if not lacks:
        # From the day on which the last of them was met somebody waits.
        since = max([part.joined_on, *_days(standings)])
        return replace(part, status="ready", ready_since=since, missing=())
    consents = [
        standing for item, standing in zip(asked.items, standings, strict=True) if isinstance(item, Consent)
    ]
    if consents and all(standing.is_met(today) for standing in consents):
        return replace(part, status="consented", missing=lacks)
    return replace(part, missing=lacks)


def _standings(person: Person, asked: Requirements) -> list[Standing]:
    return [item.standing(person, asked.programme) for item in asked.items]


def _missing(standings: list[Standing], today: date) -> tuple[str, ...]:
    return tuple(sorted({standing.code for standing in standings if not standing.is_met(today)}))


def _days(standings: list[Standing]) -> list[date]:
    """The days since which requirements are met."""
    return [standing.since for standing in standings if standing.since is not None]


def _month_after(born: date, age: int) -> date:
    """The first day of the month after the one in which somebody reaches an age."""
    years, month = divmod(born.month, 12)
    return date(born.year + age + years, month + 1, 1)
