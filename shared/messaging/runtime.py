"""Runs a service: what starts in which order, and what is told to stop.

The process lives from the first moment and says what it waits for: a broker or database that isn't there yet
is an outage like any other.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial

from faststream.kafka import KafkaBroker

from shared.logging import describe_error, get_logger
from shared.messaging import rebuild, ticks
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.consumer import make_broker, subscribe, use_batch_consumers
from shared.messaging.due_runner import DueRunner
from shared.messaging.metrics import Metrics
from shared.messaging.migrations import Migrator
from shared.messaging.places.admission import Admission
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.reading.bounded import bound_batches
from shared.messaging.rebuild import Rebuild
from shared.messaging.restored import Restored
from shared.messaging.sending.relays import Relays
from shared.messaging.tables import Kept, TableReader
from shared.messaging.topic_settings import TopicWatch
from shared.messaging.wiring import Resources, Wiring
from shared.retry import Waits, cause_of
from shared.settings import ServiceSettings

log = get_logger(__name__)

LEAVE_SECONDS = 1.5
"""How long consumers may take to leave their groups, beyond what handlers have."""
LAST_SECONDS = 1.0
"""What relays and due rows have at least, when the batches took all of `drain`."""
LAST_SPANS = timedelta(seconds=1)
"""How long the collector of traces may take with the last of them."""
CANCEL_SECONDS = 0.5
"""How long what was cancelled may take to end; `serving` ends the process if it doesn't."""


