"""A service's parts put together, before anything runs: no broker, relay or server is opened here.

A composition root makes a `Wiring` of what its service has; the runtime runs it, and tests call its parts.
"""

import os
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from pymongo import IndexModel
from starlette.routing import BaseRoute

from shared.clock import Clock
from shared.contracts.topics import COMMANDS, DEAD_LETTERS, Service, Topic
from shared.health import Health
from shared.messaging import due, migrations, rebuild, tables, ticks
from shared.messaging.at_rest import RecordCipher
from shared.messaging.batches import dead_letters, inbox
from shared.messaging.batches.dead_letters import DeadLetters
from shared.messaging.batches.transaction import BatchTransaction
from shared.messaging.commands import replies
from shared.messaging.commands.desk import DeadLetterDesk
from shared.messaging.commands.dispatch import NO_COMMANDS, Commands, Decisions
from shared.messaging.commands.retries import RETRY_KIND
from shared.messaging.due import DueHandler
from shared.messaging.due_runner import DueRunner
from shared.messaging.metrics import Count, Gauge, Metrics
from shared.messaging.migrations import Migration
from shared.messaging.rebuild import Past, Recipe
from shared.messaging.restored import Floors, Published
from shared.messaging.sending import outbox
from shared.messaging.subscription import Subscription
from shared.messaging.tables import Operators, Programmes
from shared.messaging.tracing.spans import Tracer
from shared.messaging.tracing.switch import tracer_of
from shared.mongo import Database
from shared.settings import ServiceSettings

INDEXES: dict[str, list[IndexModel]] = {
    "inbox": inbox.INDEXES,
    "outbox": outbox.INDEXES,
    "positions": [],
    "quarantine": dead_letters.INDEXES,
    "leases": [],
    "due": due.INDEXES,
    "replies": replies.INDEXES,
    rebuild.COLLECTION: [],
    tables.COLLECTION: [],
    **migrations.INDEXES,
}
"""Every service's own collections of the messaging core."""

Step = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True)
class Resources:
    """What every service is given: its names, the clock, its database, the tables, its health, and what takes
    its spans, if anything does.

    `prefix` stands before the name of each topic and group. The tables are empty until somebody reads them.
    """

    service: Service
    prefix: str
    clock: Clock
    database: Database
    operators: Operators = field(default_factory=Operators)
    programmes: Programmes = field(default_factory=Programmes)
    health: Health = field(default_factory=Health)
    floors: Floors = field(default_factory=Floors)
    tracer: Tracer | None = None

    @classmethod
    def of(cls, service: Service, settings: ServiceSettings) -> "Resources":
        """By a service's settings. The database's client connects when it is first asked something."""
        database = Database(settings.mongodb.get_secret_value(), settings.database or service)
        tracer = tracer_of(service, os.environ)
        return cls(service, settings.topic_prefix, settings.clock(), database, tracer=tracer)


@dataclass(frozen=True, slots=True)
class Wiring:
    """A service, wired: what it reads, what it does when something is due, what it serves besides health.

    `indexes` are of its own collections, `migrations` what former releases stored there otherwise,
    `published` the states that it goes on from where its database was restored, `gauges` and `counts` what it
    tells Prometheus besides. `cipher` keeps records unreadable at rest where they may hold personal data.
    `on_start` is waited for, and tried again while the database is away, before any record is read; `beside`
    is started with the service and not waited for. `on_programmes` runs whenever other programmes hold than
    before, and at the start.
    """

    resources: Resources
    subscriptions: Sequence[Subscription]
    due_handlers: Mapping[str, DueHandler] = field(default_factory=dict)
    indexes: Mapping[str, list[IndexModel]] = field(default_factory=dict)
    migrations: Sequence[Migration] = ()
    routes: Sequence[BaseRoute] = ()
    gauges: Sequence[Gauge] = ()
    counts: Sequence[Count] = ()
    decisions: Decisions = NO_COMMANDS
    cipher: RecordCipher | None = None
    recipe: Recipe = field(default_factory=Recipe)
    published: Sequence[Published] = ()
    on_start: Sequence[Step] = ()
    beside: Sequence[Step] = ()
    on_programmes: Sequence[Step] = ()
    past: Past = field(default_factory=Past, init=False)
    commands: Commands = field(init=False)
    transactions: Sequence[BatchTransaction] = field(init=False)
    """One for each subscription, and the last for commands."""

    def __post_init__(self) -> None:
        resources = self.resources
        letters = DeadLetters(DEAD_LETTERS[resources.service], resources.service, self.cipher)

        def transaction_of(subscription: Subscription) -> BatchTransaction:
            return BatchTransaction(
                subscription,
                resources.database,
                resources.service,
                resources.prefix,
                resources.clock,
                letters,
                resources.tracer,
            )

        transactions = [transaction_of(subscription) for subscription in self.subscriptions]
        # The list itself: the commands that come next can be dead letters too.
        desk = DeadLetterDesk(letters, transactions)
        commands = Commands(
            resources.service,
            resources.prefix,
            resources.operators,
            self.decisions,
            desk,
            self.past,
            lambda: resources.programmes.successors,
        )
        transactions.append(
            transaction_of(Subscription(COMMANDS[resources.service], commands.apply, commands.report))
        )
        object.__setattr__(self, "commands", commands)
        object.__setattr__(self, "transactions", transactions)

    @property
    def collections(self) -> dict[str, list[IndexModel]]:
        """The indexes of every collection, the messaging core's with the service's own."""
        return {**INDEXES, **self.indexes}

    def transaction(self, topic: Topic) -> BatchTransaction:
        """The transaction that handles a topic's batches. Raises ValueError where the topic isn't read."""
        for transaction in self.transactions:
            if transaction.subscription.topic is topic:
                return transaction
        raise ValueError(f"{self.resources.service} does not read {topic.name}")

    def due_runner(self, wake_relay: Callable[[], None], poll: timedelta, metrics: Metrics) -> DueRunner:
        """What runs this service's due rows, and those of the messaging core."""
        resources = self.resources
        return DueRunner(
            resources.database,
            resources.service,
            resources.prefix,
            resources.clock,
            {**self.due_handlers, RETRY_KIND: self.commands.retry, ticks.TICK: ticks.tick},
            resources.health,
            wake_relay,
            poll,
            metrics=metrics,
            tracer=resources.tracer,
        )
