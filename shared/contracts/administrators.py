"""What administrators write: who may act (`operators.v1`) and the programme packs (`programmes.v1`)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, PACK_VERSION, POOL, PROGRAMME, example
from shared.contracts.fields import (
    Code,
    Contract,
    Count,
    Hours,
    Instant,
    Line,
    Municipality,
    OperatorId,
    PackVersion,
    ProgrammeName,
)
from shared.contracts.message import inbound
from shared.contracts.published import REGISTERED
from shared.contracts.sealed import Base64, KeyId

Role = Literal["coordinator", "approver", "administrator", "dead_letters", "auditor"]

RegisteredCode = Annotated[Code, REGISTERED]


class Operator(Contract):
    """An account that may send commands. `person` is a random reference: two accounts of one person are
    one pair of eyes. `public_key` (X25519, 32 bytes) is what sealed replies are sealed to.
    """

    model_config = example(
        {
            "person": "person_example2example3",
            "organisation": "red_cross_bergen",
            "municipalities": [MUNICIPALITY],
            "roles": ["coordinator", "approver"],
            "public_key": "ZXhhbXBsZSBvZiBhIHB1YmxpYyBrZXksIDMyIGJ5dGU=",
            "key_id": "bergen-redcross-1.2026",
            "valid_until": "2027-12-31T23:00:00Z",
        }
    )

    operator: OperatorId
    person: RegisteredCode
    organisation: RegisteredCode
    municipalities: Annotated[list[Municipality], Field(min_length=1, max_length=400)]
    roles: Annotated[list[Role], Field(min_length=1)]
    public_key: Annotated[Base64, REGISTERED] | None = None
    key_id: Annotated[KeyId, REGISTERED] | None = None
    valid_until: Instant


class PackSide(Contract):
    """One side of a pack's pairs: the kind of party, and what it needs before it may be matched.

    `consents` are purposes; `checks` kinds that must have been seen; `approvals` the organisations that
    each must approve; `interview` whether one must have been held.
    """

    model_config = example(
        {
            "party": "person",
            "role": "refugee",
            "consents": ["matching", "contact"],
            "interview": True,
        }
    )

    party: Literal["person", "household"]
    role: RegisteredCode
    consents: list[RegisteredCode] = []
    interview: bool = True
    checks: list[RegisteredCode] = []
    approvals: list[RegisteredCode] = []
    minimum_age: Annotated[int, Field(ge=0, le=120)] | None = None


class PackWeights(Contract):
    """Most points of each part of a pair's quality score."""

    model_config = example(
        {
            "interests": 30,
            "age": 18,
            "life_situation": 12,
            "occupation": 7,
            "language": 20,
            "distance": 8,
            "availability": 5,
        }
    )

    interests: Count
    age: Count
    life_situation: Count
    occupation: Count
    language: Count
    distance: Count
    availability: Count


class ProgrammePack(Contract):
    """The rules of one programme as data; a pair keeps the version that it started with.

    `language_rule` `hard` excludes pairs with no common language, `soft` only scores it.
    `waiting_points_per_day` is added for each day the receiving party has waited, uncapped.
    `respond_within_days` is each proposal's deadline; `exclusion_days` how long a declined or expired couple
    is not proposed again. `signatories` all sign before a pair is created.
    """

    model_config = example(
        {
            "kind": "guide",
            "title": "Flyktningguide, Bergen",
            "relation": "guide",
            "giving": {
                "party": "person",
                "role": "guide",
                "consents": ["matching", "contact"],
                "interview": True,
                "checks": ["police_certificate", "confidentiality_declaration", "training"],
                "approvals": ["red_cross_bergen", "introduction_programme_bergen"],
                "minimum_age": 18,
            },
            "language_rule": "hard",
            "gender_wishes": True,
            "minimum_common_hours": 1.0,
            "waiting_points_per_day": 0.2,
            "respond_within_days": 14,
            "exclusion_days": 180,
            "signatories": ["refugee", "guide", "red_cross_bergen"],
        },
        subject=f"{PROGRAMME}@{PACK_VERSION}",
    )

    name: ProgrammeName
    version: PackVersion
    kind: Literal["guide"]
    title: Annotated[Line, REGISTERED]
    relation: RegisteredCode
    receiving: PackSide
    giving: PackSide
    language_rule: Literal["hard", "soft", "off"]
    gender_wishes: bool = True
    minimum_common_hours: Hours
    weekly_hours: Hours | None = None
    minimum_months: Annotated[int, Field(ge=0, le=60)] | None = None
    maximum_months: Annotated[int, Field(ge=1, le=60)] | None = None
    weights: PackWeights
    waiting_points_per_day: Annotated[float, Field(ge=0, le=100, strict=False)]
    respond_within_days: Annotated[int, Field(ge=1, le=365)]
    exclusion_days: Annotated[int, Field(ge=0, le=3650)]
    signatories: Annotated[list[RegisteredCode], Field(min_length=1, max_length=10)]


class ActiveProgramme(Contract):
    """That a municipality runs a programme under a pack version; key `active/<municipality>/<name>`."""

    model_config = example({}, subject=f"active/{POOL}")

    municipality: Municipality
    programme: ProgrammeName
    pack_version: PackVersion


OPERATOR_REGISTERED = inbound(topics.OPERATORS, Operator, "OperatorRegistered")
PROGRAMME_PUBLISHED = inbound(topics.PROGRAMMES, ProgrammePack, "ProgrammePublished")
PROGRAMME_ACTIVATED = inbound(topics.PROGRAMMES, ActiveProgramme, "ProgrammeActivated")
