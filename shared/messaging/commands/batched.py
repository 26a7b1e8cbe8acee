"""Many commands in one record: each is read as if it had a record of its own, at the batch's place."""

from collections import Counter
from collections.abc import Sequence
from typing import Any

import orjson

from shared.contracts.commands import BatchedCommand, RunBatch
from shared.contracts.envelope import HEADERS, command_type
from shared.messaging.commands.answers import Accepted, Answer, CommandRef, Pending, Rejected, UnknownSubject
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received, Unreadable


def commands_in(record: Received, batch: RunBatch, parser: Parser) -> list[Received | Unreadable]:
    """The commands of a batch, in their order."""
    return [
        _read(_alone(record, number, command), parser, record)
        for number, command in enumerate(batch.commands, start=1)
    ]


def summary(answers: Sequence[tuple[CommandRef, Answer]]) -> Accepted:
    """What became of each command of a batch, and how many of them came to what."""
    results = [{"command": ref.id, "about": ref.about, **_outcome(answer)} for ref, answer in answers]
    counts = Counter(result["outcome"] for result in results)
    counted = {name: counts[name] for name in ("accepted", "pending", "rejected")}
    people = tuple(dict.fromkeys(ref.about for ref, _ in answers))
    return Accepted({**counted, "results": results}, people)


def _alone(record: Received, number: int, command: BatchedCommand) -> Raw:
    """The command as a record of its own would have it."""
    envelope = record.envelope
    document: dict[str, Any] = {
        "specversion": envelope.specversion,
        "id": f"{envelope.id}.{number}",
        "source": envelope.source,
        "type": command_type(command.command, 1),
        "subject": command.subject,
        "time": envelope.time.isoformat(),
        "correlationid": envelope.correlationid or envelope.id,
        "traceparent": envelope.traceparent,
        "expectedrevision": command.expectedrevision,
        "dryrun": envelope.dryrun,
        "data": command.data,
    }
    return record.raw._replace(key=command.subject.encode(), value=orjson.dumps(document), headers=HEADERS)


def _read(raw: Raw, parser: Parser, batch: Received) -> Received | Unreadable:
    parsed = parser.parse(raw)
    if isinstance(parsed, Received) and isinstance(parsed.data, RunBatch):
        return Unreadable(raw, "batch_in_batch", "command", parsed.owner, {"id": parsed.envelope.id})
    if isinstance(parsed, Received):
        return parsed._replace(cause=parsed.cause.traced_as(batch.cause))
    if isinstance(parsed, Unreadable):
        return parsed
    raise TypeError(type(parsed).__name__)


def _outcome(answer: Answer) -> dict[str, Any]:
    match answer:
        case Accepted():
            return {"outcome": "accepted"}
        case Pending(waits_for):
            return {"outcome": "pending", "waits_for": list(waits_for)}
        case UnknownSubject():
            return {"outcome": "pending", "waits_for": ["subject"]}
        case Rejected(code, message, field):
            told = {"outcome": "rejected", "code": code, "message": message}
            return told if field is None else {**told, "field": field}
