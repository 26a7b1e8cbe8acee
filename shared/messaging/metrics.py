"""What a service tells Prometheus. Labels are topics of the registry, partitions and outcomes: nobody's data.

A family of topics is one label, `settlements.<municipality>.v1`: one each would be hundreds of series. What
the database knows is looked up when somebody asks. While the database doesn't answer in time its gauges are
left out, and its totals, which hold for good, are those of the last answer: an alarm must not come and go.
"""

import asyncio
import re
from collections import Counter as Tally
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import lru_cache

from prometheus_client import CollectorRegistry, Counter, Histogram, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_PLAIN_0_0_4 as CONTENT_TYPE
from prometheus_client.registry import Collector
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.contracts.topics import REGISTRY
from shared.health import Health
from shared.messaging.counting import PLACE, Count, DueTimes, gauge
from shared.messaging.looked import Gauge, Looked, look
from shared.messaging.places.positions import Partition
from shared.messaging.reading.outcome import COUNTERS
from shared.messaging.refused import Refusal
from shared.mongo import Database

__all__ = ["CONTENT_TYPE", "Count", "Gauge", "Metrics"]

LOOKUP = timedelta(seconds=5)
"""How long the database has for an answer: half of what Prometheus waits for a page by default."""
SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60)
NOT_ALLOWED = (("unknown_operator",), ("role_missing",), ("not_your_municipality",))
"""Codes of rejected commands that an alert counts from the first one on."""


@dataclass(frozen=True, slots=True)
class Follows:
    """What to ask a subscription's consumer: offsets behind the last stable offset, and behind the log's end;
    offsets before the log's beginning; seconds for which an open transaction has held back what follows it.
    Each by partition.
    """

    lags: Callable[[], Mapping[Partition, int]]
    lags_to_end: Callable[[], Mapping[Partition, int]]
    held: Callable[[], Mapping[Partition, float]]
    leads: Callable[[], Mapping[Partition, int]]


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
class Metrics:
    """One service's figures, in a registry of their own."""

    prefix: str = ""
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)
    leads: Callable[[], bool] | None = None
    refused: Callable[[], Mapping[str, int]] = dict
    gauges: Sequence[Gauge] = ()
    counts: Sequence[Count] = ()
    health: Health = field(default_factory=Health)
    due: DueTimes = field(init=False)
    _follows: dict[str, Follows] = field(default_factory=dict, init=False)
    _wrong_settings: dict[tuple[str, str], int] = field(default_factory=dict, init=False)
    _looked: Looked | None = field(default=None, init=False)
    _answered: bool = field(default=False, init=False)
    _refused: Count = field(init=False)
    _rejected: Count = field(init=False)
    _records: Counter = field(init=False)
    _batches: Histogram = field(init=False)

    def __post_init__(self) -> None:
        self.due = DueTimes(self.registry)
        self._refused = Count(
            "kobling_records_refused", "Records refused for the first time, by code.", ("topic", "code")
        )
        self._rejected = Count(
            "kobling_commands_rejected", "Commands read and rejected, by code.", ("code",), NOT_ALLOWED
        )
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

    def count_refused(self, refusals: Iterable[Refusal]) -> None:
        """Counts refused records by family and code."""
        for refusal in refusals:
            self._refused.add(family(refusal.topic, self.prefix), refusal.code)

    def count_rejected(self, refusals: Iterable[Refusal]) -> None:
        """Counts commands that were read and rejected, by code."""
        for refusal in refusals:
            self._rejected.add(refusal.code)

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
                self._looked = await look(database, clock, self.gauges)
            self._answered = True
        except (PyMongoError, TimeoutError):
            self._answered = False
        return generate_latest(self.registry)

    def _current(self) -> Iterator[Metric]:
        yield from self._reading()
        yield from (count.metric() for count in (self._refused, self._rejected, *self.counts))
        yield from self.due.metrics()
        yield from self._parts()
        yield gauge(
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
        yield gauge(
            "kobling_table_records_refused",
            "Records of operators and programmes that don't hold: what held before goes on.",
            {(topic,): count for topic, count in self.refused().items()},
            ("topic",),
        )
        if self._looked is not None:
            yield from self._totals(self._looked)
            if self._answered:
                yield from self._gauges(self._looked)

    def _reading(self) -> Iterator[Metric]:
        """How far the subscriptions' consumers are."""
        follows = self._follows.values()
        yield gauge(
            "kobling_consumer_lag",
            "Last stable offset less the next to be handled.",
            self._summed(entry for one in follows for entry in one.lags().items()),
        )
        yield gauge(
            "kobling_consumer_lag_to_end",
            "The log's end (high watermark) less the next to be handled.",
            self._summed(entry for one in follows for entry in one.lags_to_end().items()),
        )
        yield gauge(
            "kobling_consumer_held_seconds",
            "For how long an open transaction has held back what follows it: the longest of a family.",
            self._longest(entry for one in follows for entry in one.held().items()),
        )
        yield gauge(
            "kobling_consumer_lead",
            "Offsets between the log's beginning, once it has moved, and the next to be handled, where "
            "something waits: the fewest of a family.",
            self._fewest(entry for one in follows for entry in one.leads().items()),
        )

    def _gauges(self, found: Looked) -> Iterator[Metric]:
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
        for one, known in found.gauges.items():
            yield gauge(one.name, one.description, known, one.labels)

    def _parts(self) -> Iterator[Metric]:
        parts = self.health.parts
        yield gauge(
            "kobling_part_ready",
            "1 where a part of the service works, 0 where it waits or has stopped.",
            {(name,): float(cause is None) for name, (cause, _) in parts.items()},
            ("part",),
        )
        yield gauge(
            "kobling_part_halted",
            "1 where a part has stopped for good.",
            {(name,): float(halted) for name, (_, halted) in parts.items()},
            ("part",),
        )

    def _totals(self, found: Looked) -> Iterator[Metric]:
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

    def _fewest(self, counts: Iterable[tuple[Partition, int]]) -> dict[tuple[str, str], int]:
        """The fewest by family and partition."""
        fewest: dict[tuple[str, str], int] = {}
        for (topic, partition), count in counts:
            place = family(topic, self.prefix), str(partition)
            fewest[place] = min(count, fewest.get(place, count))
        return fewest

    def _summed(self, counts: Iterable[tuple[Partition, int]]) -> dict[tuple[str, str], int]:
        """Counts by family and partition."""
        summed: Tally[tuple[str, str]] = Tally()
        for (topic, partition), count in counts:
            summed[family(topic, self.prefix), str(partition)] += count
        return dict(summed)


@dataclass(frozen=True, slots=True)
class _AtScrape(Collector):
    """Figures that are made when somebody asks."""

    current: Callable[[], Iterator[Metric]]

    def collect(self) -> Iterator[Metric]:
        return self.current()

    def describe(self) -> list[Metric]:
        """Nothing: asked at registration, when nothing is there yet."""
        return []
