"""When spans are recorded, and that nobody waits for whoever collects them."""

import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
from opentelemetry.sdk.trace.sampling import ParentBased, TraceIdRatioBased
from structlog.testing import capture_logs

from shared.messaging import tracing
from shared.messaging.reading.records import Cause
from shared.messaging.tracing.otlp import OtlpTracer
from shared.messaging.tracing.switch import tracer_of
from shared.messaging.work import DueRow, Work
from tests.support.collector import Collector
from tests.support.traced import SAMPLED, SENT, TRACE, UNSAMPLED, Traced, links_of, named, parent_of
from tests.unit.messaging.test_work import NOW

OTHER = f"00-{TRACE[::-1]}-{SENT}-01"
ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
LOADED = "import sys, shared.messaging.runtime; print('opentelemetry.sdk' in sys.modules)"
"""FastStream imports an empty package of OpenTelemetry's, where it is there."""


@pytest.fixture
def silent() -> Iterator[str]:
    """A collector that takes connections and says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"


@pytest.mark.parametrize(
    "environment",
    [
        {},
        {ENDPOINT: ""},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_SDK_DISABLED": "true"},
        {ENDPOINT: "http://127.0.0.1:4318", "OTEL_TRACES_EXPORTER": "none"},
    ],
)
def test_nothing_is_recorded_where_nobody_collects(environment: dict[str, str]) -> None:
    assert tracer_of("intake", environment) is None


def test_services_import_the_library_only_then() -> None:
    loaded = subprocess.run(  # noqa: S603 (our own interpreter)
        [sys.executable, "-c", LOADED], capture_output=True, text=True, check=True
    )
    assert loaded.stdout == "False\n"


def test_without_the_library_that_is_said_and_the_service_runs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setitem(sys.modules, "shared.messaging.tracing.otlp", None)
    monkeypatch.delattr(tracing, "otlp")
    with capture_logs() as lines:
        assert tracer_of("intake", {ENDPOINT: "http://127.0.0.1:4318"}) is None
    assert [line["event"] for line in lines] == ["traces_not_recorded"]


def test_what_a_sender_has_sampled_goes_on_in_its_trace() -> None:
    traced = Traced()
    span = traced.tracer.begin("process", SAMPLED, {"kobling.outcome": "applied"}, consumes=True)
    assert span is not None
    assert not traced.spans
    span.end()
    (ended,) = traced.spans
    assert span.traceparent == named(ended)
    assert span.traceparent.startswith(f"00-{TRACE}-")
    assert parent_of(ended) == SENT


@pytest.mark.parametrize(
    "parent",
    [
        None,
        UNSAMPLED,
        f"00-{'0' * 32}-{SENT}-01",
        f"00-{TRACE}-{'0' * 16}-01",
        f"ff-{TRACE}-{SENT}-01",
        f"00-{TRACE}-{SENT}-zz",
        f"{SAMPLED}\n",
    ],
)
def test_nothing_else_is_recorded(parent: str | None) -> None:
    traced = Traced()
    assert traced.tracer.begin("process", parent, {}) is None
    assert not traced.tracer.begins_traces


@pytest.mark.parametrize(("ratio", "begun"), [(0.0, False), (1.0, True)])
def test_a_sampler_of_its_own_may_begin_traces(ratio: float, *, begun: bool) -> None:
    traced = Traced(ParentBased(TraceIdRatioBased(ratio)))
    assert traced.tracer.begins_traces
    assert (traced.tracer.begin("process", None, {}) is not None) is begun
    assert traced.tracer.begin("process", UNSAMPLED, {}) is None


def test_the_sampler_is_the_one_that_the_variables_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_TRACES_SAMPLER", "parentbased_traceidratio")
    monkeypatch.setenv("OTEL_TRACES_SAMPLER_ARG", "1.0")
    with Collector().running() as collector:
        tracer = started(monkeypatch, collector.endpoint)
        span = tracer.begin("process", None, {})
        assert span is not None
        span.end()
        tracer.stop(timedelta(seconds=10))
    (taken,) = collector.spans
    assert taken.parent == ""


def test_a_collector_gets_whose_span_it_is_and_what_came_of_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OTEL_RESOURCE_ATTRIBUTES", "deployment.environment.name=test")
    # It would come by itself in an hour: stopping sends it.
    monkeypatch.setenv("OTEL_BSP_SCHEDULE_DELAY", "3600000")
    with Collector().running() as collector:
        tracer = started(monkeypatch, collector.endpoint)
        span = tracer.begin("process x", SAMPLED, {"messaging.kafka.offset": 7}, links=[OTHER], consumes=True)
        assert span is not None
        span.end({"kobling.outcome": "dead"}, error="not_json")
        tracer.stop(timedelta(seconds=10))
    (taken,) = collector.spans
    assert (taken.service, taken.name, taken.kind) == ("kobling-intake", "process x", "CONSUMER")
    assert (taken.trace, taken.parent, taken.links) == (TRACE, SENT, (SENT,))
    assert taken.failed
    assert taken.attributes == {
        "messaging.kafka.offset": "7",
        "kobling.outcome": "dead",
        "error.type": "not_json",
    }
    assert taken.resource["deployment.environment.name"] == "test"
    assert taken.resource["service.version"]
    assert len(taken.resource["service.instance.id"]) == 36
    assert {name.partition(".")[0] for name in taken.resource} == {"service", "telemetry", "deployment"}


def test_nobody_waits_for_a_collector_that_says_nothing(monkeypatch: pytest.MonkeyPatch, silent: str) -> None:
    monkeypatch.setenv("OTEL_BSP_MAX_QUEUE_SIZE", "8")
    monkeypatch.setenv("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", "4")
    tracer = started(monkeypatch, silent)
    for _ in range(100):
        span = tracer.begin("process", SAMPLED, {})
        assert span is not None
        span.end()
    tracer.stop(timedelta(milliseconds=10))
    assert [thread for thread in threading.enumerate() if thread.name == "last-spans" and thread.daemon]


def test_what_no_collector_takes_is_counted_in_the_log(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OTEL_EXPORTER_OTLP_TIMEOUT", "1")
    with Collector().running() as collector:
        endpoint = collector.endpoint
    with capture_logs() as lines:
        tracer = started(monkeypatch, endpoint)
        for _ in range(3):
            span = tracer.begin("process", SAMPLED, {})
            assert span is not None
            span.end()
        tracer.stop(timedelta(seconds=10))
    told = [(line["event"], line["count"], line["log_level"]) for line in lines]
    assert told == [("spans_dropped", 3, "warning")]


def started(monkeypatch: pytest.MonkeyPatch, endpoint: str) -> OtlpTracer:
    """Intake's tracer, as its process would have it."""
    monkeypatch.setenv(ENDPOINT, endpoint)
    tracer = tracer_of("intake", os.environ)
    assert isinstance(tracer, OtlpTracer)
    return tracer


