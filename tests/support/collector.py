"""A collector of traces: takes OTLP over HTTP, as any other does, and keeps what it gets."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import (
    ExportTraceServiceRequest,
    ExportTraceServiceResponse,
)
from opentelemetry.proto.trace.v1.trace_pb2 import Span as SentSpan


@dataclass(frozen=True)
class Taken:
    """A span as it was sent; ids are in hexadecimal, and `parent` is empty where it has none."""

    service: str
    name: str
    trace: str
    id: str
    parent: str
    kind: str
    attributes: dict[str, str]
    links: tuple[str, ...]
    failed: bool
    resource: dict[str, str]
    text: str
    """All of it."""


@dataclass
class Collector:
    """What was taken, while it runs."""

    spans: list[Taken] = field(default_factory=list)
    port: int = 0
    _server: ThreadingHTTPServer | None = None

    @property
    def endpoint(self) -> str:
        """As `OTEL_EXPORTER_OTLP_ENDPOINT` has it."""
        return f"http://127.0.0.1:{self.port}"

    def named(self, name: str, event: str | None = None) -> list[Taken]:
        """Spans by name; of records, those of an event by its name, if one is given."""
        type_ = None if event is None else f"no.kobling.{event}.v1"
        return [
            span
            for span in self.spans
            if span.name == name and type_ in {None, span.attributes.get("kobling.event.type")}
        ]

    def take(self, body: bytes) -> None:
        request = ExportTraceServiceRequest.FromString(body)
        for group in request.resource_spans:
            resource = {item.key: item.value.string_value for item in group.resource.attributes}
            for scope in group.scope_spans:
                self.spans += [_taken(span, resource) for span in scope.spans]

    def open(self) -> None:
        """Listens, on the same port each time."""
        collector = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["content-length"]))
                assert self.path == "/v1/traces"
                collector.take(body)
                self.send_response(200)
                self.send_header("content-type", "application/x-protobuf")
                self.end_headers()
                self.wfile.write(ExportTraceServiceResponse().SerializeToString())

            def log_message(self, *_: object) -> None:
                """Says nothing."""

        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        Thread(target=self._server.serve_forever, daemon=True).start()

    def close(self) -> None:
        """Is away."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None

    @contextmanager
    def running(self) -> Iterator["Collector"]:
        """Takes spans meanwhile."""
        self.open()
        try:
            yield self
        finally:
            self.close()


def _taken(span: SentSpan, resource: dict[str, str]) -> Taken:
    attributes = {item.key: item.value.string_value or str(item.value.int_value) for item in span.attributes}
    return Taken(
        resource["service.name"],
        span.name,
        span.trace_id.hex(),
        span.span_id.hex(),
        span.parent_span_id.hex(),
        SentSpan.SpanKind.Name(span.kind).removeprefix("SPAN_KIND_"),
        attributes,
        tuple(link.span_id.hex() for link in span.links),
        span.status.code == 2,
        resource,
        f"{resource} {span}",
    )
