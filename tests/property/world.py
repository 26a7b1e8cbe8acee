"""Two replicas of a service on the real servers, each stopped, killed and woken wherever a test says."""

import asyncio
import contextlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaProducer
from motor.motor_asyncio import AsyncIOMotorClient

from shared.clock import Clock
from shared.contracts import topics
from shared.health import Health
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.dead_letters import DeadLetters
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.places.positions import Partition
from shared.messaging.reading.records import Raw
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.producers import relay_producer
from shared.messaging.sending.relay import Relay
from shared.messaging.subscription import Subscription
from shared.messaging.wiring import INDEXES
from shared.mongo import Database
from shared.retry import Backoff
from tests.property.book import Book
from tests.property.process import Cut, Process
from tests.property.reader import DEADLINE_SECONDS, LETTERS, Published, Reader
from tests.support.cluster import Corner
from tests.support.wired import processor_of

COLLECTIONS = {**INDEXES, "book": []}
AT_ONCE = Backoff(timedelta(milliseconds=1), timedelta(milliseconds=5))


@dataclass(slots=True)
class Replica:
    """One process's worth of the service: its own client of the database, its own clock."""

    database: Database
    book: Book = field(default_factory=Book)
    batch: Process | None = None
    """Where it stands still in a batch."""
    relay: Process | None = None
    """Where its relay stands still."""
    producers: list[AIOKafkaProducer] = field(default_factory=list)


