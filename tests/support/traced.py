"""A tracer of the SDK's whose spans stay here."""

from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.sdk.trace.sampling import Sampler

from shared.messaging.tracing.otlp import ASKED_FOR, OtlpTracer

TRACE, SENT = "0af7651916cd43dd8448eb211c80319c", "b7ad6b7169203331"
SAMPLED = f"00-{TRACE}-{SENT}-01"
UNSAMPLED = f"00-{TRACE}-{SENT}-00"


class Traced:
    """A tracer, and what it has recorded."""

    def __init__(self, sampler: Sampler = ASKED_FOR) -> None:
        self._exporter = InMemorySpanExporter()
        provider = TracerProvider(sampler=sampler, shutdown_on_exit=False)
        provider.add_span_processor(SimpleSpanProcessor(self._exporter))
        self.tracer = OtlpTracer(provider)

    @property
    def spans(self) -> tuple[ReadableSpan, ...]:
        """All that ended, in that order."""
        return self._exporter.get_finished_spans()

    @property
    def outcomes(self) -> list[tuple[object, object, object]]:
        """Of each record's span the offset, the outcome, and why it was refused."""
        return [
            (told["messaging.kafka.offset"], told["kobling.outcome"], told.get("error.type"))
            for span in self.spans
            if (told := dict(span.attributes or {}))
        ]


def named(span: ReadableSpan) -> str:
    """A span as `traceparent` names it."""
    return f"00-{span.context.trace_id:032x}-{span.context.span_id:016x}-{span.context.trace_flags:02x}"


def parent_of(span: ReadableSpan) -> str:
    """The id of its parent; empty where it has none."""
    return "" if span.parent is None else f"{span.parent.span_id:016x}"


def links_of(span: ReadableSpan) -> list[str]:
    """The ids of the spans that it is linked to."""
    return [f"{link.context.span_id:016x}" for link in span.links]
