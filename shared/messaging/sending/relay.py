"""The relay: reads the outbox in order, sends under a fence, deletes after the acknowledgement.

Compaction keeps the last offset, not the highest revision, so a relay that wakes up after its lease must not
append an old revision. Hence a transactional producer: whoever starts one with the same id fences the others.
A producer is made only while holding the lease, and no row that was read before it started is ever sent. Any
error from a transaction may mean that leadership is lost: every row in memory is dropped, the producer is
closed, and the relay competes for the lease again. Where the outbox was divided otherwise before, the
producers of that division are fenced too: `Lease.unfenced`.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.errors import (
    InvalidTopicError,
    MessageSizeTooLargeError,
    RecordListTooLargeError,
    TopicAuthorizationFailedError,
)
from pymongo import DeleteMany, UpdateOne

from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.outbox import OLDEST_FIRST, SLOTS, Bundle, Place, Row
from shared.messaging.sending.parcels import Parcel, pack
from shared.messaging.sending.producers import ProducerFactory, SharingFactory, close, in_time
from shared.mongo import Database, Document
from shared.retry import Backoff, Waits, cause_of

log = get_logger(__name__)

CURSOR_BATCH = 32
"""How many bundles come in one reply of the database."""
BYTES = 8 * 1024 * 1024
"""Most bytes of one relay transaction, so that it ends well within its timeout."""
MISSING = timedelta(seconds=5)
"""How long rows are set aside whose topic does not exist."""
REFUSED = timedelta(seconds=60)
"""How long rows are set aside that the broker refuses: each further try costs all others a new producer."""
TOPIC_REFUSALS = (InvalidTopicError, TopicAuthorizationFailedError)
REFUSALS = (*TOPIC_REFUSALS, MessageSizeTooLargeError, RecordListTooLargeError)
"""What says that this very record, or its topic, is not to be had: no new producer changes it."""
STANDBY = timedelta(seconds=1)
"""How often a relay without the lease asks for it."""


class LeaseLost(RuntimeError):
    """Somebody else holds the lease now."""


@dataclass(slots=True)
class Relay:
    """Sends one service's outbox, or the part of it that its lease names; one of several replicas does so at
    a time. A key's rows are all in one part.
    """

    database: Database
    lease: Lease
    make_producer: ProducerFactory
    of_other_divisions: SharingFactory
    health: Health
    rows: int
    poll: timedelta
    kafka: str = ""
    """Bootstrap servers, to be named where they don't answer."""
    backoff: Backoff = field(default_factory=Backoff)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _stopping: bool = field(default=False, init=False)
    _topics: set[str] = field(default_factory=set, init=False)
    _aside: dict[Place, float] = field(default_factory=dict, init=False)
    _alone: set[Place] = field(default_factory=set, init=False)
    _waits: Waits = field(init=False)
    """Those after each loss of leadership."""

    def __post_init__(self) -> None:
        self._waits = Waits(self.backoff)

    @property
    def name(self) -> str:
        """What health calls it: `relay`, or `relay-1` where the outbox is divided."""
        return "relay" if self.lease.parts == 1 else f"relay-{self.lease.part}"

    def wake(self) -> None:
        """Says that there are rows: called after each commit."""
        self._wake.set()

    def stop(self) -> None:
        """Lets `run` send what is there and return."""
        self._stopping = True
        self._wake.set()

    async def run(self) -> None:
        """Competes for the lease and relays while holding it, until `stop`."""
        while not self._stopping:
            try:
                if await self.lease.acquire():
                    await self._lead()
                else:
                    self.health.working(self.name)
                    await asyncio.sleep(STANDBY.total_seconds())
            except Exception as error:  # noqa: BLE001 (whatever it was, leadership is lost and competed for again)
                self.health.degraded(self.name, cause_of(error, self.database, self.kafka))
                log.warning("relay_lost_leadership", **describe_error(error))
                await self._waits.sleep()

    async def _lead(self) -> None:
        producer = self.make_producer()
        # Topics may have been deleted since somebody else led.
        self._topics = set()
        try:
            await in_time(producer.start())
            await self._fence_other_divisions()
            # Whoever took it under another division meanwhile has fenced this producer before its start.
            if not await self.lease.acquire():
                raise LeaseLost
            while True:
                # Read only now: start() has fenced every older producer.
                stopping = self._stopping
                more = await self._send_some(producer)
                self._waits.reset()
                self.health.working(self.name)
                if not more and stopping:
                    await self.lease.release()
                    return
                if not more:
                    await self._pause()
                if self.lease.needs_renewal and not await self.lease.acquire():
                    raise LeaseLost
        finally:
            await close(producer)

    async def _fence_other_divisions(self) -> None:
        """Fences whoever may have been paused under another number of parts, with another producer."""
        divisions = await self.lease.unfenced()
        for make in (make for parts in divisions for make in self.of_other_divisions(parts)):
            former = make()
            try:
                await in_time(former.start())
            finally:
                await close(former)
        if divisions:
            await self.lease.fenced()

    async def _pause(self) -> None:
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._wake.wait(), self.poll.total_seconds())
        self._wake.clear()

    async def _send_some(self, producer: AIOKafkaProducer) -> bool:
        """Sends the oldest rows, at most one for each key; returns whether it left any that may go now."""
        oldest, more = await self._oldest()
        missing = await self._missing({bundle.topic for bundle in oldest}, producer)
        if missing:
            log.error("outbox_topic_missing", topics=sorted(missing))
            self._aside |= {(topic, None): time.monotonic() + MISSING.total_seconds() for topic in missing}
        batch = [bundle for bundle in oldest if bundle.topic not in missing]
        if batch:
            await in_time(self._transact([row for bundle in batch for row in bundle.rows], producer))
            await self._delete(batch)
        return more or bool(missing)

    async def _delete(self, sent: Sequence[Bundle]) -> None:
        """Takes sent rows out of the outbox.

        With majority before the next read, so that no row of these keys is sent before they are gone.
        """
        finished = [bundle.id for bundle in sent if not bundle.aside]
        writes: list[DeleteMany | UpdateOne] = [DeleteMany({"_id": {"$in": finished}})]
        # By its number of rows, lest a relay that was overtaken writes over what its successor has left.
        writes += [
            UpdateOne({"_id": bundle.id, "rows": {"$size": bundle.count}}, {"$set": {"rows": bundle.aside}})
            for bundle in sent
            if bundle.aside
        ]
        await self.database["outbox"].bulk_write(writes, ordered=False)

    async def _oldest(self) -> tuple[list[Bundle], bool]:
        """The oldest bundles, about `rows` rows and `BYTES`, without what is set aside; whether others wait.

        Of two rows of a key the newer must never go first: a place is set aside as a whole, a bundle waits
        that has a key of an older one, whether that one goes or waits itself, and all is read as of one
        moment, lest a row that is stored meanwhile is passed by and a newer one is not.
        """
        now = time.monotonic()
        self._aside = {place: until for place, until in self._aside.items() if until > now}
        query: Document = {"topic": {"$nin": [topic for topic, key in self._aside if key is None]}}
        if self.lease.parts > 1:
            query["slot"] = {"$in": list(range(self.lease.part, SLOTS, self.lease.parts))}
        found: list[Bundle] = []
        taken: set[Place] = set()
        rows = size = 0
        more = False
        async with self.database.snapshot() as session:
            cursor = self.database["outbox"].find(
                query, sort=OLDEST_FIRST, batch_size=CURSOR_BATCH, session=session
            )
            async for document in cursor:
                bundle = Bundle.of(document, self._aside)
                places = bundle.places
                if bundle.rows and taken.isdisjoint(places):
                    found.append(bundle)
                elif bundle.rows:
                    more = True
                taken |= places
                rows += len(bundle.rows)
                size += bundle.size
                if rows >= self.rows or size > BYTES:
                    more = True
                    break
            await cursor.close()
        return found, more

    async def _missing(self, topics: set[str], producer: AIOKafkaProducer) -> set[str]:
        """Topics that don't exist. A send to one of them would hold up all others until it times out."""
        if not topics <= self._topics:
            metadata = await producer.client.fetch_all_metadata()
            self._topics = set(metadata.topics())
        return topics - self._topics

    async def _transact(self, batch: Sequence[Row], producer: AIOKafkaProducer) -> None:
        """Sends rows in one transaction; raises, with those that the broker will not have set aside."""
        async with producer.transaction():
            lines: dict[tuple[str, int], list[Parcel]] = {}
            for parcel in await pack(batch, producer, self._alone):
                lines.setdefault((parcel.topic, parcel.partition), []).append(parcel)
            outcomes = await asyncio.gather(
                *(_deliver(line, producer) for line in lines.values()), return_exceptions=True
            )
            failures = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            if failures:
                for refused in failures:
                    if isinstance(refused, _Refused):
                        self._set_aside(refused)
                raise failures[0]
        self._alone.clear()

    def _set_aside(self, refused: "_Refused") -> None:
        """Keeps what the broker refused from holding up the rest.

        Of several rows in a batch nobody knows which it was: each is sent alone, and then it shows.
        """
        parcel, until = refused.parcel, time.monotonic() + REFUSED.total_seconds()
        places = {row.place for row in parcel.rows}
        if refused.whole_topic:
            log.error("outbox_topic_refused", topic=parcel.topic)
            self._aside[parcel.topic, None] = until
        elif len(parcel.rows) > 1:
            self._alone |= places
        else:
            log.error("outbox_row_refused", topic=parcel.topic)
            self._aside |= dict.fromkeys(places, until)


class _Refused(RuntimeError):
    """The broker refuses a batch."""

    def __init__(self, parcel: Parcel, *, whole_topic: bool) -> None:
        super().__init__(f"the broker refuses a record for {parcel.topic}")
        self.parcel = parcel
        self.whole_topic = whole_topic


async def _deliver(line: Sequence[Parcel], producer: AIOKafkaProducer) -> None:
    """Sends one partition's batches, each once the last is acknowledged: aiokafka sends them so, and gives up
    those that have queued for it too long. Raises _Refused.
    """
    for parcel in line:
        try:
            await (await producer.send_batch(parcel.batch, parcel.topic, partition=parcel.partition))
        except REFUSALS as error:
            raise _Refused(parcel, whole_topic=isinstance(error, TOPIC_REFUSALS)) from error
