"""Whether a service may begin: not on a database that is behind what its groups have committed.

A restored database would skip what was handled after the dump, its relay would send again what was sent, and
its due rows would fire twice. So nothing runs until somebody has said what to do: see docs/operations.md.
"""

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from pymongo.errors import PyMongoError

from shared.cluster import Cluster
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.places.guard import SHOWN, OffsetGuard, cause_of_behind
from shared.messaging.places.offsets import Behind, Committed, judge
from shared.retry import cause_of

log = get_logger(__name__)

PART = "offsets"
AGAIN = timedelta(seconds=2)
"""How often it is looked whether the service may begin now, and whether anything expired unread."""

GroupOffsets = dict[str, dict[TopicPartition, Committed]]


@dataclass(slots=True)
class Admission:
    """Holds a service back while its database is behind its groups; says what expired unread."""

    kafka: Cluster
    groups: Sequence[str]
    guard: OffsetGuard
    health: Health
    again: timedelta = AGAIN

    async def wait(self) -> None:
        """Returns when the service may begin; until then `/health/ready` names the cause."""
        announced = None
        self.health.starting(PART)
        while (cause := await self._cause()) is not None:
            self.health.degraded(PART, cause)
            if cause != announced:
                log.error("service_held_back", cause=cause)
                announced = cause
            await asyncio.sleep(self.again.total_seconds())
        self.health.started(PART)

    async def watch(self) -> None:
        """Says for ever what expired unread and was not acknowledged."""
        while True:
            try:
                standing = await self.guard.unacknowledged()
            except PyMongoError as error:
                log.info("expired_not_looked_up", **describe_error(error))
            else:
                self.tell(standing)
            await asyncio.sleep(self.again.total_seconds())

    def tell(self, standing: Mapping[str, int]) -> None:
        """Makes the service unready while anything that expired, counted by place, is not acknowledged."""
        if not standing:
            self.health.started(PART)
            return
        places = sorted(f"{place}: {count}" for place, count in standing.items())
        remaining = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
        self.health.degraded(
            PART,
            f"records expired unread ({', '.join(places[:SHOWN])}{remaining}); "
            "run `kobling acknowledge-expired` when their senders know",
        )

    async def _cause(self) -> str | None:
        try:
            return await self.cause_to_wait()
        except Exception as error:  # noqa: BLE001 (a server that is not there yet, or refuses for now)
            server = self.guard.database.address if isinstance(error, PyMongoError) else self.kafka.servers
            log.warning("start_waits", part=PART, server=server, **describe_error(error))
            return cause_of(error, self.guard.database, self.kafka.servers)

    async def cause_to_wait(self) -> str | None:
        """Why the service may not begin, or None. Raises KafkaError and PyMongoError."""
        if await self.guard.is_being_emptied():
            return _CAUSE_OF_EMPTYING
        offsets = await group_offsets(self.kafka, self.groups)
        if await self.guard.is_empty():
            moved = await moved_groups(self.kafka, offsets)
            return _cause_of_empty(moved) if moved else None
        behind = await behind_groups(self.guard, offsets)
        found = {place: gap for places in behind.values() for place, gap in places.items()}
        return cause_of_behind(found) if found else None


_CAUSE_OF_EMPTYING = (
    "the database is being emptied, to be built anew from the topics: `kobling replay` is at work, or was "
    "cut off; then run it again with the same words"
)


def _cause_of_empty(moved: Sequence[str]) -> str:
    return (
        f"the database is empty, and its groups have read before ({', '.join(moved)}): restore a dump and "
        "run `kobling restore-done`, or, to build it up from the topics, run `kobling replay`, or reset "
        "these groups with Kafka's --reset-offsets --to-earliest"
    )


async def group_offsets(kafka: Cluster, groups: Sequence[str]) -> GroupOffsets:
    """What each group has committed. Raises KafkaError."""
    admin = AIOKafkaAdminClient(**kafka.options)
    await admin.start()
    try:
        found: GroupOffsets = {}
        for group in groups:
            known = await admin.list_consumer_group_offsets(group)
            read = {place: Committed.of(entry.offset, entry.metadata) for place, entry in known.items()}
            found[group] = {place: committed for place, committed in read.items() if committed is not None}
        return found
    finally:
        await admin.close()


async def log_starts(kafka: Cluster, partitions: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """The first offset of each partition's log. Raises KafkaError."""
    if not partitions:
        return {}
    consumer = AIOKafkaConsumer(**kafka.options)
    await consumer.start()
    try:
        starts: dict[TopicPartition, int] = await consumer.beginning_offsets(partitions)
        return starts
    finally:
        await consumer.stop()


async def moved_groups(kafka: Cluster, offsets: GroupOffsets) -> list[str]:
    """The groups that stand beyond the beginning of a log. Raises KafkaError."""
    starts = await log_starts(kafka, [place for known in offsets.values() for place in known])
    return sorted(
        group
        for group, known in offsets.items()
        if any(committed.offset > starts[partition] for partition, committed in known.items())
    )


async def behind_groups(
    guard: OffsetGuard, offsets: GroupOffsets
) -> dict[str, dict[tuple[str, int], Behind]]:
    """Where the database is behind, by group."""
    found: dict[str, dict[tuple[str, int], Behind]] = {}
    for group, known in offsets.items():
        stored = await guard.stored((place.topic, place.partition) for place in known)
        for place, committed in known.items():
            # The log's beginning plays no part in whether a database is behind.
            partition = (place.topic, place.partition)
            verdict = judge(committed, stored.get(partition), 0)
            if isinstance(verdict, Behind):
                found.setdefault(group, {})[partition] = verdict
    return found
