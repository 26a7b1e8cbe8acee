"""Records as outside systems write them: JSON by the published contracts, with ids from a seed."""

import json
import random
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

Document = dict[str, Any]
Headers = tuple[tuple[str, bytes | None], ...]

STRUCTURED: Headers = (("content-type", b"application/cloudevents+json"),)
PROGRAMME = "flyktningguide-bergen"
MUNICIPALITIES = ("no-4611", "no-4612", "no-4613", "no-4614", "no-4615", "dk-751")
"""Those that run the programme."""
WITHOUT_PROGRAMME = "no-4690"
FAR = "2190-01-01"
"""A day that lies ahead of every clock, a shifted one too."""


@dataclass(frozen=True, slots=True)
class Record:
    """A record to send; the topic is named without the prefix. Key and value may hold
    `case:<municipality>/<case>`, which stands for the reference that Kobling has given to the case.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = STRUCTURED


def seeded(*parts: object) -> random.Random:
    """A source of chance that gives the same for the same parts."""
    return random.Random(" ".join(map(str, parts)))  # noqa: S311 (a stream, to be had again)


def new_id(chance: random.Random) -> str:
    """An event's id."""
    return str(uuid.UUID(int=chance.getrandbits(128), version=4))


def new_volunteer(chance: random.Random) -> str:
    """A volunteer's reference, as an operator chooses it."""
    return "volunteer-" + "".join(chance.choices("abcdefghijklmnopqrstuvwxyz234567", k=24))


def encoded(document: Mapping[str, Any]) -> bytes:
    """A document's bytes."""
    return json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode()


def structured(topic: str, document: Document) -> Record:
    """The record of a structured CloudEvent."""
    return Record(topic, str(document["subject"]).encode(), encoded(document))


def binary(topic: str, document: Document) -> Record:
    """The same in binary mode: attributes are headers."""
    attributes = {name: text for name, text in document.items() if name not in {"data", "datacontenttype"}}
    headers = [("content-type", b"application/json")]
    for name, text in attributes.items():
        shown = json.dumps(text) if isinstance(text, bool | int) else str(text)
        headers.append((f"ce_{name}", shown.encode()))
    return Record(topic, str(document["subject"]).encode(), encoded(document["data"]), tuple(headers))


def settlement_event(
    chance: random.Random, municipality: str, case: str, time: str, name: str, data: Document
) -> Document:
    """What a municipality's case system sends."""
    return {
        "specversion": "1.0",
        "id": new_id(chance),
        "source": f"/municipalities/{municipality}/case-system",
        "type": f"no.kobling.{name}.v1",
        "subject": case,
        "time": time,
        "data": data,
    }


def command(
    chance: random.Random, operator: str, name: str, subject: str, data: Document, **attributes: Any
) -> Document:
    """What an operator sends; `attributes` are more of the envelope's, such as `dryrun`."""
    return {
        "specversion": "1.0",
        "id": new_id(chance),
        "source": f"/operators/{operator}",
        "type": f"no.kobling.command.{name}.v1",
        "subject": subject,
        "time": "2016-06-15T08:00:00Z",
        "datacontenttype": "application/json",
        **attributes,
        "data": {"reason": "routine", **data},
    }


def commands_topic(service: str, operator: str) -> str:
    """Where an operator's commands to a service go."""
    return f"commands.{service}.{operator}.v1"


def settlements_topic(municipality: str) -> str:
    """Where a municipality's settlements go."""
    return f"settlements.{municipality}.v1"
