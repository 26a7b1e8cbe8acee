"""Builds an empty database anew from topics, before any subscriber, due row or relay starts.

The service's own output comes first: it alone says which revisions were published. A marker in the database
says whether that has been done; a rebuild that is killed starts over, and everything it does may be repeated.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any, Protocol, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.cluster import Cluster
from shared.contracts.fields import Contract
from shared.contracts.topics import Service, Topic
from shared.health import Health
from shared.logging import get_logger
from shared.messaging.bootstrap import finding_again, stop_whole
from shared.messaging.places.guard import REBUILD
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import (
    FETCH_BYTES,
    PARTITION_BYTES,
    Cause,
    Erased,
    Raw,
    Readable,
    Received,
    Unreadable,
)
from shared.messaging.sending.producers import ProducerFactory
from shared.messaging.work import Work
from shared.mongo import Database, Session
from shared.retry import is_too_much

log = get_logger(__name__)
T = TypeVar("T")

COLLECTION = REBUILD
MARKER = "marker"
PART = "rebuild"
NEVER = -1
POLL_MS = 500
TICK_PREFIX = b"_"
FENCED_WITHIN = timedelta(seconds=30)
CAUSE = Cause("rebuild", "rebuild")
"""What brings about what a rebuild itself has to publish: effects that were lost with the database."""

Take = Callable[[Sequence[Readable], Work], Awaitable[object]]
"""Stores a batch of a topic's records inside a transaction; may run again with the same ones, and with ones
that are older than what is stored."""


class Steps(Protocol):
    """Runs transactions of a rebuild."""

    async def step(self, body: Callable[[Work], Awaitable[T]]) -> T:
        """One transaction; `body` may run several times."""


Finish = Callable[[Steps, int], Awaitable[None]]
"""What is left to do when all sources are read; the number is the broker's time up to which all is past."""


class OutputUnreadable(RuntimeError):
    """A record of the service's own is not what it writes: going on would publish its revisions again."""


@dataclass(frozen=True, slots=True)
class Source:
    """A topic that a rebuild reads to its end; without `take` only its newest record's time is of use.

    `reader` is as a subscription's.
    """

    topic: Topic
    take: Take | None = None
    reader: type[Contract] | None = None


async def _nothing(_: Steps, __: int) -> None:
    """There is nothing to finish."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How a service is rebuilt: sources in order, its own output first. None: it can't be."""

    sources: Sequence[Source] = ()
    finish: Finish = _nothing


@dataclass(slots=True)
class Past:
    """What a rebuilt service must not do again: what the broker had no later than `until`, in milliseconds.

    `NEVER` where nothing was rebuilt.
    """

    until: int = NEVER

    def holds(self, raw: Raw) -> bool:
        """Whether a record was there before the service's newest output."""
        return raw.timestamp <= self.until


