"""What administrators write of who may act (`operators.v1`)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, example
from shared.contracts.fields import (
    Code,
    Contract,
    Instant,
    Municipality,
    OperatorId,
)
from shared.contracts.message import inbound
from shared.contracts.published import REGISTERED
from shared.contracts.sealed import Base64, KeyId

Role = Literal["coordinator", "approver", "administrator", "dead_letters", "auditor"]


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
    person: Annotated[Code, REGISTERED]
    organisation: Annotated[Code, REGISTERED]
    municipalities: Annotated[list[Municipality], Field(min_length=1, max_length=400)]
    roles: Annotated[list[Role], Field(min_length=1)]
    public_key: Annotated[Base64, REGISTERED] | None = None
    key_id: Annotated[KeyId, REGISTERED] | None = None
    valid_until: Instant


OPERATOR_REGISTERED = inbound(topics.OPERATORS, Operator, "OperatorRegistered")
