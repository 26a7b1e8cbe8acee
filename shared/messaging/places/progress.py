"""Whether everything that was on the topics has been read: nothing is closed before that.

Without it, a service that comes back after a month's end would close the month, for good, with the records
unread that waited for it.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.cluster import Cluster
from shared.contracts.topics import Topic
from shared.mongo import Database, Session


async def applied_counts(database: Database, session: Session) -> list[list[Any]]:
    """How many records of each partition were applied, as [its document's id, count], in a stable order."""
    rows = database["positions"].find({}, {"applied": 1}, sort=[("_id", 1)], session=session)
    return [[row["_id"], row["applied"]] async for row in rows]


@dataclass(slots=True)
class Progress:
    """Compares the ends of the topics with what the service's groups have committed.

    The ends are looked up once and kept until they are reached: under steady load there is always more.
    """

    kafka: Cluster
    groups: dict[str, list[TopicPartition]]
    _ends: dict[TopicPartition, int] | None = field(default=None, init=False)

    @classmethod
    def of(cls, kafka: Cluster, prefix: str, service: str, read: Iterable[tuple[str, Topic]]) -> "Progress":
        """The progress of subscriptions, each given by its name and its topic."""
        return cls(
            kafka,
            {
                f"{prefix}{service}.{name}": [
                    TopicPartition(prefix + topic.name, number) for number in range(topic.partitions)
                ]
                for name, topic in read
            },
        )

    async def caught_up(self) -> bool:
        """Whether all that was there at the first of these calls has been handled. Raises KafkaError."""
        if self._ends is None:
            self._ends = await self._current_ends()
        if not await self._reached(self._ends):
            return False
        self._ends = None
        return True

    async def _current_ends(self) -> dict[TopicPartition, int]:
        consumer = AIOKafkaConsumer(**self.kafka.options, isolation_level="read_committed")
        await consumer.start()
        try:
            partitions = [partition for group in self.groups.values() for partition in group]
            ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
            return ends
        finally:
            await consumer.stop()

    async def _reached(self, ends: dict[TopicPartition, int]) -> bool:
        admin = AIOKafkaAdminClient(**self.kafka.options)
        await admin.start()
        try:
            for group, partitions in self.groups.items():
                committed = await admin.list_consumer_group_offsets(group)
                for partition in partitions:
                    known = committed.get(partition)
                    if ends[partition] > max(known.offset if known is not None else 0, 0):
                        return False
            return True
        finally:
            await admin.close()
