"""Attributes of people and households that several contracts use. Nothing here identifies anyone."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.fields import Code, Contract, Day, Gender, Hours, LanguageCode, Line, Subject

LanguageLevel = Literal["native", "fluent", "basic"]
WeekdayPart = Literal["weekday_morning", "weekday_afternoon", "weekday_evening", "weekend"]


class Language(Contract):
    """A language somebody speaks: BCP 47 `code`, and how well."""

    code: LanguageCode
    level: LanguageLevel


class Placement(Contract):
    """Where a municipality has housed somebody; `district` is a part of town, never an address."""

    kind: Literal["temporary", "permanent", "private_host"]
    placed_on: Day
    district: Line


class Household(Contract):
    """How many live together. `ref` is Kobling's own random reference, the same for all its members."""

    ref: Subject | None = None
    adults: Annotated[int, Field(ge=0, le=50)]
    minors: Annotated[int, Field(ge=0, le=50)]


class Wishes(Contract):
    """What somebody asked for at the interview; an absent `guide_gender` means no wish."""

    guide_gender: Gender | None = None
    interpreter_ok: bool = False


class Expectations(Contract):
    """What a side expects of the relation: hours a week, activities, form of contact."""

    weekly_hours: Hours
    activities: Annotated[list[Code], Field(max_length=20)]
    contact: Literal["in_person", "phone", "mixed"]


class Availability(Contract):
    """Free hours a week in each part of it."""

    weekday_morning: Hours = 0
    weekday_afternoon: Hours = 0
    weekday_evening: Hours = 0
    weekend: Hours = 0


Languages = Annotated[list[Language], Field(max_length=20)]
Interests = Annotated[list[Code], Field(max_length=40)]
EducationLevel = Literal["none", "primary", "secondary", "vocational", "bachelor", "master", "doctorate"]
BirthYear = Annotated[int, Field(ge=1900, le=2200)]
