"""Programme packs (`programmes.v1`): what a programme asks of people and how it pairs them, as data.

A pack has the sections that its programme needs. Requirements are a list of codes with parameters: each is a
class here and a function in intake. How people are paired is in `pairing`.
"""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import PACK_VERSION, POOL, PROGRAMME, example
from shared.contracts.fields import (
    Code,
    Contract,
    Line,
    Municipality,
    PackVersion,
    PrintableLine,
    ProgrammeName,
)
from shared.contracts.message import inbound
from shared.contracts.pairing import PackPairing
from shared.contracts.periods import Months
from shared.contracts.published import REGISTERED


class ConsentAsked(Contract):
    """A consent in force for a purpose, such as `matching`; `of` is who must have given it."""

    kind: Literal["consent"]
    purpose: Code
    of: Literal["self"] = "self"


class InterviewAsked(Contract):
    """An interview for this programme."""

    kind: Literal["interview"]


class CheckAsked(Contract):
    """A document that was seen, such as `police_certificate`, and for how long that holds; `minors` asks it
    of those alone in whose household there are some.
    """

    kind: Literal["check"]
    check: Code
    valid_for: Months | None = None
    when: Literal["always", "minors"] = "always"


class ApprovalAsked(Contract):
    """An organisation's approval, and for how long it holds."""

    kind: Literal["approval"]
    organisation: Code
    valid_for: Months | None = None


class AgeAsked(Contract):
    """A least age in years."""

    kind: Literal["age"]
    minimum: Annotated[int, Field(ge=0, le=120)]


Requirement = Annotated[
    ConsentAsked | InterviewAsked | CheckAsked | ApprovalAsked | AgeAsked, Field(discriminator="kind")
]
"""What somebody must have before they may be matched."""


class PackSide(Contract):
    """One side of a pack's pairs: the kind of party, their role in the programme, and what each must have."""

    model_config = example(
        {
            "party": "person",
            "role": "refugee",
            "requirements": [
                {"kind": "consent", "purpose": "matching"},
                {"kind": "consent", "purpose": "contact"},
                {"kind": "interview"},
                {"kind": "age", "minimum": 18},
            ],
        }
    )

    party: Literal["person", "household"]
    role: Code
    requirements: Annotated[list[Requirement], Field(max_length=40)] = []


class PackSides(Contract):
    """Who is helped and who helps."""

    model_config = example(
        {
            "giving": {
                "party": "person",
                "role": "guide",
                "requirements": [
                    {"kind": "consent", "purpose": "matching"},
                    {"kind": "consent", "purpose": "contact"},
                    {"kind": "interview"},
                    {"kind": "check", "check": "police_certificate"},
                    {"kind": "check", "check": "confidentiality_declaration"},
                    {"kind": "check", "check": "training"},
                    {"kind": "approval", "organisation": "red_cross_bergen"},
                    {"kind": "approval", "organisation": "introduction_programme_bergen"},
                    {"kind": "age", "minimum": 18},
                ],
            }
        }
    )

    receiving: PackSide
    giving: PackSide


class ProgrammePack(Contract):
    """The rules of one programme as data; a pair keeps the version that it started with."""

    model_config = example(
        {"kind": "guide", "title": "Flyktningguide, Bergen"}, subject=f"{PROGRAMME}@{PACK_VERSION}"
    )

    name: ProgrammeName
    version: PackVersion
    kind: Literal["guide"]
    title: Annotated[Line, REGISTERED]
    sides: Annotated[PackSides, REGISTERED]
    pairing: Annotated[PackPairing, REGISTERED]


class ActiveProgramme(Contract):
    """That a municipality runs a programme under a pack version; key `active/<municipality>/<name>`.

    `districts` are the municipality's parts of town, and `topics` the codes for interests, activities and
    occupations. Only what one of a municipality's programmes lists is published; where none lists topics,
    codes of up to three plain words are. `predecessors` are the codes that the municipality had before, its
    own and those of others that it became one with: their people and pairs go on under this one.
    """

    model_config = example(
        {"districts": ["Fana", "Laksevåg", "Årstad"], "topics": ["cook", "cooking", "football"]},
        subject=f"active/{POOL}",
    )

    municipality: Municipality
    programme: ProgrammeName
    pack_version: PackVersion
    districts: Annotated[list[PrintableLine], Field(max_length=200), REGISTERED] = []
    topics: Annotated[list[Code], Field(max_length=1000), REGISTERED] = []
    predecessors: Annotated[list[Municipality], Field(max_length=50)] = []


PROGRAMME_PUBLISHED = inbound(topics.PROGRAMMES, ProgrammePack, "ProgrammePublished", version=2)
PROGRAMME_ACTIVATED = inbound(topics.PROGRAMMES, ActiveProgramme, "ProgrammeActivated")
