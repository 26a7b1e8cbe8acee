"""Operators' records: who may send commands, on `operators.v1`."""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from kobling.administration import publish
from kobling.errors import AdministrationError
from kobling.programmes import Desk, Standing
from kobling.setup.handing_over import Secrets
from shared.cluster import Cluster
from shared.contracts.access import Principal
from shared.contracts.administrators import OPERATOR_REGISTERED, Operator
from shared.contracts.fields import format_instant
from shared.contracts.topics import OPERATORS
from shared.ids import new_event_id, new_subject
from shared.programmes import why_refused
from shared.sealing import new_key_pair

VALID = timedelta(days=365)


@dataclass(frozen=True, slots=True)
class Registration:
    """What an administrator says of an operator; what they leave out stays as it was, or is made.

    `valid_until` is RFC 3339; a year from now unless said.
    """

    operator: str
    organisation: str
    municipalities: Sequence[str]
    roles: Sequence[str]
    person: str | None = None
    valid_until: str | None = None


@dataclass(frozen=True, slots=True)
class Directory:
    """The operators of an installation."""

    kafka: Cluster
    prefix: str

    async def checked(self, said: Registration, secrets: Secrets) -> Operator:
        """The operator's record, with keys of which the private one is among the secrets. Raises
        AdministrationError with all faults.
        """
        before = (await self._look()).operators.everybody().get(said.operator)
        account = Principal("operator", said.operator).account
        record: dict[str, Any] = {
            "operator": said.operator,
            "person": said.person or (before.person if before else new_subject("person").replace("-", "_")),
            "organisation": said.organisation,
            "municipalities": list(said.municipalities),
            "roles": list(said.roles),
            "valid_until": said.valid_until or format_instant(datetime.now(UTC) + VALID),
        }
        if before is not None and before.public_key is not None:
            record |= {"public_key": before.public_key, "key_id": before.key_id}
        if faults := why_refused(record, Operator):
            raise AdministrationError("\n".join(faults))
        if "public_key" not in record:
            private, public = new_key_pair()
            # Kept before it is told: whatever is sealed to a key that nobody has is lost.
            secrets.write(account, "key", private)
            record |= {"public_key": public, "key_id": f"{said.operator}.{datetime.now(UTC):%Y-%m}"}
        return Operator.model_validate(record)

    async def register(self, record: Operator) -> None:
        """Publishes the record. Raises KafkaError."""
        envelope = {
            "specversion": "1.0",
            "id": new_event_id(),
            "source": "/administrators",
            "type": OPERATOR_REGISTERED.type,
            "subject": record.operator,
            "time": format_instant(datetime.now(UTC)),
            "datacontenttype": "application/json",
            "dataschema": OPERATOR_REGISTERED.dataschema,
            "data": record.model_dump(mode="json", exclude_none=True),
        }
        await publish(
            self.kafka, [(self.prefix + OPERATORS.name, record.operator, json.dumps(envelope).encode())]
        )

    async def forget(self, operator: str) -> None:
        """Removes the operator's record. Raises AdministrationError for nobody, and KafkaError."""
        if operator not in (await self._look()).operators.everybody():
            raise AdministrationError(f"{operator} is not registered; `kobling operators list` says who is")
        await publish(self.kafka, [(self.prefix + OPERATORS.name, operator, None)])

    async def listed(self) -> list[dict[str, Any]]:
        """Every operator's record."""
        known = (await self._look()).operators.everybody()
        return [known[name].model_dump(mode="json", exclude_none=True) for name in sorted(known)]

    async def _look(self) -> Standing:
        return await Desk(self.kafka, self.prefix, datetime.now(UTC)).look()
