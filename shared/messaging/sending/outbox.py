"""The outbox: records to send, stored in bundles, so that a batch costs a few documents and not one a record.

A bundle's records go to one topic, share their headers, their `order` and their slot, and no two of them have
the same key. Versioned records of a key have ascending orders, so bundles sent by `order` keep each key's.
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

COUNTED = 1000
"""The most bundles whose rows are counted: more is as bad, and they would have to be read whole."""


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

    @property
    def size(self) -> int:
        """Bytes of key and value."""
        return len(self.key or b"") + len(self.value or b"")


def slot_of(topic: Topic, name: str, key: bytes | None) -> int:
    """The slot of a key, all of whose rows are one relay's. A topic of one partition has one slot."""
    return zlib.crc32(name.encode() if topic.partitions == 1 else key or b"") % SLOTS


@dataclass(frozen=True, slots=True)
class Bundle:
    """Stored rows: those to send now, and those set aside, as they are stored."""

    id: ObjectId
    topic: str
    rows: Sequence[Row]
    aside: Sequence[Any]

    @classmethod
    def of(cls, document: Document, aside: Collection[Place] = ()) -> "Bundle":
        """What a document holds; rows of places in `aside` are set aside."""
        topic, order, slot = document["topic"], document["order"], document["slot"]
        headers = tuple((name, content) for name, content in document["headers"])
        rows: list[Row] = []
        set_aside: list[Any] = []
        for pair in document["rows"]:
            key, value = pair
            if aside and (topic, key) in aside:
                set_aside.append(pair)
            else:
                rows.append(Row(topic, key, value, headers, order, slot))
        return cls(document["_id"], topic, rows, set_aside)

    @property
    def count(self) -> int:
        """How many rows there were when it was read."""
        return len(self.rows) + len(self.aside)

    @property
    def places(self) -> set[Place]:
        """Where its rows' order counts."""
        return {row.place for row in self.rows if row.key is not None}

    @property
    def size(self) -> int:
        """Bytes of its rows."""
        return sum(row.size for row in self.rows)


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
        self.size += row.size


def bundled(rows: Iterable[Row]) -> list[Document]:
    """Rows as bundles' documents, each key's in their order."""
    open_: dict[tuple[str, Headers, int, int], _Open] = {}
    documents: list[Document] = []
    for row in rows:
        common = row.topic, row.headers, row.order, row.slot
        bundle = open_.get(common)
        if bundle is None or not bundle.takes(row):
            document = {
                "_id": ObjectId(),
                "topic": row.topic,
                "headers": row.headers,
                "order": row.order,
                "slot": row.slot,
                "rows": [],
            }
            bundle = open_[common] = _Open(document)
            documents.append(document)
        bundle.add(row)
    return documents


async def waiting(database: Database) -> int:
    """How many rows wait to be sent, in the first `COUNTED` bundles."""
    summed = {"$group": {"_id": None, "rows": {"$sum": {"$size": "$rows"}}}}
    stages: list[Document] = [{"$limit": COUNTED}, summed]
    counted = await database["outbox"].aggregate(stages).to_list(1)
    return int(counted[0]["rows"]) if counted else 0
