"""How far each partition has been handled, and with what outcomes: written with the effects themselves.

`next_offset` tells a redelivery (already counted) from a first delivery, and is at or beyond whatever was
committed to the group: `guard` moves it past offsets that hold nothing to handle. One document a partition: a
shared one would make every two batches conflict.
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

from pymongo import UpdateOne

from shared.logging import get_logger
from shared.messaging.reading.outcome import COUNTERS
from shared.mongo import Database, Document, Session

log = get_logger(__name__)

Partition = tuple[str, int]


@dataclass(slots=True)
class Positions:
    """The positions of the partitions that one batch touches."""

    next_offset: dict[Partition, int]
    newest: dict[Partition, int]
    _truncated: dict[Partition, int] = field(default_factory=dict, init=False)
    """By partition, how many offsets that were handled its log has lost again."""
    _newest_moved: dict[Partition, int] = field(default_factory=dict, init=False)
    _moved: dict[Partition, int] = field(default_factory=dict, init=False)
    counted: dict[Partition, Counter[str]] = field(init=False)

    def __post_init__(self) -> None:
        self.counted = {partition: Counter() for partition in self.next_offset}

    @classmethod
    async def load(cls, database: Database, partitions: Iterable[Partition], session: Session) -> "Positions":
        """Reads the partitions' documents; a partition never seen begins at 0."""
        partition_of_id = {key(partition): partition for partition in partitions}
        next_offset, newest = (
            dict.fromkeys(partition_of_id.values(), 0),
            dict.fromkeys(partition_of_id.values(), 0),
        )
        fields = {"next_offset": 1, "newest": 1}
        cursor = database["positions"].find({"_id": {"$in": list(partition_of_id)}}, fields, session=session)
        async for document in cursor:
            next_offset[partition_of_id[document["_id"]]] = document["next_offset"]
            newest[partition_of_id[document["_id"]]] = document["newest"]
        return cls(next_offset, newest)

    def is_redelivery(self, partition: Partition, offset: int, timestamp: int) -> bool:
        """Whether the record was handled in an earlier batch; `timestamp` is the broker's, in milliseconds.

        A lower offset with a later timestamp stands where another record did: the log was truncated, or its
        topic was deleted and made again.
        """
        if offset >= self.next_offset[partition] or partition in self._truncated:
            return False
        if timestamp > self.newest[partition]:
            lost = {"from": offset, "to": self.next_offset[partition]}
            count = self.next_offset[partition] - offset
            log.error("log_truncated", topic=partition[0], partition=partition[1], **lost, count=count)
            self._truncated[partition] = count
            return False
        return True

    def passed(self, partition: Partition, offset: int, timestamp: int, counter: str | None) -> None:
        """Moves past a record; `counter` is None for a redelivery or a tick, which count for nothing."""
        if offset >= self._moved.get(partition, 0):
            self._moved[partition] = offset + 1
        if timestamp > self._newest_moved.get(partition, 0):
            self._newest_moved[partition] = timestamp
        if counter is not None:
            self.counted[partition][counter] += 1

    async def save(self, database: Database, session: Session) -> None:
        """Writes the moves and counts in one round trip."""
        if not self._moved:
            return
        await database["positions"].bulk_write(
            [
                UpdateOne(
                    {"_id": key(partition)},
                    {
                        **self._move(partition, next_offset),
                        "$inc": self._counted(partition),
                        "$setOnInsert": {"topic": partition[0], "partition": partition[1]},
                    },
                    upsert=True,
                )
                for partition, next_offset in self._moved.items()
            ],
            ordered=False,
            session=session,
        )

    def _counted(self, partition: Partition) -> Document:
        counted = {name: self.counted[partition][name] for name in COUNTERS}
        return counted | ({"truncated": self._truncated[partition]} if partition in self._truncated else {})

    def _move(self, partition: Partition, next_offset: int) -> Document:
        newest = self._newest_moved.get(partition, 0)
        moved = {"next_offset": next_offset, "newest": newest}
        if newest <= self.newest[partition]:
            return {"$max": moved}
        # A member that lost the partition may finish after its successor: never move back in the same log.
        return {"$set" if partition in self._truncated else "$max": moved, "$unset": {"skipped_from": ""}}


def key(partition: Partition) -> str:
    """A partition's document id, such as `refugees.v1/3`."""
    return f"{partition[0]}/{partition[1]}"


async def counts(database: Database) -> dict[str, Document]:
    """Each partition's counters and `next_offset`, by document id."""
    return {document["_id"]: document async for document in database["positions"].find({})}
