"""Spans to a collector, over OTLP/HTTP: the one place that knows OpenTelemetry.

The SDK's own thread sends what has ended, from a queue that drops what it has no room for. Its variables
(`OTEL_BSP_*`, `OTEL_EXPORTER_OTLP_*`, `OTEL_RESOURCE_ATTRIBUTES`) hold as documented.
"""

import logging
import re
import uuid
from collections.abc import Mapping, Sequence
from datetime import timedelta
from importlib.metadata import version
from threading import Thread

from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
from opentelemetry.sdk.resources import Resource
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import BatchSpanProcessor, SpanExporter, SpanExportResult
from opentelemetry.sdk.trace.sampling import ALWAYS_OFF, ParentBased
from opentelemetry.trace import (
    Link,
    NonRecordingSpan,
    SpanContext,
    SpanKind,
    StatusCode,
    TraceFlags,
    set_span_in_context,
)
from opentelemetry.trace import Span as SdkSpan

from shared.logging import get_logger
from shared.messaging.tracing.spans import Attributes

log = get_logger(__name__)

ASKED_FOR = ParentBased(root=ALWAYS_OFF)
"""The sampler where `OTEL_TRACES_SAMPLER` names none: what senders ask to be traced, and nothing else."""
UNSAMPLED = "02468ace"
"""How the flags of what isn't sampled end."""
_TRACEPARENT = re.compile(r"(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})", re.ASCII)


def started(service: str, environment: Mapping[str, str]) -> "OtlpTracer":
    """A tracer for one process of a service, its sending thread running."""
    # It tells each try; what is lost in the end is told below.
    logging.getLogger("opentelemetry.exporter").setLevel(logging.ERROR)
    own_sampler = None if environment.get("OTEL_TRACES_SAMPLER") else ASKED_FOR
    provider = TracerProvider(
        sampler=own_sampler,
        resource=_resource(service, environment),
        # `stop` does it, in bounded time.
        shutdown_on_exit=False,
    )
    provider.add_span_processor(BatchSpanProcessor(Telling(OTLPSpanExporter())))
    return OtlpTracer(provider)


def _resource(service: str, environment: Mapping[str, str]) -> Resource:
    return Resource.create(
        {
            "service.name": environment.get("OTEL_SERVICE_NAME") or f"kobling-{service}",
            "service.version": version("kobling"),
            "service.instance.id": str(uuid.uuid4()),
        }
    )


class OtlpTracer:
    """Begins spans of a provider's; see `spans.Tracer`."""

    def __init__(self, provider: TracerProvider) -> None:
        self._provider = provider
        self._tracer = provider.get_tracer("kobling")
        self.begins_traces = provider.sampler is not ASKED_FOR

    def begin(
        self,
        name: str,
        parent: str | None,
        attributes: Attributes,
        *,
        links: Sequence[str] = (),
        consumes: bool = False,
    ) -> "OtlpSpan | None":
        """See `spans.Tracer`."""
        within = None
        if not self.begins_traces and (parent is None or parent[-1:] in UNSAMPLED):
            # As the sampler would have it; asking costs ten times as much, for nearly every record.
            return None
        if parent is not None:
            context = _context(parent)
            if not context.is_valid:
                return None
            within = set_span_in_context(NonRecordingSpan(context))
        span = self._tracer.start_span(
            name,
            within,
            SpanKind.CONSUMER if consumes else SpanKind.INTERNAL,
            attributes,
            [Link(_context(link)) for link in links],
        )
        return OtlpSpan(span) if span.is_recording() else None

    def stop(self, within: timedelta) -> None:
        """See `spans.Tracer`."""
        # A collector that doesn't answer is waited for longer than a stopping service has.
        leaving = Thread(target=self._provider.shutdown, name="last-spans", daemon=True)
        leaving.start()
        leaving.join(within.total_seconds())


class OtlpSpan:
    """A span of the SDK's; see `spans.Span`."""

    __slots__ = ("_span", "traceparent")

    def __init__(self, span: SdkSpan) -> None:
        self._span = span
        own = span.get_span_context()
        self.traceparent = f"00-{own.trace_id:032x}-{own.span_id:016x}-{own.trace_flags:02x}"

    def end(self, attributes: Attributes | None = None, error: str | None = None) -> None:
        """See `spans.Span`."""
        if attributes is not None:
            self._span.set_attributes(attributes)
        if error is not None:
            self._span.set_attribute("error.type", error)
            self._span.set_status(StatusCode.ERROR)
        self._span.end()


class Telling(SpanExporter):
    """Says how many spans are lost because the collector did not take them."""

    def __init__(self, exporter: SpanExporter) -> None:
        self._exporter = exporter

    def export(self, spans: Sequence[ReadableSpan]) -> SpanExportResult:
        """Sends spans; runs in the SDK's thread."""
        result = self._exporter.export(spans)
        if result is not SpanExportResult.SUCCESS:
            log.warning("spans_dropped", count=len(spans))
        return result

    def shutdown(self) -> None:
        """Ends waiting for the collector."""
        self._exporter.shutdown()


def _context(traceparent: str) -> SpanContext:
    """The span that a `traceparent` names; an invalid context where it is none."""
    parts = _TRACEPARENT.fullmatch(traceparent)
    if parts is None:
        return SpanContext(0, 0, is_remote=True)
    trace, span, flags = (int(part, 16) for part in parts.groups())
    return SpanContext(trace, span, is_remote=True, trace_flags=TraceFlags(flags))
