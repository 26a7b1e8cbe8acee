"""What a service tells Prometheus. Labels are topics of the registry, partitions and outcomes: nobody's data.

A family of topics is one label, `settlements.<municipality>.v1`: one each would be hundreds of series. What
the database knows is looked up when somebody asks. While the database doesn't answer in time its gauges are
left out, and its totals, which hold for good, are those of the last answer: an alarm must not come and go.
"""

import asyncio
import re
from collections import Counter as Tally
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache
from typing import TypeVar

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.contracts.topics import REGISTRY
from shared.messaging.places.positions import Partition
from shared.messaging.reading.outcome import COUNTERS
from shared.messaging.sending import outbox
from shared.messaging.work import microseconds
from shared.mongo import Database, Document

__all__ = ["CONTENT_TYPE", "Gauge", "Metrics"]

LOOKUP = timedelta(seconds=5)
"""How long the database has for an answer: half of what Prometheus waits for a page by default."""
COUNTED = 100_000
"""The most rows that are counted one by one: more is as bad, and slow."""
LATE = timedelta(minutes=1)
"""From when on a due row counts as late."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
PLACE = ("topic", "partition")


@dataclass(frozen=True, slots=True)
class Follows:
    """What to ask a subscription's consumer: offsets behind the last stable offset, and behind the log's end;
    seconds for which an open transaction has held back what follows it. Each by partition.
    """

    lags: Callable[[], Mapping[Partition, int]]
    lags_to_end: Callable[[], Mapping[Partition, int]]
    held: Callable[[], Mapping[Partition, float]]


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of one service's, without labels, that its database knows; None where there is none yet."""

    name: str
    description: str
    look: Callable[[Database], Awaitable[float | None]]


Values = TypeVar("Values", bound=tuple[str, ...])


@lru_cache(maxsize=4096)
def family(topic: str, prefix: str) -> str:
    """The registry's name of a topic, or `other`."""
    for known in REGISTRY:
        if known.is_family:
            if re.fullmatch(known.pattern(prefix), topic):
                return known.name
        elif prefix + known.name == topic:
            return known.name
    return "other"


@dataclass(slots=True)
class _Looked:
    """What was found in the database."""

    outbox_rows: int
    outbox_oldest: float
    due_late: int
    positions: list[Document]
    gauges: dict[Gauge, float | None]


