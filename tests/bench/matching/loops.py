"""What the columns are held against: the same rules and score, person by person, on pydantic objects.

It stands for matching as mentoring software usually does it. It is plain and not slowed down: a couple that a
rule forbids is not scored.
"""

from dataclasses import fields
from typing import Any

from pydantic import BaseModel, ConfigDict

from services.matching.domain.party import Giving, Pool, Receiving
from tests.unit.matching import naive

ROWS = 10
"""Receiving parties that the loops score; their time is taken times the rest of the pool."""


class Person(BaseModel):
    """Either side's attributes."""

    model_config = ConfigDict(arbitrary_types_allowed=True, extra="allow")


def person(somebody: Receiving | Giving) -> Any:
    """Somebody as a pydantic object."""
    return Person(**{field.name: getattr(somebody, field.name) for field in fields(somebody)})


def people(given: Pool) -> tuple[list[Any], list[Any]]:
    """The first few who wait, and all guides."""
    return [person(one) for one in given.receiving[:ROWS]], [person(one) for one in given.giving]


def score(given: Pool, receiving: list[Any], giving: list[Any]) -> int:
    """The sum of all scores, so that nothing is left out."""
    total = 0
    for a in receiving:
        for b in giving:
            if not naive.forbidden(given, a, b):
                total += sum(naive.parts(given, a, b).values())
    return total
