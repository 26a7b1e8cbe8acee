"""Synthetic people as a guide programme has them: half of those who wait are men, most guides are women.

Nine guides in ten are women, as the programmes report. Every other share was searched for so that two years
of first come, first served, of a small and of a large programme, and the share of couples whom no rule
forbids come out as near as could be found to the simulation in docs/domain.md. Nothing was chosen by what any
other policy makes of it.
"""

import random
from datetime import date, timedelta
from typing import Any

from services.matching.domain.party import Availability, Giving, Pool, Receiving
from tests.unit.matching.pools import TODAY, pool, rules

INTERESTS = tuple(f"interest_{number}" for number in range(20))
POPULAR = tuple(1 / (1 + number) for number in range(20))
"""The second interest is half as common as the first, the third a third."""
NATIVE = (("uk", 35), ("ar", 25), ("ti", 15), ("fa", 10), ("so", 8), ("sw", 7))
WOMEN_AMONG_GUIDES = 0.88
ENGLISH, NORWEGIAN = 0.15, 0.35
"""Shares of those who wait."""
ENGLISH_AMONG_GUIDES, NATIVE_AMONG_GUIDES = 0.85, 0.33
WOMEN_WISH, MEN_WISH = 0.17, 0.23
"""Shares of those who wait who wish a guide of their own gender."""
WOMEN_GUIDES_WISH, MEN_GUIDES_WISH = 0.34, 0.09
CERTIFICATE = 0.72
FREE = 0.56
"""Share of people who are free at a part of the week."""


def city(size: int) -> Pool:
    """Everybody in one municipality."""
    return _pool(size, 1)


def national(size: int) -> Pool:
    """The same spread over 150 municipalities: the second half as large as the first, the third a third."""
    return _pool(size, 150)


def _pool(size: int, municipalities: int) -> Pool:
    chance = random.Random(size)  # noqa: S311 - a repeatable pool, no secret
    towns = [f"no-{1101 + town}" for town in range(municipalities)]
    sizes = [1 / (1 + town) for town in range(municipalities)]
    waiting = [
        refugee(chance, number, TODAY - timedelta(days=chance.randrange(300)), *chance.choices(towns, sizes))
        for number in range(size)
    ]
    guides = [
        guide(chance, number, TODAY - timedelta(days=chance.randrange(300)), *chance.choices(towns, sizes))
        for number in range(size)
    ]
    return pool(waiting, guides, rules=rules(hours=1.0))


def refugee(chance: random.Random, number: int, since: date, town: str) -> Receiving:
    """Somebody who waits for a guide."""
    gender = "male" if chance.random() < 0.5 else "female"
    native = chance.choices([code for code, _ in NATIVE], [share for _, share in NATIVE])[0]
    languages = [(native, "native")]
    languages += [("en", chance.choice(("basic", "fluent")))] if chance.random() < ENGLISH else []
    languages += [("nb", "basic")] if chance.random() < NORWEGIAN else []
    wishes = WOMEN_WISH if gender == "female" else MEN_WISH
    return Receiving(
        subject=f"refugee-{number:016d}",
        municipality=town,
        ready_since=since,
        gender="male" if gender == "male" else "female",
        wished_gender=("male" if gender == "male" else "female") if chance.random() < wishes else None,
        **_attributes(chance, languages, 30),
    )


def guide(chance: random.Random, number: int, since: date, town: str) -> Giving:
    """An approved guide."""
    woman = chance.random() < WOMEN_AMONG_GUIDES
    wishes = WOMEN_GUIDES_WISH if woman else MEN_GUIDES_WISH
    languages = [("nb", "native")]
    languages += [("en", "fluent")] if chance.random() < ENGLISH_AMONG_GUIDES else []
    spoken = chance.choices([code for code, _ in NATIVE], [share for _, share in NATIVE])[0]
    languages += [(spoken, "fluent")] if chance.random() < NATIVE_AMONG_GUIDES else []
    return Giving(
        subject=f"volunteer-{number:016d}",
        municipality=town,
        ready_since=since,
        gender="female" if woman else "male",
        wished_gender=("female" if woman else "male") if chance.random() < wishes else None,
        checks=frozenset({"child_certificate"} if chance.random() < CERTIFICATE else ()),
        **_attributes(chance, languages, 42),
    )


def _attributes(chance: random.Random, languages: list[tuple[str, str]], age: int) -> dict[str, Any]:
    evening, weekend = (chance.choice((2.0, 3.0, 4.0)) if chance.random() < FREE else 0.0 for _ in range(2))
    if not evening + weekend:
        # Who has no hour is not ready.
        evening = 2.0
    return {
        "birth_year": TODAY.year - max(20, min(80, round(chance.gauss(age, 11)))),
        "languages": tuple(languages),
        "adults": chance.choice((1, 1, 2)),
        "minors": chance.choice((0, 0, 0, 1, 2)),
        "occupation_field": chance.choice(("health", "building", "trade", "teaching", None)),
        "education_level": chance.choice(("primary", "secondary", "vocational", "bachelor", "master")),
        "interests": frozenset(chance.choices(INTERESTS, POPULAR, k=chance.randint(2, 6))),
        "availability": Availability(weekday_evening=evening, weekend=weekend),
    }