@dataclass(slots=True)
class App:
    """A wired service with what it runs on: broker, relays, due rows, rebuild, metrics."""

    wiring: Wiring
    settings: ServiceSettings
    broker: KafkaBroker = field(init=False)
    admission: Admission = field(init=False)
    tables: TableReader = field(init=False)
    metrics: Metrics = field(init=False)
    relays: Relays = field(init=False)
    due: DueRunner = field(init=False)
    rebuild: Rebuild = field(init=False)
    _names: list[str] = field(default_factory=list, init=False)
    _following: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _draining: list[asyncio.Task[None]] = field(default_factory=list, init=False)

    def __post_init__(self) -> None:
        resources, settings = self.resources, self.settings
        name = f"{resources.prefix}{resources.service}"
        bound_batches()
        self.broker = make_broker(settings.cluster, name, settings.drain)
        self.relays = Relays.of(
            resources.database,
            settings.cluster,
            f"{name}-relay",
            settings.relay_shards,
            settings.relay_rows,
            settings.relay_poll,
            resources.health,
        )
        self.tables = self._table_reader()
        self.metrics = self._metrics()
        self.rebuild = Rebuild(
            self.wiring.recipe,
            resources.database,
            resources.service,
            settings.cluster,
            resources.prefix,
            resources.clock,
            self.relays.producers,
            resources.health,
            settings.batch_records,
            self.wiring.past,
        )
        self.due = self.wiring.due_runner(self.relays.wake, settings.due_poll, self.metrics)
        self._subscribe()
        self.admission = self._admission(name)
        for part in ("database", "tables", rebuild.PART, "broker", "due"):
            resources.health.starting(part)
        self.relays.starting(resources.health)

    @property
    def resources(self) -> Resources:
        """What the service was wired with."""
        return self.wiring.resources

    def _metrics(self) -> Metrics:
        return Metrics(
            self.resources.prefix,
            leads=lambda: self.relays.leads,
            refused=lambda: self.tables.refused,
            gauges=self.wiring.gauges,
            counts=self.wiring.counts,
            health=self.resources.health,
        )

    def _admission(self, name: str) -> Admission:
        groups = [f"{name}.{subscription}" for subscription in self._names]
        guard = OffsetGuard(self.resources.database)
        return Admission(self.settings.cluster, groups, guard, self.resources.health)

    def _table_reader(self) -> TableReader:
        resources = self.resources
        return TableReader(
            self.settings.cluster,
            resources.prefix,
            resources.operators,
            resources.programmes,
            Kept(resources.database),
            resources.clock,
            resources.health,
            self.wiring.on_programmes,
        )

    def _subscribe(self) -> None:
        """Gives each transaction a processor, and each processor a subscriber."""
        for transaction in self.wiring.transactions:
            processor = BatchProcessor(
                transaction,
                self.resources.health,
                self.relays.wake,
                self.due.wake,
                self.settings.batch_records,
                self.settings.batch_bytes,
                metrics=self.metrics,
            )
            subscribe(self.broker, processor, self.resources.health)
            self._names.append(processor.name)

    async def start(self) -> None:
        """Starts everything in order, waiting for servers that are down."""
        resources = self.resources
        watch = TopicWatch(
            self.settings.cluster, resources.prefix, resources.service, resources.health, self.metrics
        )
        beside = (part() for part in self.wiring.beside)
        self._following += [asyncio.ensure_future(part) for part in (self.tables.run(), watch.run(), *beside)]
        await self._until_there("database", lambda: resources.database.ensure(self.wiring.collections))
        await self.admission.wait()
        migrator = Migrator(resources.database, self.wiring.migrations)
        self._following += [asyncio.ensure_future(part) for part in (self.admission.watch(), migrator.run())]
        tick = partial(ticks.schedule, resources.database, resources.service, resources.clock.now())
        await self._until_there("database", tick)
        for hook in self.wiring.on_start:
            await self._until_there("database", hook)
        await self.tables.caught_up.wait()
        await self._until_there(rebuild.PART, self.rebuild.run)
        restored = Restored(self.rebuild, self.wiring.published, resources.floors)
        await self._until_there(rebuild.PART, restored.run)
        self._draining += [asyncio.ensure_future(part.run()) for part in (self.relays, self.due)]
        await self._until_there("broker", self._start_broker)
        log.info("service_started")

    async def _start_broker(self) -> None:
        health = self.resources.health
        try:
            await use_batch_consumers(
                self.broker, self.settings.cluster, health, self.admission.guard, self.metrics
            )
            await self.broker.start()
        except Exception:
            # What did start would be started a second time, and builders are made anew by a new connection.
            await self.broker.stop()
            raise
        for name in self._names:
            health.working(name)

    async def _until_there(self, part: str, step: Callable[[], Awaitable[None]]) -> None:
        resources = self.resources
        waits = Waits()
        while True:
            try:
                await step()
            except Exception as error:  # noqa: BLE001 (a server that is not there yet, or refuses for now)
                server = resources.database.address if part == "database" else self.settings.cluster.servers
                resources.health.degraded(
                    part, cause_of(error, resources.database, self.settings.cluster.servers)
                )
                log.warning("start_waits", part=part, server=server, **describe_error(error))
                await waits.sleep()
            else:
                resources.health.started(part)
                return

    async def stop(self) -> None:
        """Drains: batches in hand are stored and committed, due rows in hand finished, the outbox sent.

        All of it together has `drain`, and three seconds more to leave.
        """
        loop = asyncio.get_running_loop()
        seconds = self.settings.drain.total_seconds()
        until = loop.time() + seconds + LEAVE_SECONDS
        self.due.stop()
        with contextlib.suppress(TimeoutError):
            # FastStream gives handlers `drain`, and then leaves the groups.
            await asyncio.wait_for(self.broker.stop(), seconds + LEAVE_SECONDS)
        # Last, since it sends what the batches stored.
        self.relays.stop()
        for task in self._following:
            task.cancel()
        if self._draining:
            await asyncio.wait(self._draining, timeout=max(until - loop.time(), LAST_SECONDS))
        tasks = [*self._following, *self._draining]
        if any(not task.done() for task in self._draining):
            log.warning("drain_cut_short")
        for task in tasks:
            task.cancel()
        if tasks:
            await asyncio.wait(tasks, timeout=CANCEL_SECONDS)
        if self.resources.tracer is not None:
            await asyncio.to_thread(self.resources.tracer.stop, LAST_SPANS)
        self.resources.database.close()
        log.info("service_stopped")
