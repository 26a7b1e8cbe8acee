"""A name in every place of every record that comes in, and where it is then.

Left out, since they are what they are for: a command's id, which its replies repeat; a text's version, which
is published as it was typed; a language's code. A case's reference is repeated to its municipality,
so settlements have none that is a name as a code.
"""

import re
import uuid
from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import bson
from motor.motor_asyncio import AsyncIOMotorClient

from shared.contracts import topics
from shared.contracts.example import OPERATOR, shown
from shared.contracts.message import Message
from shared.contracts.published import ITEM, texts
from shared.messaging.reading.records import Headers
from tests.unit.messaging.records import STRUCTURED

NAME, AS_CODE = "Kanari Fuglesang", "kanari_fuglesang"
"""A name as people write it, and as a code has it: the one is refused where the other is taken."""
PHONE = "+47 000 0{} 998"
CANARY = re.compile(rb"kanari|\+47 000 0\d 998", re.IGNORECASE)
"""What no name but these, and no other number, has in it."""
NOT_BOUND = {"text_version", "code"}
ATTRIBUTES = (
    "source",
    "type",
    "subject",
    "dataschema",
    "correlationid",
    "causationid",
    "traceparent",
    "tracestate",
    "partitionkey",
)

Sent = tuple[dict[str, Any], str, Headers]
"""An event, its key and its headers."""


def event(message: Message) -> Sent:
    """A message's example as it is sent."""
    example = message.full_example()
    subject = example.subject or "BER-2026-0042"
    document = {
        "specversion": "1.0",
        "id": str(uuid.uuid4()),
        "source": f"/operators/{OPERATOR}",
        "type": message.type,
        "subject": subject,
        "time": "2016-06-15T07:00:00Z",
        "data": dict(shown(message.model)),
    }
    return document, subject, STRUCTURED


def with_names(message: Message) -> Iterator[Sent]:
    """The message with a name in one place after another."""
    for name in (NAME, AS_CODE):
        for attribute in (*ATTRIBUTES, *(["id"] if message.topic is topics.SETTLEMENTS else [])):
            if message.topic is topics.SETTLEMENTS and (attribute, name) == ("subject", AS_CODE):
                continue
            document, key, headers = event(message)
            yield {**document, attribute: name}, name if attribute == "subject" else key, headers
        document, key, headers = event(message)
        yield document, NAME, headers
        yield document, key, (*headers, ("x-kanari", name.encode()), (f"ce_{name}", b"1"))
        for text in texts(message.model):
            if not NOT_BOUND & set(text.path):
                document, key, headers = event(message)
                yield {**document, "data": placed(document["data"], text.path, name)}, key, headers
    document, key, headers = event(message)
    yield {**document, "data": {**document["data"], "remark": NAME}}, key, headers
    yield {**document, "data": NAME}, key, headers
    yield from with_names_of_fields(message)


def with_names_of_fields(message: Message) -> Iterator[Sent]:
    """The message with a field of that name in each of its objects, and with two such headers that differ."""
    document, key, headers = event(message)
    for name in (NAME, AS_CODE):
        for path in objects(document):
            yield with_field(document, path, name), key, headers
        attributes = [(f"ce_{one}", str(said).encode()) for one, said in document.items() if one != "data"]
        for value in (b"2", b"\xff"):
            twice = ((f"ce_{name}", b"1"), (f"ce_{name}", value))
            yield document["data"], key, (*attributes, *twice)


def objects(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Where the objects of a JSON value lie, itself first."""
    if isinstance(value, dict):
        yield path
    inner: Any = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for name, held_there in inner:
        yield from objects(held_there, (*path, name))


def with_field(document: dict[str, Any], path: tuple[str | int, ...], name: str) -> dict[str, Any]:
    """A copy of JSON with one field more in the object at a path."""
    copy = deepcopy(document)
    place: Any = copy
    for part in path:
        place = place[part]
    place[name] = "x"
    return copy


def placed(value: Any, path: tuple[str, ...], name: str) -> Any:
    """A copy of JSON with the name at a path."""
    if not path:
        return name
    head = "from" if path[0] == "former" else path[0]
    if head == ITEM:
        return [placed(value[0] if value else {}, path[1:], name)]
    return {**(value or {}), head: placed((value or {}).get(head), path[1:], name)}


async def held(address: str, *databases: str) -> list[str]:
    """Where databases and the oplog hold a canary, names and ids of their collections included."""
    client: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(address)
    found = []
    try:
        for name in databases:
            for collection in await client[name].list_collection_names():
                found += [
                    f"{name}.{collection}: {document.get('topic', document['_id'])}"
                    async for document in client[name][collection].find({})
                    if CANARY.search(bson.encode(document))
                ]
        owned = {"$regex": f"^({'|'.join(databases)})\\."}
        seen = 0
        async for entry in client["local"]["oplog.rs"].find(
            {"$or": [{"ns": owned}, {"o.applyOps.ns": owned}]}
        ):
            seen += 1
            if CANARY.search(bson.encode(entry)):
                found.append(f"oplog: {entry.get('ns')} {entry['op']}")
        assert seen
    finally:
        client.close()
    return found
