"""What channels and messages are called in the document, and references to them."""

from typing import Any

from shared.contracts.message import Message
from shared.contracts.topics import Topic

Data = dict[str, Any]
"""A part of the document as JSON."""

ERASED, TICK = "Erased", "Tick"
BINDING = "0.5.0"
"""The version of AsyncAPI's bindings to Kafka that is written here."""


def ref(*path: str) -> Data:
    """A reference within the document: `ref("channels", "pairs")` → `{"$ref": "#/channels/pairs"}`."""
    return {"$ref": "/".join(["#", *path])}


def address(topic: Topic) -> str:
    """A topic's name as AsyncAPI has it: `settlements.{municipality}.v1`."""
    return topic.name.replace("<", "{").replace(">", "}")


def channel_id(topic: Topic) -> str:
    """A topic's name without owner and version: `settlements.<municipality>.v1` → `settlements`."""
    parts = topic.name.removesuffix(".v1").split(".")
    return ".".join(part for part in parts if not part.startswith("<"))


def of_topic(topic: Topic, messages: tuple[Message, ...]) -> dict[str, str]:
    """The messages of a topic, by their name within its channel: the name of each message's component.

    Beside those of the catalogue, what is read as a null value, and the notices of refused records.
    """
    found = {message.name: message.name for message in messages if message.topic == topic}
    if topic.cleanup == "compact":
        found[ERASED] = ERASED
    if topic.state:
        found[TICK] = TICK
    return found or {"DeadLetter": dead_letter(topic)}


def dead_letter(topic: Topic) -> str:
    """The component of a dead-letter topic's notices: intake's carry nothing of the record."""
    return "BareDeadLetter" if topic.personal_data == "never" else "DeadLetter"
