"""What administrators write of who may act (`operators.v1`)."""

from typing import Annotated, Literal

from pydantic import Field

from shared.contracts import topics
from shared.contracts.fields import (
    Code,
    Contract,
    Instant,
    Municipality,
    OperatorId,
)
from shared.contracts.message import inbound
from shared.contracts.sealed import Base64, KeyId

Role = Literal["coordinator", "approver", "administrator", "dead_letters", "auditor"]


class Operator(Contract):
    """An account that may send commands. `person` is a random reference: two accounts of one person are
    one pair of eyes. `public_key` (X25519, 32 bytes) is what sealed replies are sealed to.
    """

    operator: OperatorId
    person: Code
    organisation: Code
    municipalities: Annotated[list[Municipality], Field(min_length=1, max_length=400)]
    roles: Annotated[list[Role], Field(min_length=1)]
    public_key: Base64 | None = None
    key_id: KeyId | None = None
    valid_until: Instant


OPERATOR_REGISTERED = inbound(topics.OPERATORS, Operator, "OperatorRegistered")