@dataclass(slots=True)
class Metrics:
    """One service's figures, in a registry of their own."""

    prefix: str = ""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    leads: Callable[[], bool] | None = None
    refused: Callable[[], Mapping[str, int]] = dict
    gauges: Sequence[Gauge] = ()
    _follows: dict[str, Follows] = field(default_factory=dict, init=False)
    _wrong_settings: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    _looked: _Looked | None = field(default=None, init=False)
    _answered: bool = field(default=False, init=False)
    _records: Counter = field(init=False)
    _batches: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self._records = Counter(
            "kobling_records",
            "Records handled for the first time, by outcome: applied, duplicate, stale or dead.",
            (*PLACE, "outcome"),
            registry=self.registry,
        )
        self._batches = Histogram(
            "kobling_batch_seconds",
            "A batch, from its first try to its offsets' commit.",
            ("subscription",),
            buckets=SECONDS,
            registry=self.registry,
        )
        ProcessCollector(registry=self.registry)
        self.registry.register(_AtScrape(self._current))

    def stored(self, counted: Mapping[Partition, Tally[str]]) -> None:
        """Counts a batch's outcomes; called once its transaction is committed."""
        for (topic, partition), outcomes in counted.items():
            for outcome in COUNTERS:
                # By nothing too: an alert on dead records needs to have seen the series at 0.
                self._records.labels(family(topic, self.prefix), partition, outcome).inc(outcomes[outcome])

    def batch_time(self, subscription: str) -> "Histogram":
        """Where to time a subscription's batches."""
        return self._batches.labels(subscription)

    def follow(self, subscription: str, follows: Follows) -> None:
        """Asks how far a subscription's consumer is behind; a new consumer replaces the last one."""
        self._follows[subscription] = follows

    def wrong_settings(self, topic_settings: Mapping[tuple[str, str], int]) -> None:
        """Takes over how many topics of a family have a setting wrong, by family and setting."""
        self._wrong_settings = dict(topic_settings)

    async def render(self, database: Database, clock: Clock) -> bytes:
        """The page in Prometheus' text format."""
        try:
            async with asyncio.timeout(LOOKUP.total_seconds()):
                self._looked = await _look(database, clock, self.gauges)
            self._answered = True
        except (PyMongoError, TimeoutError):
            self._answered = False
        return generate_latest(self.registry)

    def _current(self) -> Iterator[Metric]:
        follows = self._follows.values()
        yield _gauge(
            "kobling_consumer_lag",
            "Last stable offset less the next to be handled.",
            self._summed(entry for one in follows for entry in one.lags().items()),
        )
        yield _gauge(
            "kobling_consumer_lag_to_end",
            "The log's end (high watermark) less the next to be handled.",
            self._summed(entry for one in follows for entry in one.lags_to_end().items()),
        )
        yield _gauge(
            "kobling_consumer_held_seconds",
            "For how long an open transaction has held back what follows it: the longest of a family.",
            self._longest(entry for one in follows for entry in one.held().items()),
        )
        yield _gauge(
            "kobling_topic_settings_wrong",
            "Topics that have a setting otherwise than Kobling needs it.",
            self._wrong_settings,
            ("topic", "setting"),
        )
        if self.leads is not None:
            yield GaugeMetricFamily(
                "kobling_relay_leads", "1 where this process relays the outbox.", float(self.leads())
            )
        yield GaugeMetricFamily(
            "kobling_database_answered", "1 where the database answered this page.", float(self._answered)
        )
        yield _gauge(
            "kobling_table_records_refused",
            "Records of operators and programmes that don't hold: what held before goes on.",
            {(topic,): count for topic, count in self.refused().items()},
            ("topic",),
        )
        if self._looked is not None:
            yield from self._totals(self._looked)
            if self._answered:
                yield from self._gauges(self._looked)

    def _gauges(self, found: _Looked) -> Iterator[Metric]:
        yield GaugeMetricFamily("kobling_outbox_rows", "Records to be sent.", found.outbox_rows)
        yield GaugeMetricFamily(
            "kobling_outbox_oldest_seconds", "Age of the oldest record to be sent.", found.outbox_oldest
        )
        yield GaugeMetricFamily(
            "kobling_due_rows_late", "Due rows whose moment was over a minute ago.", found.due_late
        )
        standing = sum(row.get("unacknowledged", 0) for row in found.positions)
        yield GaugeMetricFamily(
            "kobling_offsets_expired_unacknowledged", "Expired unread and not acknowledged.", standing
        )
        for gauge, known in found.gauges.items():
            if known is not None:
                yield GaugeMetricFamily(gauge.name, gauge.description, known)

    def _totals(self, found: _Looked) -> Iterator[Metric]:
        for name, description in (
            ("skipped", "Offsets that somebody moved the group past, unhandled."),
            ("expired", "Offsets that retention deleted before they were handled."),
            ("truncated", "Offsets that were handled and whose log lost them again."),
        ):
            counter = CounterMetricFamily(f"kobling_offsets_{name}", description, labels=PLACE)
            for place, count in self._summed(
                ((row["topic"], row["partition"]), row.get(name, 0)) for row in found.positions
            ).items():
                counter.add_metric(place, count)
            yield counter

    def _longest(self, times: Iterable[tuple[Partition, float]]) -> dict[tuple[str, str], float]:
        """The longest time by family and partition."""
        longest: dict[tuple[str, str], float] = {}
        for (topic, partition), seconds in times:
            place = family(topic, self.prefix), str(partition)
            longest[place] = max(seconds, longest.get(place, 0.0))
        return longest

    def _summed(self, counts: Iterable[tuple[Partition, int]]) -> dict[tuple[str, str], int]:
        """Counts by family and partition."""
        summed: Tally[tuple[str, str]] = Tally()
        for (topic, partition), count in counts:
            summed[family(topic, self.prefix), str(partition)] += count
        return dict(summed)


def _gauge(
    name: str, description: str, values: Mapping[Values, float], labels: Sequence[str] = PLACE
) -> GaugeMetricFamily:
    gauge = GaugeMetricFamily(name, description, labels=labels)
    for place, value in values.items():
        gauge.add_metric(place, value)
    return gauge


@dataclass(frozen=True, slots=True)
class _AtScrape(Collector):
    """Figures that are made when somebody asks."""

    current: Callable[[], Iterator[Metric]]

    def collect(self) -> Iterator[Metric]:
        return self.current()

    def describe(self) -> list[Metric]:
        """Nothing: asked at registration, when nothing is there yet."""
        return []


async def _look(database: Database, clock: Clock, gauges: Iterable[Gauge]) -> _Looked:
    now = clock.now()
    oldest = await database["outbox"].find_one({}, {"order": 1}, sort=[("order", 1)])
    age = 0.0 if oldest is None else max(0.0, (microseconds(now) - oldest["order"]) / 1_000_000)
    counted = ("skipped", "expired", "truncated", "unacknowledged")
    fields = dict.fromkeys(("topic", "partition", *counted), 1)
    return _Looked(
        await outbox.waiting(database),
        age,
        await database["due"].count_documents({"due_at": {"$lte": now - LATE}}, limit=COUNTED),
        await database["positions"].find({}, fields).to_list(None),
        {gauge: await gauge.look(database) for gauge in gauges},
    )
