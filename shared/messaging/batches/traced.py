"""Records in traces: a span each, begun before the batch's transaction and ended after its commit.

As OpenTelemetry's semantic conventions for messaging have `process`, with the record's `traceparent` as its
parent: a batch is one transaction, and yet the handling of each of its records is told for itself.
"""

from collections.abc import Sequence
from dataclasses import replace

from shared.messaging.batches.transaction import BatchTransaction, Stored, place_of
from shared.messaging.reading.outcome import Dead, counter
from shared.messaging.reading.records import Parsed, Raw, Received, Unreadable, public_trace
from shared.messaging.tracing.spans import Span, Tracer

REDELIVERED = "redelivered"
"""The outcome of a record that was handled before at this place: what it caused then was caused once."""


def with_spans(chunk: Sequence[Parsed], transaction: BatchTransaction) -> Sequence[Parsed]:
    """The records, those with a span that a recorded trace goes on with; what they cause has it as parent."""
    tracer = transaction.tracer
    if tracer is None:
        return chunk
    return [_with_span(record, transaction, tracer) for record in chunk]


def ended(chunk: Sequence[Parsed], stored: Stored) -> None:
    """Records what was committed."""
    for span in stored.spans:
        span.end()
    traced = [
        (record.raw, record.span)
        for record in chunk
        if isinstance(record, Received | Unreadable) and record.span is not None
    ]
    if not traced:
        return
    outcomes = {place_of(item.record.raw): item.outcome for item in stored.handled}
    for raw, span in traced:
        outcome = outcomes.get(place_of(raw))
        told = REDELIVERED if outcome is None else counter(outcome)
        span.end({"kobling.outcome": told}, error=outcome.code if isinstance(outcome, Dead) else None)


def _with_span(record: Parsed, transaction: BatchTransaction, tracer: Tracer) -> Parsed:
    match record:
        case Received(cause=cause, message=message):
            # Only what comes from outside begins anything: the rest follows what it comes from.
            if cause.traceparent is None and not (message.inbound and tracer.begins_traces):
                return record
            span = _begun(record.raw, cause.traceparent, message.type, transaction, tracer)
            if span is None:
                return record
            followed = cause._replace(traceparent=span.traceparent, recorded=True)
            return record._replace(cause=followed, span=span)
        case Unreadable(envelope={"traceparent": str(text)}) if (trace := public_trace(text)) is not None:
            return replace(record, span=_begun(record.raw, trace, None, transaction, tracer))
        case _:
            return record


def _begun(
    raw: Raw, parent: str | None, type_: str | None, transaction: BatchTransaction, tracer: Tracer
) -> Span | None:
    subscription = transaction.subscription
    topic = subscription.topic
    attributes: dict[str, str | int] = {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": raw.topic,
        "messaging.destination.partition.id": str(raw.partition),
        "messaging.kafka.offset": raw.offset,
        "messaging.consumer.group.name": f"{transaction.prefix}{transaction.service}.{subscription.name}",
    }
    if topic.is_family:
        attributes["messaging.destination.template"] = topic.name
    if type_ is not None:
        attributes["kobling.event.type"] = type_
    return tracer.begin(f"process {topic.name}", parent, attributes, consumes=True)
