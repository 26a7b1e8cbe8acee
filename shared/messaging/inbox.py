"""Which records of inbound topics were handled: id = (topic, event id), kept 90 days.

State topics need none: there a record applies if its revision is above the stored one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel

from shared.messaging.records import Received
from shared.mongo import Database, Document, Session

KEPT = timedelta(days=90)
INDEXES = [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))]


@dataclass(frozen=True, slots=True)
class Seen:
    """An id that was met before: with which payload, and at which place."""

    fingerprint: bytes
    place: tuple[int, int]


@dataclass(slots=True)
class Inbox:
    """The ids that one batch meets, those stored and those of its own."""

    _seen: dict[str, Seen]
    _expected: set[str] = field(default_factory=set, init=False)
    _new: list[Document] = field(default_factory=list, init=False)

    @classmethod
    async def load(cls, database: Database, records: Iterable[Received], session: Session) -> "Inbox":
        """Reads what is known of these records in one query."""
        ids = [inbox_id(record) for record in records]
        seen: dict[str, Seen] = {}
        if ids:
            async for document in database["inbox"].find({"_id": {"$in": ids}}, session=session):
                seen[document["_id"]] = Seen(
                    document["fingerprint"], (document["partition"], document["offset"])
                )
        return cls(seen)

    def find(self, record: Received) -> Seen | None:
        """What is known of the record's id."""
        return self._seen.get(inbox_id(record))

    def expect(self, record: Received) -> None:
        """Holds the id for a record of this batch, so that a copy behind it is a duplicate."""
        self._expected.add(inbox_id(record))
        self._seen[inbox_id(record)] = Seen(record.fingerprint, (record.raw.partition, record.raw.offset))

    def release(self, record: Received) -> None:
        """Gives the id of a dead record free: its correction may come under the same id."""
        self._expected.discard(inbox_id(record))
        self._seen.pop(inbox_id(record), None)

    def awaits(self, record: Received) -> bool:
        """Whether a record of this id is in the batch and not decided yet."""
        return inbox_id(record) in self._expected

    def store(self, record: Received) -> None:
        """Keeps the id of a handled record, which was expected."""
        id_ = inbox_id(record)
        self._expected.discard(id_)
        seen = self._seen[id_]
        partition, offset = seen.place
        self._new.append(
            {"_id": id_, "fingerprint": seen.fingerprint, "partition": partition, "offset": offset}
        )

    async def save(self, database: Database, session: Session) -> None:
        """Writes the new ids in one round trip."""
        if self._new:
            # The time is the machine's own, since MongoDB expires by its own.
            at = datetime.now(UTC)
            rows = [{**row, "at": at} for row in self._new]
            await database["inbox"].insert_many(rows, ordered=False, session=session)


def inbox_id(record: Received) -> str:
    """The topic and the event id."""
    return f"{record.raw.topic} {record.event_id}"
