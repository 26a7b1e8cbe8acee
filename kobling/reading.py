"""Reads whole topics as they are now, and how far groups have read them."""

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from shared.cluster import Cluster

WAIT = timedelta(milliseconds=500)
"""What Kafka's own clients wait for a record."""


@dataclass(frozen=True, slots=True)
class Lag:
    """How far a group has read a partition: records that it has not read yet, and how many lie between the
    beginning of the log, which retention moves, and where it stands.
    """

    group: str
    topic: str
    partition: int
    to_end: int
    from_beginning: int


@asynccontextmanager
async def consumer(kafka: Cluster, *, wait: timedelta = WAIT) -> AsyncIterator[AIOKafkaConsumer]:
    """A reader without a group, of committed records alone; `wait` is how long the broker lets it wait for a
    record. A change of what is read waits as long, for the answer that is on its way.
    """
    opened = AIOKafkaConsumer(
        **kafka.options,
        isolation_level="read_committed",
        enable_auto_commit=False,
        fetch_max_wait_ms=wait // timedelta(milliseconds=1),
    )
    await opened.start()
    try:
        yield opened
    finally:
        await opened.stop()


async def records(kafka: Cluster, topics: Mapping[str, int]) -> "list[ConsumerRecord[bytes, bytes]]":
    """All records of topics with so many partitions, as far as the account may see. Raises KafkaError."""
    async with consumer(kafka) as reader:
        present = await reader.topics()
        partitions = [
            TopicPartition(topic, number)
            for topic, count in topics.items()
            if topic in present
            for number in range(count)
        ]
        if not partitions:
            return []
        reader.assign(partitions)
        await reader.seek_to_beginning(*partitions)
        ends = await reader.end_offsets(partitions)
        found: list[ConsumerRecord[bytes, bytes]] = []
        while any([await reader.position(one) < end for one, end in ends.items()]):
            for batch in (await reader.getmany(timeout_ms=200)).values():
                found += batch
        return found


async def lags(kafka: Cluster, prefix: str) -> list[Lag]:
    """Of every group whose name begins with the prefix and that the account may see. Raises KafkaError."""
    committed = await _committed(kafka, prefix)
    places: Sequence[TopicPartition] = sorted({place for known in committed.values() for place in known})
    if not places:
        return []
    async with consumer(kafka) as reader:
        ends = await reader.end_offsets(places)
        beginnings = await reader.beginning_offsets(places)
    return [
        Lag(
            group,
            place.topic,
            place.partition,
            max(ends[place] - offset, 0),
            max(offset - beginnings[place], 0),
        )
        for group, known in sorted(committed.items())
        for place, offset in sorted(known.items())
    ]


async def _committed(kafka: Cluster, prefix: str) -> Mapping[str, Mapping[TopicPartition, int]]:
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        groups = sorted(group for group, *_ in await admin.list_consumer_groups() if group.startswith(prefix))
        found = {group: await admin.list_consumer_group_offsets(group) for group in groups}
    finally:
        await admin.close()
    return {
        group: {place: entry.offset for place, entry in known.items() if entry.offset >= 0}
        for group, known in found.items()
    }
