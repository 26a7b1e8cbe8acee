"""A message's example as a whole record, from the example beside its model."""

import uuid
from typing import Any

from shared.contracts.envelope import Envelope
from shared.contracts.example import MUNICIPALITY, OPERATOR
from shared.contracts.message import Message

EXAMPLE_TIME = "2026-11-22T09:00:00Z"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kobling:example")


def record(message: Message) -> dict[str, Any]:
    """A message's example as it stands on its topic.

    Raises LookupError where there is no example, and pydantic's ValidationError where it isn't one.
    """
    example = message.full_example()
    data = message.model.model_validate(example.data).model_dump(
        mode="json", by_alias=True, exclude_unset=message.inbound, exclude_none=not message.inbound
    )
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": _example_id(message.name),
        "source": _source(message),
        "type": message.type,
        "subject": example.subject,
        "time": EXAMPLE_TIME,
        "datacontenttype": "application/json",
        "dataschema": message.dataschema,
        **example.extensions,
        "data": data,
    }
    if example.revision is not None:
        attributes["revision"] = example.revision
    if not message.inbound:
        attributes["correlationid"] = attributes["causationid"] = _example_id(f"cause of {message.name}")
    return Envelope.model_validate(attributes).model_dump(mode="json", exclude_unset=True)


def _example_id(of: str) -> str:
    return str(uuid.uuid5(_IDS, of))


def _source(message: Message) -> str:
    if not message.inbound:
        return f"/kobling/{message.topic.writers[0]}"
    match message.topic.writers:
        case ("municipality",):
            return f"/municipalities/{MUNICIPALITY}/case-system"
        case ("operator",):
            return f"/operators/{OPERATOR}"
        case _:
            return "/administrators"
