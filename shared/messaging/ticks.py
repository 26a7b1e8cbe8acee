"""Daily ticks: a null value under a key of its own, on every partition of a service's state topics.

Kafka never compacts a partition's active segment, and starts a new one only when something is appended. On a
topic that lies idle an erased person would stay in the log for ever; a tick a day rolls the segments.
"""

from datetime import UTC, datetime, time, timedelta

from pymongo.errors import DuplicateKeyError

from shared.contracts.topics import REGISTRY, Topic
from shared.messaging.due import Task
from shared.messaging.sending.partitioner import partition_of
from shared.messaging.work import DueRow, Work
from shared.mongo import Database

TICK = "tick"
DAY = timedelta(days=1)


def keys(partitions: int) -> list[bytes]:
    """A key for each partition, in their order: the first `_tick-<n>` that belongs there."""
    found: dict[int, bytes] = {}
    number = 0
    while len(found) < partitions:
        key = b"_tick-%d" % number
        found.setdefault(partition_of(key, range(partitions), fallback=0), key)
        number += 1
    return [found[partition] for partition in range(partitions)]


def ticked(service: str) -> list[Topic]:
    """The state topics that a service writes."""
    return [topic for topic in REGISTRY if topic.state and service in topic.writers]


async def schedule(database: Database, service: str, now: datetime) -> None:
    """Has a service tick from the next day on, if it has anything to tick and doesn't yet; for its start."""
    if not ticked(service):
        return
    try:
        await database["due"].insert_one(_next(now).document())
    except DuplicateKeyError:
        return


async def tick(task: Task) -> None:
    """Ticks, and schedules the next day's: once, however many days were missed."""

    async def body(work: Work) -> None:
        for topic in ticked(task.service):
            for key in keys(topic.partitions):
                work.send(topic, key=key, value=None, headers=())
        work.schedule(_next(work.now))

    await task.finish(body)


def _next(now: datetime) -> DueRow:
    return DueRow(TICK, TICK, datetime.combine(now.date() + DAY, time(), UTC), TICK)
