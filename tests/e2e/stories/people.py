"""Made-up people: what a municipality and a coordinator send of them.

All are alike unless a story says otherwise: they share a language, evenings and interests, so that whatever
keeps two apart stands in the story.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from itertools import count
from string import ascii_lowercase
from typing import Any

from shared.contracts.programmes import (
    AgeAsked,
    ApprovalAsked,
    CheckAsked,
    ConsentAsked,
    InterviewAsked,
    PackSide,
)
from shared.ids import new_subject

Step = tuple[str, dict[str, Any]]
"""A command's name and its data."""

GIVEN_NAMES = {"female": "Kari", "male": "Ola", "other": "Kim"}
_numbers = count(1)


@dataclass(frozen=True, slots=True)
class Sort:
    """What people of one kind have in common. `wish` is the gender that the other one should have; `speaks`
    are languages by level.
    """

    gender: str = "female"
    wish: str | None = None
    speaks: Mapping[str, str] | None = None
    interests: tuple[str, ...] = ("cooking", "hiking")
    evening_hours: float = 4.0
    capacity: int = 1


@dataclass(frozen=True, slots=True)
class Somebody:
    """One of them: `number` tells them apart, and `subject` is their reference, once there is one."""

    sort: Sort
    number: int
    subject: str = ""

    @property
    def email(self) -> str:
        """A reserved address."""
        return f"person-{self.number}@example.org"

    @property
    def person(self) -> dict[str, Any]:
        """Name and contact; nobody's."""
        letters = ""
        rest = self.number
        while rest:
            rest, letter = divmod(rest, len(ascii_lowercase))
            letters += ascii_lowercase[letter]
        return {
            "given_name": GIVEN_NAMES[self.sort.gender],
            "family_name": f"Eksempel-{letters.capitalize()}",
            "birth_date": "1985-04-17",
            "gender": self.sort.gender,
            "email": self.email,
            "preferred_language": "en",
        }

    def languages(self, native: str) -> list[dict[str, str]]:
        """As the contract has them: a native one and English, unless the sort says otherwise."""
        spoken = self.sort.speaks or {native: "native", "en": "fluent"}
        return [{"code": code, "level": level} for code, level in spoken.items()]


def people(sort: Sort, how_many: int) -> list[Somebody]:
    """So many new ones; each volunteer's reference is theirs from the start."""
    return [Somebody(sort, next(_numbers)) for _ in range(how_many)]


def volunteers(sort: Sort, how_many: int) -> list[Somebody]:
    """So many new ones, with the references that a coordinator chose for them."""
    return [Somebody(sort, next(_numbers), new_subject("volunteer")) for _ in range(how_many)]


def settlement(who: Somebody, on: date) -> dict[str, Any]:
    """A municipality's settlement of somebody who has come to stay."""
    return {
        "protection": "none",
        "arrived_on": on.isoformat(),
        "settled_on": on.isoformat(),
        "person": who.person,
        "languages": who.languages("ti"),
        "household": {"adults": 1, "minors": 0},
        "unaccompanied_minor": False,
        "occupation": "nurse",
    }


def registration(who: Somebody, municipality: str, on: date) -> Step:
    """What a coordinator sends of a new volunteer."""
    return "RegisterVolunteer", {
        "municipality": municipality,
        "person": who.person,
        "languages": who.languages("nb"),
        "interests": list(who.sort.interests),
        "occupation": "nurse",
        "capacity": who.sort.capacity,
        "registered_on": on.isoformat(),
    }


def joining(who: Somebody, side: PackSide, programme: str, on: date) -> Iterator[Step]:
    """The steps of somebody who takes part and meets all that the pack asks, but for approvals."""
    day = on.isoformat()
    yield "JoinProgramme", {"programme": programme, "joined_on": day}
    for item in side.requirements:
        match item:
            case ConsentAsked():
                text = f"{item.purpose}-1"
                yield "RecordConsent", {"purpose": item.purpose, "text_version": text, "given_on": day}
            case InterviewAsked():
                yield "RecordInterview", {"programme": programme, "held_on": day, **_interview(who.sort)}
            case CheckAsked():
                yield "RecordCheck", {"kind": item.check, "seen_on": day, "role": side.role}
            case ApprovalAsked() | AgeAsked():
                continue


def _interview(sort: Sort) -> dict[str, Any]:
    return {
        "expectations": {"weekly_hours": 2.0, "activities": ["coffee"], "contact": "in_person"},
        "availability": {"weekday_evening": sort.evening_hours},
        "wishes": {"guide_gender": sort.wish} if sort.wish else {},
        "interests": list(sort.interests),
    }
