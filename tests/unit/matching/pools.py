"""Builders: a refugee and a guide who suit each other, and random pools that look like a programme's."""

import random
from collections.abc import Collection, Mapping
from datetime import date, timedelta
from typing import Any

from services.matching.domain.party import (
    Availability,
    Expectations,
    Giving,
    Parameter,
    Pool,
    Receiving,
    Rules,
)

TODAY = date(2026, 11, 22)
BERGEN = "no-4601"


WEIGHTS = {
    "interests": 30,
    "age": 18,
    "life_situation": 12,
    "occupation": 7,
    "language": 20,
    "distance": 8,
    "availability": 5,
}


def rules(
    *, language: str | None = "hard", hours: float = 2.0, without: Collection[str] = (), **changes: Any
) -> Rules:
    """A pack with every rule but those it does `without`; `language` None is one of them."""
    asked: dict[str, Mapping[str, Parameter]] = {
        "self": {},
        "municipality": {},
        "language": {"strength": language or ""},
        "gender_wish": {},
        "age": {},
        "availability": {"hours": hours},
        "child_certificate": {},
        "capacity": {},
        "excluded": {},
    }
    left_out = {*without, *(() if language else ("language",))}
    values: dict[str, Any] = {
        "name": "flyktningguide-bergen",
        "version": "1.0",
        "relation": "guide",
        "rules": {code: parameters for code, parameters in asked.items() if code not in left_out},
        "criteria": WEIGHTS,
        "waiting_points_per_day": 0.2,
        "respond_within_days": 14,
        "exclusion_days": 180,
    }
    return Rules(**(values | changes))


def refugee(number: int = 1, **changes: Any) -> Receiving:
    values: dict[str, Any] = {
        "subject": f"refugee-{number:016d}",
        "municipality": BERGEN,
        "ready_since": TODAY,
        "birth_year": 1990,
        "gender": "female",
        "languages": (("ti", "native"), ("en", "basic")),
        "adults": 1,
        "availability": Availability(weekday_evening=4),
        "interests": frozenset({"cooking", "football"}),
    }
    return Receiving(**(values | changes))


def guide(number: int = 1, **changes: Any) -> Giving:
    values: dict[str, Any] = {
        "subject": f"volunteer-{number:016d}",
        "municipality": BERGEN,
        "birth_year": 1985,
        "gender": "female",
        "languages": (("nb", "native"), ("en", "fluent")),
        "adults": 2,
        "availability": Availability(weekday_evening=3, weekend=5),
        "interests": frozenset({"cooking", "hiking"}),
    }
    return Giving(**(values | changes))


def pool(receiving: Any = None, giving: Any = None, **changes: Any) -> Pool:
    values: dict[str, Any] = {
        "rules": rules(),
        "receiving": (refugee(),) if receiving is None else tuple(receiving),
        "giving": (guide(),) if giving is None else tuple(giving),
        "today": TODAY,
    }
    return Pool(**(values | changes))


LANGUAGES = ("ti", "ar-SY", "uk", "so", "fa", "sw", "en", "nb", "nn", "ru", "fr")
INTERESTS = tuple(f"interest_{number}" for number in range(80))
LEVELS = ("native", "fluent", "basic")
GENDERS = ("female", "female", "male", "other", None)
HOUSEHOLDS = 200


def random_pool(seed: int, n: int, m: int, municipalities: int = 1, **changes: Any) -> Pool:
    """A pool with every attribute varied and gaps of knowledge. More than 64 interests need two words."""
    chance = random.Random(seed)  # noqa: S311 - a repeatable pool, no secret
    towns = [f"no-{4601 + town}" for town in range(municipalities)]
    waiting = [
        refugee(
            number,
            ready_since=TODAY - timedelta(days=chance.randrange(-2, 400)),
            wished_gender=chance.choice((None, None, None, "female", "male")),
            interpreter_ok=chance.random() < 0.3,
            **_attributes(chance, towns),
        )
        for number in range(n)
    ]
    guides = [
        guide(
            number,
            wished_gender=chance.choice((None, None, None, None, "female")),
            capacity=chance.choice((1, 1, 1, 2, 3)),
            checks=frozenset({"child_certificate"} if chance.random() < 0.7 else ()),
            **_attributes(chance, towns),
        )
        for number in range(m)
    ]
    couples = [(chance.choice(waiting).subject, chance.choice(guides).subject) for _ in range(n // 5)]
    taken = {busy.subject: frozenset({chance.randrange(3)}) for busy in guides if chance.random() < 0.1}
    return pool(waiting, guides, excluded=frozenset(couples), taken=taken, **changes)


def _attributes(chance: random.Random, towns: list[str]) -> dict[str, Any]:
    hours = [float(chance.choice((0, 0, 1, 2, 3.5, 6))) for _ in range(4)]
    spoken = chance.sample(LANGUAGES, chance.randint(1, 3))
    return {
        "municipality": chance.choice(towns),
        "birth_year": chance.choice((None, *range(1950, 2011))),
        "gender": chance.choice(GENDERS),
        "languages": tuple((code, chance.choice(LEVELS)) for code in spoken),
        "adults": chance.choice((0, 1, 1, 2, 3)),
        "minors": chance.choice((0, 0, 0, 1, 4)),
        "household_ref": chance.choice((None, None, f"household-{chance.randrange(HOUSEHOLDS):016d}")),
        "occupation_field": chance.choice((None, "Health", "health ", "Building", "Trade")),
        "education_level": chance.choice((None, "none", "secondary", "vocational", "bachelor", "doctorate")),
        "interests": frozenset(chance.sample(INTERESTS, chance.randint(0, 20))),
        "expectations": chance.choice((None, Expectations(2.0, "in_person"))),
        "availability": Availability(*hours),
    }