class World:
    """Both servers and both replicas. Each example works under names of its own."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.replicas = [Replica(corner.database()), Replica(corner.database())]
        self.database = corner.database()
        self.committed: dict[str, int] = {}
        self.example = 0
        self._admin: AsyncIOMotorClient[dict[str, Any]] = AsyncIOMotorClient(corner.addresses.mongodb)
        self._reader: Reader | None = None

    @property
    def sends(self) -> bool:
        """Whether relays send what batches leave."""
        return self._reader is not None

    async def open(self, *, kafka: bool) -> None:
        """Makes collections and, for relays, topics and the reader of what they send."""
        await self.database.ensure(COLLECTIONS)
        if not kafka:
            return
        self._reader = Reader(self.corner)
        await self._reader.open()

    async def close(self) -> None:
        """Lets everything go."""
        await self.begin()
        if self._reader is not None:
            await self._reader.close()
        await self._end_transactions()
        await self.corner.remove()
        for database in (self.database, *(replica.database for replica in self.replicas)):
            database.close()
        self._admin.close()

    async def _end_transactions(self) -> None:
        """Ends what is still open: a drop would wait for it."""
        own = {"appName": f"kobling-{self.corner.database_name}", "transaction": {"$exists": True}}
        stages: list[dict[str, Any]] = [
            {"$currentOp": {"allUsers": True, "idleSessions": True}},
            {"$match": own},
        ]
        async for operation in self._admin.admin.aggregate(stages):
            await self._admin.admin.command("killSessions", [{"id": operation["lsid"]["id"]}])

    async def begin(self) -> str:
        """Ends what the last example has left; returns the new one's name, two letters at least."""
        for replica in self.replicas:
            await self.kill_batch(replica)
            await self.kill_relay(replica)
        await self.database["outbox"].delete_many({})
        self.committed = {}
        self.example += 1
        if self._reader is not None:
            self._reader.begin(f"x{self.example}-", *(f".{owner}." for owner in self._municipalities()))
        return f"x{self.example}"

    def _municipalities(self) -> list[str]:
        """Two of the example's own, by its number."""
        return [f"no-{(2 * self.example + owner) % 10_000:04}" for owner in range(2)]

    def topics(self) -> list[str]:
        """The two topics of the example."""
        return [f"{self.corner.prefix}settlements.{owner}.v1" for owner in self._municipalities()]

    # Batches

    async def deliver(
        self,
        replica: Replica,
        batch: Sequence[Raw],
        cut: Cut | None = None,
        *,
        at_most: int = 500,
        skew: timedelta = timedelta(),
    ) -> bool:
        """Hands a replica records as its consumer would; False where it stands still at the cut."""
        await self._expire_others(replica)
        process = Process(cut)
        handler = self._processor(replica, at_most, skew)
        replica.batch = process
        async with asyncio.timeout(DEADLINE_SECONDS):
            return self._ended(replica, await process.run(handler.process(batch, self._commit)))

    async def resume(self, replica: Replica) -> None:
        """Lets a batch that stands still go on to its end."""
        assert replica.batch is not None
        await self._expire_others(replica)
        replica.batch.thaw()
        async with asyncio.timeout(DEADLINE_SECONDS):
            self._ended(replica, await replica.batch.go_on())

    async def cancel(self, replica: Replica) -> None:
        """Throws CancelledError into a batch that stands still: its reply is lost, its clean-up runs."""
        assert replica.batch is not None
        replica.batch.cancel()
        replica.batch.thaw()
        async with asyncio.timeout(DEADLINE_SECONDS):
            with contextlib.suppress(asyncio.CancelledError):
                await replica.batch.go_on()
        replica.batch = None

    async def kill_batch(self, replica: Replica) -> None:
        """Ends a batch that stands still, and its transaction, as the server does 10 s later."""
        if replica.batch is not None:
            await replica.batch.kill()
            await self._expire(replica)
            replica.batch = None

    @staticmethod
    def _ended(replica: Replica, ended: bool) -> bool:
        if ended:
            replica.batch = None
            replica.book.sessions.clear()
        return ended

    async def _expire_others(self, replica: Replica) -> None:
        """Ends the transactions that others have left open and that may hold documents."""
        for other in self.replicas:
            if other is not replica and other.batch is not None:
                await self._expire(other)

    async def _expire(self, replica: Replica) -> None:
        sessions, replica.book.sessions = replica.book.sessions, []
        if sessions:
            await self._admin.admin.command("killSessions", [{"id": one["id"]} for one in sessions])

    async def _commit(self, offsets: Mapping[Partition, int]) -> None:
        await asyncio.sleep(0)
        for (topic, _), offset in offsets.items():
            self.committed[topic] = max(self.committed.get(topic, 0), offset)

    def _processor(self, replica: Replica, at_most: int, skew: timedelta) -> BatchProcessor:
        transaction = BatchTransaction(
            Subscription(topics.SETTLEMENTS, replica.book.apply, replica.book.report),
            replica.database,
            "intake",
            self.corner.prefix,
            Clock(skew),
            DeadLetters(LETTERS, "intake"),
        )
        return processor_of(transaction, batch_records=at_most, backoff=AT_ONCE)

    async def read(self, *, to_the_end: bool = False) -> Published:
        """What readers of committed records have met so far; see Reader.read."""
        return Published() if self._reader is None else await self._reader.read(to_the_end=to_the_end)

    # Relays

    async def relay(self, replica: Replica, cut: Cut | None = None) -> bool:
        """Runs a replica's relay until the outbox is empty; False where it stands still at the cut."""
        await self._let_leases_run_out()
        process = Process(cut)
        replica.relay = process
        async with asyncio.timeout(DEADLINE_SECONDS):
            ended = await process.run(self._relay(replica).run())
            # A slow broker costs a relay its leadership, and one that is to stop does not compete again.
            while ended and await self.database["outbox"].count_documents({}):
                await self._let_leases_run_out()
                replica.relay = process = Process(None)
                ended = await process.run(self._relay(replica).run())
        if ended:
            replica.relay = None
            replica.producers.clear()
        return ended

    async def wake(self, replica: Replica) -> None:
        """Lets a relay that stands still go on to its end: what is there, or the loss of its leadership."""
        assert replica.relay is not None
        await self._let_leases_run_out()
        replica.relay.thaw()
        async with asyncio.timeout(DEADLINE_SECONDS):
            await replica.relay.go_on()
        replica.relay = None
        replica.producers.clear()

    async def kill_relay(self, replica: Replica) -> None:
        """Ends a relay that stands still, its connections with it."""
        if replica.relay is not None:
            await replica.relay.kill()
            for producer in replica.producers:
                for connection in list(producer.client._conns.values()):
                    if connection._writer is not None:
                        connection._writer.transport.abort()
            replica.relay = None
            replica.producers.clear()

    async def _let_leases_run_out(self) -> None:
        """Whoever holds one stands still or is dead: 10 s go by."""
        await self.database["leases"].delete_many({})

    def _relay(self, replica: Replica) -> Relay:
        def make_producer() -> AIOKafkaProducer:
            relay.stop()
            made = relay_producer(self.corner.addresses.cluster, f"{self.corner.prefix}relay")
            replica.producers.append(made)
            return made

        relay = Relay(
            replica.database,
            Lease(replica.database, "relay"),
            make_producer,
            lambda _: (),
            Health(),
            rows=100,
            poll=timedelta(milliseconds=5),
            backoff=AT_ONCE,
        )
        return relay