@dataclass(slots=True)
class Rebuild:
    """The rebuild of one service's database, where it is needed."""

    recipe: Recipe
    database: Database
    service: Service
    kafka: Cluster
    prefix: str
    clock: Clock
    relay_producers: Sequence[ProducerFactory]
    health: Health
    records: int
    past: Past = field(default_factory=Past)

    async def run(self) -> None:
        """Does what the marker says is left to do, and sets `past`. Raises where a server is down."""
        marker = await self.database[COLLECTION].find_one({"_id": MARKER})
        if marker is None:
            marker = await self._begin()
        if not marker["done"]:
            until = await self._rebuild()
            done = {"$set": {"done": True, "until": until}}
            # Another replica may have been faster, and have decided on newer commands since.
            await self.database[COLLECTION].update_one({"_id": MARKER, "done": False}, done)
            marker = await self.database[COLLECTION].find_one({"_id": MARKER}) or marker
        self.past.until = marker["until"]

    async def _begin(self) -> dict[str, Any]:
        """The marker of a database without one: new, or of a release that had none."""
        in_use = await self.database["positions"].find_one({}) is not None
        new_marker = {"done": in_use or not self.recipe.sources, "until": NEVER}
        await self.database[COLLECTION].update_one({"_id": MARKER}, {"$setOnInsert": new_marker}, upsert=True)
        return await self.database[COLLECTION].find_one({"_id": MARKER}) or new_marker

    async def _rebuild(self) -> int:
        """Reads all sources; returns the broker's time of the newest record of the service's own."""
        newest = NEVER
        async with self._reading() as consumer:
            for source in self.recipe.sources:
                own = self._is_own(source)
                if newest == NEVER and not own:
                    # It never said anything: a new service, to whose subscribers all that is there is news.
                    break
                read, last = await self._read(source, consumer)
                newest = max(newest, last) if own else newest
                if read:
                    log.info("rebuild_read", topic=self.prefix + source.topic.name, records=read)
        await self.recipe.finish(self, newest)
        return newest

    async def read_again(self, sources: Sequence[Source]) -> None:
        """Reads topics to their end once more, whatever the marker says."""
        async with self._reading() as consumer:
            for source in sources:
                await self._read(source, consumer)

    @asynccontextmanager
    async def _reading(self) -> AsyncIterator[AIOKafkaConsumer]:
        """A consumer without a group, once the end of the service's own output is the end."""
        await self._fence()
        bare = AIOKafkaConsumer(
            **self.kafka.options,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            fetch_max_bytes=FETCH_BYTES,
            max_partition_fetch_bytes=PARTITION_BYTES,
        )
        consumer = finding_again(bare)
        await consumer.start()
        try:
            yield consumer
        finally:
            await stop_whole(consumer.stop(), consumer._client)  # noqa: SLF001

    def _is_own(self, source: Source) -> bool:
        return self.service in source.topic.writers

    async def _fence(self) -> None:
        """Ends what a relay of the lost database may still be sending: else it would come after the end read.

        A producer starts only when its predecessor's transaction is over.
        """
        for make in self.relay_producers:
            producer = make()
            try:
                async with asyncio.timeout(FENCED_WITHIN.total_seconds()):
                    await producer.start()
            finally:
                await producer.stop()

    async def _read(self, source: Source, consumer: AIOKafkaConsumer) -> tuple[int, int]:
        """How many records a topic has, and the broker's time of its newest."""
        topic = source.topic
        partitions = [TopicPartition(self.prefix + topic.name, number) for number in range(topic.partitions)]
        consumer.assign(partitions)
        ends = await consumer.end_offsets(partitions)
        count, newest = 0, NEVER
        while unread_partitions := [
            unread for unread, end in ends.items() if await consumer.position(unread) < end
        ]:
            batches = await consumer.getmany(*unread_partitions, timeout_ms=POLL_MS, max_records=self.records)
            self.health.degraded(PART, f"reads {topic.name}: {count} records so far")
            raws = [Raw.of(record) for batch in batches.values() for record in batch]
            # A tick says nothing of what was decided by then.
            raws = [raw for raw in raws if not (raw.key or b"").startswith(TICK_PREFIX)]
            if raws:
                count += len(raws)
                newest = max(newest, *(raw.timestamp for raw in raws))
                await self._take(source, raws)
        return count, newest

    async def _take(self, source: Source, raws: Sequence[Raw]) -> None:
        if source.take is None:
            return
        take, parser = source.take, Parser(source.topic, self.prefix, source.reader)
        readable: list[Readable] = []
        for raw in raws:
            match parser.parse(raw):
                case Received() | Erased() as record:
                    readable.append(record)
                case Unreadable(code=code) if self._is_own(source):
                    raise OutputUnreadable(f"{raw.topic}/{raw.partition} offset {raw.offset}: {code}")
                case _:
                    # Of others' records the subscriber makes dead letters.
                    pass
        await self._take_in_parts(take, readable)

    async def _take_in_parts(self, take: Take, readable: Sequence[Readable]) -> None:
        """In one transaction, or in two where that is too much for the server."""
        try:
            await self.step(lambda work: take(readable, work))
        except PyMongoError as error:
            if len(readable) == 1 or not is_too_much(error):
                raise
            middle = len(readable) // 2
            await self._take_in_parts(take, readable[:middle])
            await self._take_in_parts(take, readable[middle:])

    async def step(self, body: Callable[[Work], Awaitable[T]]) -> T:
        """Runs one transaction."""

        async def transaction(session: Session) -> T:
            work = Work(session, self.database, self.service, self.prefix, self.clock.now())
            result = await body(work)
            await work.flush()
            return result

        return await self.database.transact(transaction)
