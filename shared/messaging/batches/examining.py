"""What broker and database are asked about partitions, before a record of them is handed out."""

import asyncio
from collections.abc import Coroutine, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from shared.messaging.places.guard import Examined, OffsetGuard
from shared.messaging.places.offsets import Committed, Log


@dataclass(frozen=True, slots=True)
class Found:
    """What is known of assigned partitions: the group's offsets, and what follows from all of it."""

    committed: Mapping[TopicPartition, Committed | None]
    examined: Examined


async def look_up(
    consumer: AIOKafkaConsumer,
    guard: OffsetGuard,
    partitions: Sequence[TopicPartition],
    outside: Set[TopicPartition],
) -> Found:
    """Holds partitions against the database; `outside` are those whose position their log doesn't have.

    Raises DatabaseBehind, KafkaError and PyMongoError.
    """
    known = await consumer._coordinator.fetch_committed_offsets(partitions)  # noqa: SLF001 (with metadata)
    asked = {
        partition: Committed.of(known[partition].offset, known[partition].metadata)
        if partition in known
        else None
        for partition in partitions
    }
    starts = await consumer.beginning_offsets(partitions) if partitions else {}
    ends = await consumer.end_offsets(list(outside & asked.keys())) if outside & asked.keys() else {}
    # Read after the commits, which are never ahead of it.
    stored = await guard.stored(asked)
    newer = await consumer.offsets_for_times(
        {TopicPartition(*place): known.newest + 1 for place, known in stored.items()}
    )
    logs = {
        partition: Log(start, found.offset if (found := newer.get(partition)) else None, ends.get(partition))
        for partition, start in starts.items()
    }
    return Found(asked, await guard.examine(asked, stored, logs))


async def unless_lost(
    assignment: Any, looking: Coroutine[Any, Any, Found], within: timedelta
) -> Found | None:
    """What is found; None once the assignment is lost: a topic that went would be waited for in vain.

    Raises TimeoutError.
    """
    task = asyncio.ensure_future(looking)
    try:
        async with asyncio.timeout(within.total_seconds()):
            await asyncio.wait({task, assignment.unassign_future}, return_when=asyncio.FIRST_COMPLETED)
            return await task if task.done() else None
    finally:
        task.cancel()
