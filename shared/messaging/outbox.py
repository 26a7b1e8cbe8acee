"""The outbox: records to send, stored in bundles, so that a batch costs a few documents and not one a record.

A bundle's records go to one topic, share their headers, their `order` and their slot, and no two of them have
the same key. Records of a key have ascending orders, so bundles that are sent by `order` keep each key's.
"""

import zlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from pymongo import IndexModel

from shared.contracts.topics import Topic
from shared.mongo import Database, Document, ObjectId

Headers = tuple[tuple[str, bytes], ...]
Place = tuple[str, bytes | None]
"""A topic and a key, or a whole topic."""

OLDEST_FIRST = [("order", 1), ("_id", 1)]
INDEXES = [IndexModel(OLDEST_FIRST)]
SLOTS = 16
"""Relays share the outbox by hash slots of the key: fixed, so that bundles need no rewriting."""
BUNDLE_ROWS = 100
BUNDLE_BYTES = 1024 * 1024
"""What closes a bundle. One record more fits in, and MongoDB's documents hold 16 MiB."""


class Row(NamedTuple):
    """A record to send."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers
    order: int
    slot: int

    @property
    def place(self) -> Place:
        """Where its order counts."""
        return self.topic, self.key


def slot_of(topic: Topic, name: str, key: bytes | None) -> int:
    """The slot of a key, all of whose rows are one relay's. A topic of one partition has one slot."""
    return zlib.crc32(name.encode() if topic.partitions == 1 else key or b"") % SLOTS


@dataclass(frozen=True, slots=True)
class Bundle:
    """Stored rows: those to send now, and those that stay, as they are stored."""

    id: ObjectId
    topic: str
    rows: Sequence[Row]
    held: Sequence[Any]

    @classmethod
    def of(cls, document: Document, aside: Collection[Place] = ()) -> "Bundle":
        """What a document holds; rows of places in `aside` stay."""
        topic, order, slot = document["topic"], document["order"], document["slot"]
        headers = tuple((name, content) for name, content in document["headers"])
        held = [pair for pair in document["rows"] if (topic, pair[0]) in aside] if aside else []
        pairs = [pair for pair in document["rows"] if pair not in held] if held else document["rows"]
        rows = [Row(topic, key, value, headers, order, slot) for key, value in pairs]
        return cls(document["_id"], topic, rows, held)

    @property
    def stored(self) -> int:
        """How many rows there were when it was read."""
        return len(self.rows) + len(self.held)

    @property
    def places(self) -> set[Place]:
        """Where its rows' order counts."""
        return {row.place for row in self.rows if row.key is not None}

    @property
    def size(self) -> int:
        """Bytes of its rows' values."""
        return sum(len(row.value or b"") for row in self.rows)


@dataclass(slots=True)
class _Open:
    """A bundle that still takes rows."""

    document: Document
    keys: set[bytes] = field(default_factory=set)
    size: int = 0

    def takes(self, row: Row) -> bool:
        """Whether there is room for a row, and none of its key yet."""
        full = len(self.document["rows"]) >= BUNDLE_ROWS or self.size >= BUNDLE_BYTES
        return not full and (row.key is None or row.key not in self.keys)

    def add(self, row: Row) -> None:
        """Takes a row."""
        self.document["rows"].append([row.key, row.value])
        if row.key is not None:
            self.keys.add(row.key)
        self.size += len(row.key or b"") + len(row.value or b"")


def bundled(rows: Iterable[Row]) -> list[Document]:
    """Rows as bundles' documents, each key's in their order."""
    open_: dict[tuple[str, Headers, int, int], _Open] = {}
    documents: list[Document] = []
    for row in rows:
        shared = row.topic, row.headers, row.order, row.slot
        bundle = open_.get(shared)
        if bundle is None or not bundle.takes(row):
            document = {
                "_id": ObjectId(),
                "topic": row.topic,
                "headers": row.headers,
                "order": row.order,
                "slot": row.slot,
                "rows": [],
            }
            bundle = open_[shared] = _Open(document)
            documents.append(document)
        bundle.add(row)
    return documents


async def waiting(database: Database, at_most: int) -> int:
    """How many rows wait to be sent; of more than `at_most` bundles only so many are counted."""
    summed = {"$group": {"_id": None, "rows": {"$sum": {"$size": "$rows"}}}}
    stages: list[Document] = [{"$limit": at_most}, summed]
    counted = await database["outbox"].aggregate(stages).to_list(1)
    return int(counted[0]["rows"]) if counted else 0
