"""Which records of inbound topics were handled: by topic, event id and source, kept 90 days.

The first source that uses an id on a topic has the row of the plain id, which names it; another source's
record of the same id has a row of its own. So one look-up does for nearly all, and rows of releases that
knew no sources, which name none, stand for every source, as they did. Of commands the source does not count:
replies know a command by its id alone.

State topics need none: there a record applies if its revision is above the stored one.
"""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import NamedTuple

from pymongo import IndexModel

from shared.messaging.reading.records import Received
from shared.messaging.work import KEPT
from shared.mongo import Database, Document, Session

INDEXES = [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))]


class Seen(NamedTuple):
    """An id that was met before: with which payload, at which place, and from which source, where that counts
    and is known.
    """

    fingerprint: bytes
    place: tuple[int, int]
    source: bytes | None = None

    @classmethod
    def of(cls, document: Document) -> "Seen":
        """What a row says."""
        place = (document["partition"], document["offset"])
        return cls(document["fingerprint"], place, document.get("source"))


@dataclass(slots=True)
class Inbox:
    """The ids that one batch meets, those stored and those of its own."""

    _seen: dict[str, Seen]
    _expected: dict[str, str] = field(default_factory=dict, init=False)
    """The ids of rows to come, by the records' plain ids."""
    _new: dict[str, Seen] = field(default_factory=dict, init=False)

    @classmethod
    async def load(cls, database: Database, records: Iterable[Received], session: Session) -> "Inbox":
        """Reads what is known of these records: in one query, unless two sources have used the same id."""
        known = list(records)
        inbox = cls(await _rows(database, [record.inbox_id for record in known], session))
        if inbox._seen:
            others = [id_ for record in known if (id_ := inbox._id(record)) != record.inbox_id]
            inbox._seen |= await _rows(database, others, session)
        return inbox

    def _id(self, record: Received) -> str:
        """The id of the record's row: with its source where another source has the plain one."""
        first = self._seen.get(record.inbox_id)
        if first is None or first.source is None:
            return record.inbox_id
        source = _source(record)
        if source is None or source == first.source:
            return record.inbox_id
        return f"{record.inbox_id} {source.hex()}"

    def find(self, record: Received) -> Seen | None:
        """What is known of the record's id."""
        return self._seen.get(self._id(record))

    def expect(self, record: Received) -> None:
        """Holds the id for a record of this batch, so that a copy behind it is a duplicate."""
        id_, place = self._id(record), (record.raw.partition, record.raw.offset)
        self._seen[id_] = Seen(record.fingerprint, place, _source(record))
        self._expected[record.inbox_id] = id_

    def release(self, record: Received) -> None:
        """Gives the id of a dead record free: its correction may come under the same id."""
        del self._seen[self._expected.pop(record.inbox_id)]

    def awaits(self, record: Received) -> bool:
        """Whether a record of this id, from any source, is in the batch and not decided yet: until it is,
        nobody can tell who has the plain id.
        """
        return record.inbox_id in self._expected

    def store(self, record: Received) -> None:
        """Keeps the id of a handled record, which was expected."""
        id_ = self._expected.pop(record.inbox_id)
        self._new[id_] = self._seen[id_]

    async def save(self, database: Database, session: Session) -> None:
        """Writes the new ids in one round trip."""
        if self._new:
            # The time is the machine's own, since MongoDB expires by its own.
            at = datetime.now(UTC)
            rows: list[Document] = [
                {
                    "_id": id_,
                    "fingerprint": seen.fingerprint,
                    "partition": seen.place[0],
                    "offset": seen.place[1],
                    "source": seen.source,
                    "at": at,
                }
                for id_, seen in self._new.items()
            ]
            await database["inbox"].insert_many(rows, ordered=False, session=session)


async def _rows(database: Database, ids: Sequence[str], session: Session) -> dict[str, Seen]:
    if not ids:
        return {}
    cursor = database["inbox"].find({"_id": {"$in": ids}}, session=session)
    return {document["_id"]: Seen.of(document) async for document in cursor}


def _source(record: Received) -> bytes | None:
    """A short form of who sent a record, from which a host's name can't be read; None of a command."""
    return None if record.message.command else _short(record.envelope.source)


@lru_cache(maxsize=4096)
def _short(source: str) -> bytes:
    """64 bits: an installation knows a few sources, and each row names one."""
    return hashlib.blake2b(source.encode(), digest_size=8).digest()
