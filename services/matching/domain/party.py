"""Who waits in a pool, and the rules that they are matched by."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Gender = Literal["female", "male", "other"]
LanguageLevel = Literal["native", "fluent", "basic"]
EducationLevel = Literal["none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate"]
Contact = Literal["in_person", "phone", "mixed"]

MOST_POINTS = 1000
"""Most that one part of a score may weigh. The starting weights sum to 100; ten times that and more says
nothing new, and the arithmetic on blocks of 32-bit integers is exact far beyond this."""


@dataclass(frozen=True, slots=True)
class Availability:
    """Free hours a week in each part of it; what is not known counts as not free."""

    weekday_morning: float = 0
    weekday_afternoon: float = 0
    weekday_evening: float = 0
    weekend: float = 0


@dataclass(frozen=True, slots=True)
class Expectations:
    """What a side expects of the relation, from its interview: hours a week, activities, form of contact."""

    weekly_hours: float
    activities: frozenset[str]
    contact: Contact


@dataclass(frozen=True, slots=True, kw_only=True)
class Receiving:
    """A refugee, or a household, that waits for a guide.

    `languages` are (BCP 47 code, level). `adults` 0 means that the household is not known; `household_ref`
    is shared by all its members. `wished_gender` is the guide's; None is no wish.
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Giving:
    """An approved guide with `capacity` pairs at once.

    `checks` are the kinds that have been seen; `wished_gender` is the receiving party's. Otherwise as
    `Receiving`.
    """

    subject: str
    municipality: str
    approved_on: date
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
    travel_km: int | None = None
    checks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Weights:
    """Most points of each part of a pair's score, 0 to `MOST_POINTS` each; raises ValueError beyond.

    The defaults are the starting weights: the ratios of what Norwegian coordinators say that a pair should
    share (interests, age, life situation, work and education), and the project's own for the other three.
    """

    interests: int = 30
    age: int = 18
    life_situation: int = 12
    occupation: int = 7
    language: int = 20
    distance: int = 8
    availability: int = 5

    def __post_init__(self) -> None:
        for name in self.__slots__:
            if not 0 <= getattr(self, name) <= MOST_POINTS:
                raise ValueError(f"weight {name} must lie between 0 and {MOST_POINTS}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Rules:
    """What matching needs of one version of a programme pack.

    `minimum_common_hours` are hours a week; ages are years, None is no limit of the pack's own. A declined
    or expired couple is left out for `exclusion_days`; all `signatories` sign before a pair is created.
    """

    name: str
    version: str
    relation: str
    language_rule: Literal["hard", "soft", "off"]
    minimum_common_hours: float
    waiting_points_per_day: float
    respond_within_days: int
    exclusion_days: int
    signatories: tuple[str, ...]
    gender_wishes: bool = True
    weights: Weights = field(default_factory=Weights)
    minimum_receiving_age: int | None = None
    minimum_giving_age: int | None = None
    minimum_months: int | None = None
    maximum_months: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Pool:
    """All who wait in one programme on `today`, and what is already decided about them.

    `excluded` are couples (receiving, giving) not to be proposed again. `taken` are the slots, 0 to
    capacity - 1, that a guide's open proposals and pairs hold. Raises ValueError for a subject given twice
    on one side.
    """

    rules: Rules
    receiving: tuple[Receiving, ...]
    giving: tuple[Giving, ...]
    today: date
    excluded: frozenset[tuple[str, str]] = frozenset()
    taken: Mapping[str, frozenset[int]] = field(default_factory=dict)

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
