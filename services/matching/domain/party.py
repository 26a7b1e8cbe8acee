"""Who waits in a pool, and the rules that they are matched by."""

from collections.abc import Iterable, Mapping
from dataclasses import field
from datetime import date
from typing import Literal

from shared.values import value

Gender = Literal["female", "male", "other"]
LanguageLevel = Literal["native", "fluent", "basic"]
EducationLevel = Literal["none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate"]
Contact = Literal["in_person", "phone", "mixed"]
CohortAttribute = Literal["gender"]

Parameter = str | int | float
"""A value that a pack sets for a rule: a strength, a number of hours."""


@value
class Availability:
    """Free hours a week in each part of it; what is not known counts as not free."""

    weekday_morning: float = 0
    weekday_afternoon: float = 0
    weekday_evening: float = 0
    weekend: float = 0


@value
class Expectations:
    """What a side expects of the relation, from its interview: hours a week and the form of contact."""

    weekly_hours: float
    contact: Contact


@value(kw_only=True)
class Receiving:
    """A refugee, or a household, that waits for a guide.

    `languages` are (language, level), the same for all who share one once a pool is compared. `adults` 0
    means that the household is not known; `household_ref` is shared by all its members. `wished_gender` is
    the guide's; None is no wish.
    """

    subject: str
    municipality: str
    ready_since: date
    birth_year: int | None = None
    gender: Gender | None = None
    languages: tuple[tuple[str, LanguageLevel], ...] = ()
    adults: int = 0
    minors: int = 0
    household_ref: str | None = None
    occupation_field: str | None = None
    education_level: EducationLevel | None = None
    interests: frozenset[str] = frozenset()
    wished_gender: Gender | None = None
    interpreter_ok: bool = False
    expectations: Expectations | None = None
    availability: Availability = field(default_factory=Availability)


@value(kw_only=True)
class Giving:
    """An approved guide with `capacity` pairs at once, who waits since `ready_since`.

    `checks` are the kinds that have been seen; `wished_gender` is the receiving party's. Otherwise as
    `Receiving`.
    """

    subject: str
    municipality: str
    ready_since: date | None = None
    birth_year: int | None = None
    gender: Gender | None = None
    languages: tuple[tuple[str, LanguageLevel], ...] = ()
    adults: int = 0
    minors: int = 0
    household_ref: str | None = None
    occupation_field: str | None = None
    education_level: EducationLevel | None = None
    interests: frozenset[str] = frozenset()
    wished_gender: Gender | None = None
    expectations: Expectations | None = None
    availability: Availability = field(default_factory=Availability)
    capacity: int = 1
    checks: frozenset[str] = frozenset()


@value(kw_only=True)
class Rules:
    """What matching needs of one version of a programme pack.

    `rules` are the codes of the hard rules that the pack asks for, each with its parameters; `criteria` are
    the codes of what it scores, each with the most points that it may add. Codes are those of the tables in
    `rules` and `criteria`. Ages are years, None is no limit of the pack's own. A declined or expired couple
    is left out for `exclusion_days`. `scarcity` adds points for whom few guides suit; `cohort_attribute` is
    the attribute whose groups' waiting the programme has evened out, None for none.
    """

    name: str
    version: str
    relation: str
    rules: Mapping[str, Mapping[str, Parameter]]
    criteria: Mapping[str, int]
    waiting_points_per_day: float
    respond_within_days: int
    exclusion_days: int
    minimum_receiving_age: int | None = None
    minimum_giving_age: int | None = None
    scarcity: bool = False
    cohort_attribute: CohortAttribute | None = None


@value(kw_only=True)
class Pool:
    """All who wait in one programme on `today`, and what is already decided about them.

    `excluded` are couples (receiving, giving) not to be proposed again. `taken` are the slots, 0 to
    capacity - 1, that a guide's open proposals and pairs hold. `favoured` is the whole points that receiving
    parties with a value of the pack's cohort attribute get. Raises ValueError for a subject given twice on
    one side.
    """

    rules: Rules
    receiving: tuple[Receiving, ...]
    giving: tuple[Giving, ...]
    today: date
    excluded: frozenset[tuple[str, str]] = frozenset()
    taken: Mapping[str, frozenset[int]] = field(default_factory=dict)
    favoured: Mapping[str, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        _refuse_twice("receiving", (party.subject for party in self.receiving))
        _refuse_twice("giving", (party.subject for party in self.giving))


def free_slots(guide: Giving, taken: frozenset[int]) -> tuple[int, ...]:
    """The guide's slots that a new pair may take, lowest first.

    A capacity that was lowered leaves pairs in slots beyond it: they count against it all the same.
    """
    room = max(0, guide.capacity - len(taken))
    return tuple(slot for slot in range(guide.capacity) if slot not in taken)[:room]


def _refuse_twice(side: str, subjects: Iterable[str]) -> None:
    seen: set[str] = set()
    for subject in subjects:
        if subject in seen:
            raise ValueError(f"{subject} stands twice on the {side} side of the pool")
        seen.add(subject)
