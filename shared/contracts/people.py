"""Attributes of people and households that several contracts use. Nothing here identifies anyone."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.example import example
from shared.contracts.fields import Code, Contract, Day, Gender, Hours, LanguageCode, Line, Subject
from shared.contracts.published import PUBLISHED, REGISTERED

LanguageLevel = Literal["native", "fluent", "basic"]
WeekdayPart = Literal["weekday_morning", "weekday_afternoon", "weekday_evening", "weekend"]


class Language(Contract):
    """A language somebody speaks: BCP 47 `code`, and how well."""

    model_config = example({"code": "ti", "level": "native"})

    code: LanguageCode
    level: LanguageLevel


class Placement(Contract):
    """Where a municipality has housed somebody.

    `district` is a part of town that the municipality's programmes list, and `unlisted` in what Kobling
    publishes where the case system wrote anything else: it may have been an address.
    """

    model_config = example({"kind": "permanent", "placed_on": "2026-10-05", "district": "Fana"})

    kind: Literal["temporary", "permanent", "private_host"]
    placed_on: Day
    district: Annotated[Line, REGISTERED]


class Household(Contract):
    """How many live together. `ref` is Kobling's own random reference, the same for all its members."""

    model_config = example({"adults": 1, "minors": 1})

    ref: Subject | None = None
    adults: Annotated[int, Field(ge=0, le=50)]
    minors: Annotated[int, Field(ge=0, le=50)]


class Wishes(Contract):
    """What somebody asked for at the interview; an absent `guide_gender` means no wish."""

    model_config = example({"guide_gender": "female", "interpreter_ok": False})

    guide_gender: Gender | None = None
    interpreter_ok: bool = False


class Expectations(Contract):
    """What a side expects of the relation: hours a week, activities, form of contact."""

    model_config = example(
        {"weekly_hours": 2.0, "activities": ["cooking", "practise_norwegian"], "contact": "in_person"}
    )

    weekly_hours: Hours
    activities: Annotated[list[Code], Field(max_length=20), PUBLISHED]
    contact: Literal["in_person", "phone", "mixed"]


class Availability(Contract):
    """Free hours a week in each part of it."""

    model_config = example(
        {"weekday_morning": 0.0, "weekday_afternoon": 0.0, "weekday_evening": 3.0, "weekend": 4.0}
    )

    weekday_morning: Hours = 0
    weekday_afternoon: Hours = 0
    weekday_evening: Hours = 0
    weekend: Hours = 0


Languages = Annotated[list[Language], Field(max_length=20)]
Interests = Annotated[list[Code], Field(max_length=40), PUBLISHED]
EducationLevel = Literal["none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate"]
BirthYear = Annotated[int, Field(ge=1900, le=2200)]
