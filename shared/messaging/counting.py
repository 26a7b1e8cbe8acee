"""What a process counts and times of its own work, for Prometheus."""

import time
from collections import Counter as Tally
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TypeVar

from prometheus_client import CollectorRegistry, Histogram
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

PLACE = ("topic", "partition")
DUE_SECONDS = (0.01, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900)

Values = TypeVar("Values", bound=tuple[str, ...])


@dataclass(frozen=True, slots=True)
class Count:
    """Something that this process counts, by the values of labels, each from a closed list. `known` are shown
    from the start at 0: an alert sees no first one otherwise.
    """

    name: str
    description: str
    labels: tuple[str, ...]
    known: tuple[tuple[str, ...], ...] = ()
    counted: Tally[tuple[str, ...]] = field(default_factory=Tally, compare=False)

    def __post_init__(self) -> None:
        self.counted.update(dict.fromkeys(self.known, 0))

    def add(self, *values: str) -> None:
        """Counts one more."""
        self.counted[values] += 1

    def metric(self) -> Metric:
        """As Prometheus is told."""
        family = CounterMetricFamily(self.name, self.description, labels=self.labels)
        for values, count in self.counted.items():
            family.add_metric(values, count)
        return family


@dataclass(slots=True)
class DueTimes:
    """How long due rows of each kind take, which fail, and how long those in hand have run (seconds)."""

    registry: CollectorRegistry
    _taken: Histogram = field(init=False)
    _failed: Count = field(init=False)
    _begun: dict[object, tuple[str, float]] = field(default_factory=dict, init=False)
    _kinds: Sequence[str] = field(default=(), init=False)

    def __post_init__(self) -> None:
        self._taken = Histogram(
            "kobling_due_row_seconds",
            "A due row that was run, failures too, by its kind: `run_round` is a round.",
            ("kind",),
            buckets=DUE_SECONDS,
            registry=self.registry,
        )
        self._failed = Count("kobling_due_row_failures", "Due rows that failed, by kind.", ("kind",))

    def expect(self, kinds: Sequence[str]) -> None:
        """Shows these kinds from the start."""
        self._kinds = kinds
        for kind in kinds:
            self._taken.labels(kind)
            self._failed.counted[kind,] += 0

    @contextmanager
    def running(self, kind: str) -> Iterator[None]:
        """Times one row."""
        one = object()
        self._begun[one] = kind, time.monotonic()
        try:
            yield
        finally:
            _, begun = self._begun.pop(one)
            self._taken.labels(kind).observe(time.monotonic() - begun)

    def failed(self, kind: str) -> None:
        """Counts a failure."""
        self._failed.add(kind)

    def metrics(self) -> Iterator[Metric]:
        """Failures, and the longest that is running now."""
        yield self._failed.metric()
        now, longest = time.monotonic(), dict.fromkeys(self._kinds, 0.0)
        for kind, begun in self._begun.values():
            longest[kind] = max(longest.get(kind, 0.0), now - begun)
        yield gauge(
            "kobling_due_row_running_seconds",
            "For how long the due row of a kind has run that is longest in hand.",
            {(kind,): seconds for kind, seconds in longest.items()},
            ("kind",),
        )


def gauge(
    name: str, description: str, values: Mapping[Values, float], labels: Sequence[str] = PLACE
) -> GaugeMetricFamily:
    """A gauge by its labels' values."""
    found = GaugeMetricFamily(name, description, labels=labels)
    for place, value in values.items():
        found.add_metric(place, value)
    return found
