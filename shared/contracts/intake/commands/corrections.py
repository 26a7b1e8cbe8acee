"""What is corrected of somebody, field by field."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts.commands import Command
from shared.contracts.example import REFUGEE, example
from shared.contracts.fields import BirthDate, Contract, Gender, LanguageCode, Line
from shared.contracts.municipal import Address, Email, Phone
from shared.contracts.people import EducationLevel, Interests, Languages
from shared.contracts.published import PRIVATE, PUBLISHED

Clearable = Literal[
    "person.given_name",
    "person.family_name",
    "person.birth_date",
    "person.gender",
    "person.phone",
    "person.email",
    "person.address",
    "occupation",
    "education",
    "travel_km",
]
"""Fields that somebody may be without, by the names that refusals give."""


class PersonCorrected(Contract):
    """Of a `Person`, what is to be otherwise."""

    model_config = example({"phone": "+47 000 00 043"})

    given_name: Line | None = None
    family_name: Line | None = None
    birth_date: BirthDate | None = None
    gender: Gender | None = None
    phone: Phone = None
    email: Email = None
    address: Address = None
    preferred_language: LanguageCode | None = None


class CorrectPerson(Command):
    """Corrects what is known of the subject. A field that is given gets the new value, a list the whole new
    list; a field that is left out, null or blank stays. `clear` names the fields that lose theirs, such as
    `person.email`: a null would not do, since many libraries write one for whatever is not set.

    Of a volunteer all can be corrected that `RegisterVolunteer` took, but municipality and capacity. Of a
    refugee it is what a coordinator may know better than the municipality: `phone`, `email`,
    `preferred_language`, `languages`, `interests`, `occupation` and `education`. Such a correction holds
    until the municipality says something else of the same field than it did before.
    """

    model_config = example(
        {
            "reason": "new_phone",
            "person": {"phone": "+47 000 00 043"},
            "languages": [{"code": "ti", "level": "native"}, {"code": "nb", "level": "fluent"}],
            "interests": ["cooking", "football", "hiking"],
            "clear": ["person.email"],
        },
        subject=REFUGEE,
    )

    person: Annotated[PersonCorrected, PRIVATE] | None = None
    languages: Languages | None = None
    interests: Interests | None = None
    occupation: Annotated[Line, PUBLISHED] | None = None
    education: EducationLevel | None = None
    adults: Annotated[int, Field(ge=1, le=50)] | None = None
    minors: Annotated[int, Field(ge=0, le=50)] | None = None
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    clear: Annotated[list[Clearable], Field(max_length=20)] = []
