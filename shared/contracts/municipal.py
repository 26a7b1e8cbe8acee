"""What a municipality's case system sends on `settlements.<municipality>.v1`."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, WithJsonSchema, model_validator
from pydantic_core import PydanticCustomError

from shared.contracts import topics
from shared.contracts.example import example, shown
from shared.contracts.fields import (
    BirthDate,
    CaseReference,
    Code,
    Contract,
    Day,
    Gender,
    LanguageCode,
    Line,
    Municipality,
)
from shared.contracts.message import inbound
from shared.contracts.municipalities import MunicipalityTold
from shared.contracts.people import EducationLevel, Interests, Languages, Placement
from shared.contracts.published import PRIVATE, PUBLISHED, REGISTERED

Protection = Literal["none", "confidential", "strictly_confidential"]


def _reached(description: str) -> Any:
    """A field by which somebody may be reached. Anything is let in: intake takes what it can make out."""
    return WithJsonSchema({"description": description})


Phone = Annotated[Any, _reached("A telephone number, of the municipality's country where it has no code.")]
Email = Annotated[Any, _reached("An e-mail address.")]
Address = Annotated[Any, _reached("A postal address in one text of up to 200 characters.")]


class Person(Contract):
    """Who somebody is. Personal data: it stays in `settlements.*`, `commands.intake.*` and sealed cards.

    Who has one name has it in either field. `birth_date` is given as far as it is known: `1994-03-09`,
    `1994-03`, `1994`, or not at all; `gender` is left out where it is not recorded. A `phone`, `email` or
    `address` that can't be used never costs a settlement: it is left out, and the receipt has a note. A
    command is refused for it, with the field.
    """

    model_config = example(
        {
            "given_name": "Ada",
            "family_name": "Eksempel-Nord",
            "birth_date": "1994-03-09",
            "gender": "female",
            "phone": "+47 000 00 042",
            "email": "refugee-42@example.org",
            "address": "Eksempelgata 42, Fana",
            "preferred_language": "ti",
        }
    )

    given_name: Line | None = None
    family_name: Line | None = None
    birth_date: BirthDate | None = None
    gender: Gender | None = None
    phone: Phone = None
    email: Email = None
    address: Address = None
    preferred_language: LanguageCode

    @model_validator(mode="after")
    def _named(self) -> Self:
        if self.given_name is None and self.family_name is None:
            raise PydanticCustomError("name_missing", "one of given_name and family_name is required")
        return self


class SettledHousehold(Contract):
    """The household as the municipality knows it; `reference` is the municipality's own."""

    model_config = example({"adults": 1, "minors": 1})

    reference: CaseReference | None = None
    adults: Annotated[int, Field(ge=0, le=50)]
    minors: Annotated[int, Field(ge=0, le=50)]


class FormerCase(Contract):
    """The municipality and case that somebody moved here from. A municipality may be written as its official
    number alone: then it is one of the sender's country, Norway's with four digits, Denmark's with three, or
    with a zero before them.
    """

    municipality: MunicipalityTold
    case: CaseReference


class SettledPlacement(Placement):
    """Where the municipality has housed somebody. Without a `district`, or in one that no programme lists, it
    goes out as `unlisted`, and the receipt has a note.
    """

    model_config = example(shown(Placement))

    district: Annotated[Line, REGISTERED] | None = None  # type: ignore[assignment]


class PersonSettled(Contract):
    """A person is about to be, or has been, settled; the same case again, later, is a correction.

    `protection` absent means strictly confidential. Where it is anything but `none`, `person` is dropped
    before anything looks at it. At least one of the three dates is there; only `expected_arrival_on` may
    lie ahead, and with it alone `placement.placed_on`, by a year at most.

    `occupation` and `interests` are published where the municipality's programmes list them, or, where these
    list nothing, as codes of up to three plain words, such as `cook`; another occupation stays in intake.
    `placement.district` is published where they list it, in their spelling. What goes nowhere, but for an
    occupation, is said in the receipt: it costs no settlement.
    """

    model_config = example(
        {
            "protection": "none",
            "arrived_on": "2026-10-05",
            "settled_on": "2026-10-05",
            "placement": shown(SettledPlacement),
            "person": shown(Person),
            "languages": [{"code": "ti", "level": "native"}, {"code": "nb", "level": "basic"}],
            "household": shown(SettledHousehold),
            "unaccompanied_minor": False,
            "occupation": "cook",
            "education": "secondary",
            "interests": ["cooking", "football"],
        }
    )

    protection: Protection = "strictly_confidential"
    expected_arrival_on: Day | None = None
    arrived_on: Day | None = None
    settled_on: Day | None = None
    placement: SettledPlacement | None = None
    person: Annotated[Person | None, PRIVATE] = None
    languages: Languages = []
    household: SettledHousehold | None = None
    unaccompanied_minor: bool = False
    occupation: Annotated[Line, PUBLISHED] | None = None
    education: EducationLevel | None = None
    interests: Interests = []
    former: Annotated[FormerCase | None, Field(alias="from"), PRIVATE] = None

    def goes_out(self) -> bool:
        """Nothing of protected people and minors does: to refuse their record for a text would leave public
        what an earlier one said.
        """
        return self.protection == "none" and not self.unaccompanied_minor

    @model_validator(mode="before")
    @classmethod
    def _drop_protected_person(cls, data: Any) -> Any:
        if isinstance(data, dict) and data.get("protection") != "none" and "person" in data:
            return {name: value for name, value in data.items() if name != "person"}
        return data

    @model_validator(mode="after")
    def _complete(self) -> Self:
        if not (self.expected_arrival_on or self.arrived_on or self.settled_on):
            raise PydanticCustomError(
                "date_missing", "one of expected_arrival_on, arrived_on and settled_on is required"
            )
        if self.protection == "none" and self.person is None:
            raise PydanticCustomError("person_missing", "person is required where protection is none")
        return self


class SettlementWithdrawn(Contract):
    """The case no longer concerns this municipality's programmes."""

    model_config = example({"reason": "entered_in_error"})

    reason: Annotated[Code, PRIVATE]


class PersonMoved(Contract):
    """The person has moved to another municipality, which sends its own `PersonSettled` with `from`.

    `moved_on` can't lie ahead.
    """

    model_config = example({"to_municipality": "no-5501", "moved_on": "2026-11-02"})

    to_municipality: Annotated[Municipality, PRIVATE]
    moved_on: Day


PERSON_SETTLED = inbound(topics.SETTLEMENTS, PersonSettled)
SETTLEMENT_WITHDRAWN = inbound(topics.SETTLEMENTS, SettlementWithdrawn)
PERSON_MOVED = inbound(topics.SETTLEMENTS, PersonMoved)
