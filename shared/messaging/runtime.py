"""Runs a service: what starts in which order, what is told to stop, and the health endpoint over it.

The process lives from the first moment and says what it waits for: a broker or database that isn't there yet
is an outage like any other.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

from faststream.kafka import KafkaBroker
from pymongo import IndexModel
from pymongo.errors import PyMongoError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from shared.clock import Clock
from shared.contracts.topics import COMMANDS, DEAD_LETTERS, Service
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging import due, rebuild, ticks
from shared.messaging.batches import dead_letters, inbox
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.consumer import make_broker, subscribe, use_batch_consumers
from shared.messaging.batches.dead_letters import DeadLetters, RecordCipher
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.commands import replies
from shared.messaging.commands.desk import DeadLetterDesk
from shared.messaging.commands.dispatch import NO_COMMANDS, RETRY_KIND, Commands, Decisions
from shared.messaging.due import DueHandler, DueRunner
from shared.messaging.metrics import CONTENT_TYPE, Metrics
from shared.messaging.places.admission import Admission
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.rebuild import Rebuild, Recipe
from shared.messaging.sending import outbox
from shared.messaging.sending.relays import Relays
from shared.messaging.subscription import Subscription
from shared.messaging.tables import Operators, Programmes, TableReader
from shared.mongo import Database
from shared.retry import Waits
from shared.settings import ServiceSettings

log = get_logger(__name__)

INDEXES: dict[str, list[IndexModel]] = {
    "inbox": inbox.INDEXES,
    "outbox": outbox.INDEXES,
    "positions": [],
    "quarantine": dead_letters.INDEXES,
    "leases": [],
    "due": due.INDEXES,
    "replies": replies.INDEXES,
    rebuild.COLLECTION: [],
}
"""Every service's own collections of the messaging core."""

PING_SECONDS = 2.0
LEAVE_SECONDS = 5.0


@dataclass(slots=True)
class Runtime:
    """What every service has: settings, clock, database, tables, health. Made first by a composition root."""

    service: Service
    settings: ServiceSettings
    clock: Clock = field(init=False)
    database: Database = field(init=False)
    operators: Operators = field(default_factory=Operators, init=False)
    programmes: Programmes = field(default_factory=Programmes, init=False)
    health: Health = field(default_factory=Health, init=False)

    def __post_init__(self) -> None:
        self.clock = Clock(self.settings.clock_offset)
        name = self.settings.database or self.service
        self.database = Database(self.settings.mongodb.get_secret_value(), name)


