"""What a programme asks of somebody before they may be matched: a list of requirements of several kinds.

A kind is a value with the fields of its contract and one function, `standing`; `REGISTRY` has all of them.
What is missing and since when somebody is ready are loops over the list.
"""

from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from typing import Literal, TypeVar

from services.intake.domain import seniority
from services.intake.domain.birth import born_between
from services.intake.domain.person import Participation, Person
from shared.values import add_months, value

P = TypeVar("P", bound=Person)

_DAY = timedelta(days=1)
_ALWAYS = date.min
"""Since when somebody meets what isn't asked of them."""


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
        """Met since the day on which it was held, whatever interviews for other programmes followed."""
        part, held = person.participation(programme), person.interview
        if held is not None and held.programme == programme:
            return Standing("interview", held.held_on)
        return Standing("interview", None if part is None else part.interviewed_on)


@value
class Check(Requirement):
    """A document that was seen. `valid_for` is in months; `minors` asks it of those alone in whose household
    there are some.
    """

    check: str
    valid_for: int | None = None
    when: Literal["always", "minors"] = "always"

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day on which it was seen last, for whichever role."""
        code = f"check:{self.check}"
        if self.when == "minors" and (person.profile is None or not person.profile.minors):
            return Standing(code, _ALWAYS)
        seen_on = max((seen.seen_on for seen in person.checks if seen.kind == self.check), default=None)
        return Standing(code, seen_on, _until(seen_on, self.valid_for))


@value
class Approval(Requirement):
    """An organisation's approval for this programme. `valid_for` is in months."""

    organisation: str
    valid_for: int | None = None

    def standing(self, person: Person, programme: str) -> Standing:
        """Met since the day of the decision, for as long as the newest one holds."""
        code = f"approval:{self.organisation}"
        given = person.approval(programme, self.organisation)
        if given is None:
            return Standing(code, None)
        return Standing(code, given.on, _until(given.renewed_on or given.on, self.valid_for))


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

    def standings(self, person: Person) -> list[Standing]:
        """How somebody stands with each thing that is asked."""
        return [item.standing(person, self.programme) for item in self.items]


def missing(person: Person, asked: Requirements, today: date) -> tuple[str, ...]:
    """What somebody still lacks before they may be matched, as codes such as `consent:matching`."""
    return _missing(asked.standings(person), today)


def missing_approvals(person: Person, asked: Requirements, today: date) -> tuple[str, ...]:
    """The organisations that have not approved yet, or whose approval has lapsed."""
    standings = (
        (item.organisation, item.standing(person, asked.programme))
        for item in asked.items
        if isinstance(item, Approval)
    )
    return tuple(sorted({name for name, standing in standings if not standing.is_met(today)}))


def next_change(person: Person, asked: Requirements, today: date) -> date | None:
    """The next day on which the mere passing of time meets a requirement, or lets one lapse."""
    standings = asked.standings(person)
    begins = [day for day in _days(standings) if day > today]
    lapses = [one.until + _DAY for one in standings if one.until is not None and one.until >= today]
    return min([*begins, *lapses], default=None)


def assess(person: P, asked: Requirements, today: date) -> P:
    """Brings a participation up to what is asked: the role, what is missing, and how far somebody has come.

    Whose check or approval has lapsed is ready no more, and once it is renewed they have waited all the time;
    who takes a consent back waits anew once they give another.
    """
    part = person.participation(asked.programme)
    if part is None or part.status == "left":
        return person
    assessed = _progressed(person, replace(part, role=asked.role), asked, today)
    return person if assessed == part else person.with_participation(assessed)


def moved(person: P, asked: Requirements, today: date) -> P:
    """Brings a participation under another version of its pack: somebody goes on waiting since the day they
    do. Who was ready and lacks something that it asks, but no consent, has lapsed until they have it. Raises
    LookupError where there is no participation.
    """
    part = person.participation(asked.programme)
    if part is None:
        raise LookupError(f"no participation in {asked.programme}")
    anew = replace(part, pack_version=asked.pack_version, status="joined", role=asked.role, missing=())
    return person.with_participation(_progressed(person, anew, asked, today))


def _progressed(person: Person, part: Participation, asked: Requirements, today: date) -> Participation:
    standings = asked.standings(person)
    lacks = _missing(standings, today)
    if not lacks:
        # From the day on which the last of them was met somebody waits; who has moved, since they did before.
        since = part.ready_since or seniority.since(person.seniority, part.programme)
        since = since or max([part.joined_on, *_days(standings)])
        until = min((one.until for one in standings if one.until is not None), default=None)
        return replace(part, status="ready", ready_since=since, ready_until=until, missing=())
    consents = [
        standing.is_met(today)
        for item, standing in zip(asked.items, standings, strict=True)
        if isinstance(item, Consent)
    ]
    lacking = replace(part, ready_until=None, missing=lacks)
    if all(consents) and part.ready_since is not None:
        return replace(lacking, status="lapsed")
    return replace(lacking, status="consented" if consents and all(consents) else "joined", ready_since=None)


def _missing(standings: list[Standing], today: date) -> tuple[str, ...]:
    return tuple(sorted({standing.code for standing in standings if not standing.is_met(today)}))


def _days(standings: list[Standing]) -> list[date]:
    """The days since which requirements are met."""
    return [standing.since for standing in standings if standing.since is not None]


def _until(since: date | None, months: int | None) -> date | None:
    """The last day of so many months."""
    return None if since is None or months is None else add_months(since, months) - _DAY


def _month_after(born: date, age: int) -> date:
    """The first day of the month after the one in which somebody reaches an age."""
    years, month = divmod(born.month, 12)
    return date(born.year + age + years, month + 1, 1)
