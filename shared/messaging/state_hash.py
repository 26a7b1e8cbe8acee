"""The hash of a service's state: what a replay must leave unchanged, and a rebuild must bring back.

Each service declares its state as `Part`s. Read while the service is at rest: the collections are read one
after the other.
"""

import hashlib
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from shared.contracts.topics import Topic
from shared.mongo import Database, Document

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_PASSTHROUGH_DATETIME


@dataclass(frozen=True, slots=True)
class Part:
    """The documents of one collection that are state, and their fields that are, besides `_id`.

    `computed` are fields by MongoDB expressions, for a piece of an array; `where` leaves documents out.
    """

    collection: str
    fields: tuple[str, ...]
    computed: Mapping[str, Any] = field(default_factory=dict)
    where: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Follower:
    """Where a service keeps the newest state of each subject of a state topic that it has handled, by `_id`.

    `revision` is its revision by a MongoDB expression; `where` tells the topic's subjects from others, and
    `gone` those who were erased. Of a topic whose subjects are in several collections, `prefix` is what those
    in this one begin with.
    """

    topic: Topic
    collection: str
    revision: Any = "$revision"
    where: Mapping[str, Any] = field(default_factory=dict)
    gone: Mapping[str, Any] = field(default_factory=lambda: {"erased": True})
    prefix: str = ""


def due_rows(*fields: str, kind: str) -> Part:
    """The live due rows of a kind; give their moment as a field only where it follows from the state."""
    return Part("due", ("kind", "subject", *fields), where={"kind": kind})


NOT_ERASED: Mapping[str, Any] = {"erased": {"$ne": True}}
"""Gravestones are no state: they go when MongoDB expires them, and a topic forgets its null values."""


async def state_hash(database: Database, state: Sequence[Part]) -> str:
    """SHA-256 in hexadecimal; one document is in memory at a time. Raises PyMongoError."""
    digest = hashlib.sha256()
    async for line in lines(database, state):
        digest.update(line)
    return digest.hexdigest()


async def lines(database: Database, state: Sequence[Part]) -> AsyncIterator[bytes]:
    """What is hashed: each part's collection, then its documents by `_id`, one a line."""
    for part in state:
        yield part.collection.encode() + b"\n"
        projection = {**dict.fromkeys(part.fields, 1), **part.computed}
        async for document in database[part.collection].find(part.where, projection, sort=[("_id", 1)]):
            yield _canonical(document) + b"\n"


def _canonical(document: Document) -> bytes:
    return orjson.dumps(document, default=_plain, option=_OPTIONS)


def _plain(value: Any) -> Any:
    """What JSON has no form for, in one that nothing else takes."""
    match value:
        case bytes():
            return {"$binary": value.hex()}
        case datetime():
            return {"$date": value.isoformat()}
        case _:
            return {"$other": str(value)}