def work(traced: Traced | None) -> Work:
    """A transaction's, without the transaction."""
    return Work(None, None, "matching", "", NOW, None if traced is None else traced.tracer)  # type: ignore[arg-type]


OWN = Cause("event", "chain", OTHER, recorded=True)


def test_a_stored_trace_goes_on_with_a_span_that_leads_to_the_cause() -> None:
    traced = Traced()
    doing = work(traced)
    cause = doing.follow(SAMPLED, "PairProposed", OWN)
    (span,) = doing.spans
    span.end()
    (ended,) = traced.spans
    assert cause == ("event", "chain", named(ended), True)
    assert (ended.name, parent_of(ended), links_of(ended)) == ("PairProposed", SENT, [SENT])
    assert [f"{link.context.trace_id:032x}" for link in ended.links] == [TRACE[::-1]]


def test_who_acts_untraced_is_no_link() -> None:
    traced = Traced()
    doing = work(traced)
    # Passed on, and not recorded: nobody could find it.
    doing.follow(SAMPLED, "PairProposed", Cause("event", "chain", OTHER))
    doing.spans[0].end()
    assert links_of(traced.spans[0]) == []


@pytest.mark.parametrize(
    ("stored", "cause"), [(None, OWN), (SAMPLED, Cause("event", "chain", f"00-{TRACE}-{'1' * 16}-01", True))]
)
def test_a_cause_in_the_trace_itself_is_followed_as_it_is(stored: str | None, cause: Cause) -> None:
    doing = work(Traced())
    assert doing.follow(stored, "PairProposed", cause) == cause
    assert doing.spans == []


def test_nothing_is_followed_where_nothing_is_recorded() -> None:
    doing = work(None)
    assert doing.follow(SAMPLED, "PairProposed", Cause("event", "chain")) == ("event", "chain", None, False)
    assert doing.spans == []


def test_a_row_keeps_what_is_recorded_and_nothing_that_is_passed_on() -> None:
    assert Cause("event", "chain", SAMPLED).for_later == {}
    assert Cause("event", "chain").for_later == {}
    row = DueRow("expire/pair-1", "expire", NOW, "pair-1", data=OWN.for_later)
    assert row.cause == ("expire/pair-1", "expire/pair-1", OTHER, True)
    assert DueRow("expire/pair-1", "expire", NOW, "pair-1").cause.traceparent is None
