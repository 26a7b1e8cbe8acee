"""Sends records, waits until everything is handled, and reads what came of it."""

import asyncio
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, TypeAlias

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo import AsyncMongoClient
from pymongo.asynchronous.database import AsyncDatabase

from tests.equality.events import Record
from tests.equality.fleet import PREFIX, Fleet

Came: TypeAlias = "ConsumerRecord[bytes, bytes]"
Place = tuple[str, int]
"""A topic, without the prefix, and an offset in its first partition."""

READS = {
    "intake": ("settlements.", "commands.intake."),
    "matching": ("refugees.", "volunteers.", "commands.matching."),
    "notifications": ("pairs.", "contact-cards.", "commands.notifications."),
    "reporting": ("refugees.", "volunteers.", "pairs.", "rounds.", "commands.reporting."),
}
"""What each service follows, by the beginnings of the topics' names."""
PATIENCE = 300.0
LOOK = 0.25
CALM = 5.0
"""Seconds without a record after which reporting has published and closed all: it does so every second."""
SOON = timedelta(seconds=60)
"""Due rows that fall due so soon are waited for; only reporting's come back for ever."""


class NotHandled(RuntimeError):
    """Something was left after all patience; the message says what."""


@dataclass(slots=True)
class Wire:
    """A producer with what it has sent, and what tells whether the services have handled it."""

    fleet: Fleet
    sent: dict[Place, Record] = field(default_factory=dict)
    _ends: dict[str, int] = field(default_factory=dict)
    _partitions: list[TopicPartition] = field(default_factory=list)

    async def send(self, records: Iterable[Record]) -> int:
        """Sends in order of each topic, all to the first partition; returns how many."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.fleet.stack.kafka, acks="all", enable_idempotence=True, linger_ms=5
        )
        await producer.start()
        try:
            acknowledgements = []
            for record in records:
                offset = self._ends.get(record.topic, 0)
                self._ends[record.topic] = offset + 1
                self.sent[record.topic, offset] = record
                acknowledgements.append(
                    await producer.send(
                        PREFIX + record.topic,
                        record.value,
                        record.key,
                        partition=0,
                        headers=list(record.headers),
                    )
                )
            await asyncio.gather(*acknowledgements)
            return len(acknowledgements)
        finally:
            await producer.stop()

    async def handled(self, *services: str) -> None:
        """Returns once these services have read everything, sent all, and owe nothing. Raises NotHandled."""
        deadline = time.monotonic() + PATIENCE
        calm = CALM if "reporting" in services else 0.0
        before: dict[TopicPartition, int] = {}
        since = time.monotonic()
        while True:
            left, ends = await self._left(services)
            now = time.monotonic()
            if left or ends != before:
                before, since = {} if left else ends, now
            elif now - since >= calm:
                return
            if now > deadline:
                raise NotHandled(f"after {PATIENCE:.0f} s: {left}")
            await asyncio.sleep(LOOK)

    async def _left(self, services: Sequence[str]) -> tuple[str, dict[TopicPartition, int]]:
        """What is left to do, and the ends of all topics before it was looked for."""
        ends = await self._current_ends()
        if lag := await self._lag(services, ends):
            return f"records are unread: {lag}", ends
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self.fleet.stack.mongodb) as client:
            for service in services:
                database: AsyncDatabase[dict[str, Any]] = client[self.fleet.database(service)]
                if await database["outbox"].count_documents({}):
                    return f"{service}'s outbox is not empty", ends
                soon = {"due_at": {"$lte": self.fleet.now() + SOON}}
                if service != "reporting" and await database["due"].count_documents(soon):
                    return f"{service} has rows that fall due", ends
        return "", ends

    async def _current_ends(self) -> dict[TopicPartition, int]:
        if not self._partitions:
            self._partitions = await all_partitions(self.fleet)
        async with consumer(self.fleet) as reader:
            # Assigned, it asks for the metadata of all at once; else for each, 100 ms apart.
            reader.assign(self._partitions)
            reader.pause(*self._partitions)
            ends: dict[TopicPartition, int] = await reader.end_offsets(self._partitions)
            return ends

    async def _lag(self, services: Sequence[str], ends: dict[TopicPartition, int]) -> str:
        """A partition that one of its readers is behind on, if there is one."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.fleet.stack.kafka)
        await admin.start()
        try:
            groups = [name for name, *_ in await admin.list_consumer_groups()]
            for service in services:
                reached: dict[TopicPartition, int] = {}
                for group in groups:
                    if group.startswith(f"{PREFIX}{service}."):
                        for partition, known in (await admin.list_consumer_group_offsets(group)).items():
                            reached[partition] = max(reached.get(partition, 0), known.offset)
                for partition, end in ends.items():
                    read = partition.topic.removeprefix(PREFIX).startswith(READS[service])
                    if read and end > reached.get(partition, 0):
                        return f"{service} on {partition}"
            return ""
        finally:
            await admin.close()


class consumer:  # noqa: N801
    """A consumer of committed records that is started and stopped."""

    def __init__(self, fleet: Fleet) -> None:
        self._consumer = AIOKafkaConsumer(
            bootstrap_servers=fleet.stack.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )

    async def __aenter__(self) -> AIOKafkaConsumer:
        await self._consumer.start()
        return self._consumer

    async def __aexit__(self, *_: object) -> None:
        await self._consumer.stop()


async def all_partitions(fleet: Fleet) -> list[TopicPartition]:
    """The partitions of all topics with the prefix."""
    admin = AIOKafkaAdminClient(bootstrap_servers=fleet.stack.kafka)
    await admin.start()
    try:
        names = sorted(name for name in await admin.list_topics() if name.startswith(PREFIX))
        return [
            TopicPartition(topic["topic"], number)
            for topic in await admin.describe_topics(names)
            for number in range(len(topic["partitions"]))
        ]
    finally:
        await admin.close()


async def read(fleet: Fleet, *beginnings: str) -> list[Came]:
    """All committed records of topics whose names begin so, ordered by topic, partition and offset."""
    async with consumer(fleet) as reader:
        partitions = [
            partition
            for partition in await all_partitions(fleet)
            if partition.topic.removeprefix(PREFIX).startswith(beginnings)
        ]
        reader.assign(partitions)
        ends = await reader.end_offsets(partitions)
        records: list[Came] = []
        while any([await reader.position(partition) < end for partition, end in ends.items()]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                records += batch
        return sorted(records, key=lambda record: (record.topic, record.partition, record.offset))
