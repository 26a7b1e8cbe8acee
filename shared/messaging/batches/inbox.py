"""Which records of inbound topics were handled: id = (topic, event id), kept 90 days.

State topics need none: there a record applies if its revision is above the stored one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from pymongo import IndexModel

from shared.messaging.reading.records import Received
from shared.messaging.work import KEPT
from shared.mongo import Database, Document, Session

INDEXES = [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))]


class Seen(NamedTuple):
    """An id that was met before: with which payload, and at which place."""

    fingerprint: bytes
    place: tuple[int, int]


@dataclass(slots=True)
class Inbox:
    """The ids that one batch meets, those stored and those of its own."""

    _seen: dict[str, Seen]
    _expected: set[str] = field(default_factory=set, init=False)
    _new: dict[str, Seen] = field(default_factory=dict, init=False)

    @classmethod
    async def load(cls, database: Database, records: Iterable[Received], session: Session) -> "Inbox":
        """Reads what is known of these records in one query."""
        ids = [record.inbox_id for record in records]
        seen: dict[str, Seen] = {}
        if ids:
            async for document in database["inbox"].find({"_id": {"$in": ids}}, session=session):
                seen[document["_id"]] = Seen(
                    document["fingerprint"], (document["partition"], document["offset"])
                )
        return cls(seen)

    def find(self, record: Received) -> Seen | None:
        """What is known of the record's id."""
        return self._seen.get(record.inbox_id)

    def expect(self, record: Received) -> None:
        """Holds the id for a record of this batch, so that a copy behind it is a duplicate."""
        self._expected.add(record.inbox_id)
        self._seen[record.inbox_id] = Seen(record.fingerprint, (record.raw.partition, record.raw.offset))

    def release(self, record: Received) -> None:
        """Gives the id of a dead record free: its correction may come under the same id."""
        self._expected.discard(record.inbox_id)
        self._seen.pop(record.inbox_id, None)

    def awaits(self, record: Received) -> bool:
        """Whether a record of this id is in the batch and not decided yet."""
        return record.inbox_id in self._expected

    def store(self, record: Received) -> None:
        """Keeps the id of a handled record, which was expected."""
        self._expected.discard(record.inbox_id)
        self._new[record.inbox_id] = self._seen[record.inbox_id]

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
                    "at": at,
                }
                for id_, seen in self._new.items()
            ]
            await database["inbox"].insert_many(rows, ordered=False, session=session)
