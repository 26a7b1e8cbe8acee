"""The attributes that records have in common, once for each kind of record."""

from shared.contracts.asyncapi.naming import Data, ref
from shared.contracts.message import Message
from shared.contracts.topics import SETTLEMENTS

_OWN = ("type", "data")
"""What differs from message to message; every envelope leaves room for it."""


def kind(message: Message) -> str:
    """The component of a message's envelope."""
    if message.command:
        return "CommandEnvelope"
    if message.topic == SETTLEMENTS:
        return "SettlementEnvelope"
    if message.inbound:
        return "AdministrationEnvelope"
    return "StateEnvelope" if message.topic.state else "PublishedEnvelope"


def parted(message: Message, record: Data) -> tuple[Data, Data]:
    """A record's schema in two: the envelope that it shares with others, and what refers to it.

    Whatever fits both parts of the second fits the whole record, and the reverse.
    """
    shared = {name: part for name, part in record.items() if name not in {"title", "description"}}
    envelope = {
        **shared,
        "properties": {name: {} if name in _OWN else part for name, part in record["properties"].items()},
    }
    own = {
        "title": record["title"],
        "description": record["description"],
        "allOf": [
            ref("components", "schemas", kind(message)),
            {"type": "object", "properties": {name: record["properties"][name] for name in _OWN}},
        ],
    }
    return envelope, own