@dataclass(slots=True)
class App:
    """A service, wired: what it reads, what it does when something is due, what it serves besides health."""

    runtime: Runtime
    subscriptions: Sequence[Subscription]
    due_handlers: Mapping[str, DueHandler] = field(default_factory=dict)
    indexes: Mapping[str, list[IndexModel]] = field(default_factory=dict)
    routes: Sequence[BaseRoute] = ()
    decisions: Decisions = NO_COMMANDS
    protection: RecordCipher | None = None
    recipe: Recipe = field(default_factory=Recipe)
    on_start: Sequence[Callable[[], Awaitable[None]]] = ()
    beside: Sequence[Callable[[], Awaitable[None]]] = ()
    """Started with the service and not waited for."""
    on_stop: Sequence[Callable[[], Awaitable[None]]] = ()
    broker: KafkaBroker = field(init=False)
    admission: Admission = field(init=False)
    metrics: Metrics = field(init=False)
    relays: Relays = field(init=False)
    due: DueRunner = field(init=False)
    rebuild: Rebuild = field(init=False)
    _names: list[str] = field(default_factory=list, init=False)
    _following: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _draining: list[asyncio.Task[None]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        runtime, settings = self.runtime, self.runtime.settings
        prefix = settings.topic_prefix
        self.broker = make_broker(settings.kafka, f"{prefix}{runtime.service}")
        self.relays = Relays.of(
            runtime.database,
            settings.kafka,
            f"{prefix}{runtime.service}-relay",
            settings.relay_shards,
            settings.relay_rows,
            settings.relay_poll,
            runtime.health,
        )
        self.metrics = Metrics(prefix, leads=lambda: self.relays.leads)
        self.rebuild = Rebuild(
            self.recipe,
            runtime.database,
            runtime.service,
            settings.kafka,
            prefix,
            runtime.clock,
            self.relays.producers,
            runtime.health,
            settings.batch_records,
        )
        letters = DeadLetters(DEAD_LETTERS[runtime.service], runtime.service, self.protection)

        def transaction_of(subscription: Subscription) -> BatchTransaction:
            return BatchTransaction(
                subscription, runtime.database, runtime.service, prefix, runtime.clock, letters
            )

        transactions = [transaction_of(subscription) for subscription in self.subscriptions]
        # The list itself: the commands that come next can be dead letters too.
        desk = DeadLetterDesk(letters, transactions)
        orders = Commands(runtime.service, prefix, runtime.operators, self.decisions, desk, self.rebuild.past)
        transactions.append(
            transaction_of(Subscription(COMMANDS[runtime.service], orders.apply, orders.report))
        )
        self.due = DueRunner(
            runtime.database,
            runtime.service,
            prefix,
            runtime.clock,
            {**self.due_handlers, RETRY_KIND: orders.retry, ticks.TICK: ticks.tick},
            runtime.health,
            self.relays.wake,
            settings.due_poll,
        )
        for transaction in transactions:
            processor = BatchProcessor(
                transaction,
                runtime.health,
                self.relays.wake,
                self.due.wake,
                settings.batch_records,
                settings.batch_bytes,
                metrics=self.metrics,
            )
            subscribe(self.broker, processor, runtime.health)
            self._names.append(processor.name)
        groups = [f"{prefix}{runtime.service}.{name}" for name in self._names]
        self.admission = Admission(settings.kafka, groups, OffsetGuard(runtime.database), runtime.health)
        for part in ("database", "tables", rebuild.PART, "broker", "due"):
            runtime.health.starting(part)
        self.relays.starting(runtime.health)

    async def start(self) -> None:
        """Starts everything in order, waiting for servers that are down."""
        runtime = self.runtime
        tables = TableReader(
            runtime.settings.kafka,
            runtime.settings.topic_prefix,
            runtime.operators,
            runtime.programmes,
            runtime.health,
        )
        beside = (part() for part in self.beside)
        self._following += [asyncio.ensure_future(part) for part in (tables.run(), *beside)]
        await self._until_there("database", lambda: runtime.database.ensure({**INDEXES, **self.indexes}))
        await self.admission.wait()
        self._following.append(asyncio.ensure_future(self.admission.watch()))
        tick = partial(ticks.schedule, runtime.database, runtime.service, runtime.clock.now())
        await self._until_there("database", tick)
        for hook in self.on_start:
            await self._until_there("database", hook)
        await tables.caught_up.wait()
        await self._until_there(rebuild.PART, self.rebuild.run)
        self._draining += [asyncio.ensure_future(part.run()) for part in (self.relays, self.due)]
        await self._until_there("broker", self._start_broker)
        log.info("service_started")

    async def _start_broker(self) -> None:
        try:
            await use_batch_consumers(self.broker, self.runtime.health, self.admission.guard, self.metrics)
            await self.broker.start()
        except Exception:
            # What did start would be started a second time, and builders are made anew by a new connection.
            await self.broker.stop()
            raise
        for name in self._names:
            self.runtime.health.working(name)

    async def _until_there(self, part: str, step: Callable[[], Awaitable[None]]) -> None:
        waits = Waits()
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 (a server that is not there yet, or refuses for now)
                server = self.runtime.database.address if part == "database" else self.runtime.settings.kafka
                self.runtime.health.degraded(part, f"{server}: {type(error).__name__}")
                log.warning("start_waits", part=part, server=server, **describe_error(error))
                await waits.sleep()
            else:
                self.runtime.health.started(part)
                return

    async def stop(self) -> None:
        """Drains: batches in hand are stored and committed, due rows in hand finished, the outbox sent."""
        seconds = self.runtime.settings.drain.total_seconds()
        with contextlib.suppress(TimeoutError):
            # FastStream gives handlers `drain` as well, and then leaves the groups.
            await asyncio.wait_for(self.broker.stop(), seconds + LEAVE_SECONDS)
        self.due.stop()
        self.relays.stop()
        for task in self._following:
            task.cancel()
        if self._draining:
            await asyncio.wait(self._draining, timeout=seconds)
        for task in self._draining:
            task.cancel()
        await asyncio.gather(*self._following, *self._draining, return_exceptions=True)
        for hook in self.on_stop:
            await hook()
        self.runtime.database.close()
        log.info("service_stopped")

    def http(self) -> Starlette:
        """The health endpoint and the service's own routes; starts and stops the service with itself."""

        @contextlib.asynccontextmanager
        async def lifespan(_: Starlette) -> AsyncIterator[None]:
            starting = asyncio.ensure_future(self.start())
            try:
                yield
            finally:
                starting.cancel()
                await asyncio.gather(starting, return_exceptions=True)
                await self.stop()

        return Starlette(
            routes=[
                Route("/health/live", self._live),
                Route("/health/ready", self._ready),
                Route("/metrics", self._metrics),
                *self.routes,
            ],
            lifespan=lifespan,
        )

    async def _live(self, _: Request) -> JSONResponse:
        stuck = self.runtime.health.stuck
        return JSONResponse({"live": not stuck, "stuck": stuck}, 503 if stuck else 200)

    async def _ready(self, _: Request) -> JSONResponse:
        causes = dict(self.runtime.health.causes)
        try:
            await asyncio.wait_for(self.runtime.database.ping(), PING_SECONDS)
        except (PyMongoError, TimeoutError) as error:
            causes["database"] = f"{self.runtime.database.address}: {type(error).__name__}"
        return JSONResponse({"ready": not causes, "causes": causes}, 503 if causes else 200)

    async def _metrics(self, _: Request) -> Response:
        page = await self.metrics.render(self.runtime.database, self.runtime.clock)
        return Response(page, media_type=CONTENT_TYPE)
