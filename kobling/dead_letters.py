"""Dead letters as their topics tell of them: where each record stands, and why it was refused."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from kobling.reading import records
from shared.cluster import Cluster
from shared.contracts.topics import DEAD_LETTERS, Service


@dataclass(frozen=True, slots=True)
class Letter:
    """A refused record: its id, the service that refused it, the code, the field, and its place."""

    id: str
    service: str
    code: str
    field: str
    topic: str
    partition: int
    offset: int
    refused_at: str


async def letters(kafka: Cluster, prefix: str, services: Iterable[Service]) -> list[Letter]:
    """The dead letters that the topics still hold, the newest last; also those that were settled since.

    Raises KafkaError. Who may not read the topics, or none of them is there, gets none.
    """
    topics = {prefix + DEAD_LETTERS[one].name: DEAD_LETTERS[one].partitions for one in services}
    found: dict[str, Letter] = {}
    for record in await records(kafka, topics):
        told = {name: (value or b"").decode(errors="replace") for name, value in record.headers}
        if told.get("dlq-id"):
            # The same record refused again has the same id.
            found[told["dlq-id"]] = _letter(told)
    return sorted(found.values(), key=lambda letter: letter.refused_at)


def _letter(told: dict[str, str]) -> Letter:
    return Letter(
        told["dlq-id"],
        told.get("dlq-service", ""),
        told.get("dlq-reason", ""),
        told.get("dlq-field", ""),
        told.get("dlq-topic", ""),
        int(told.get("dlq-partition", "-1")),
        int(told.get("dlq-offset", "-1")),
        told.get("dlq-time", ""),
    )


def by_cause(found: Sequence[Letter]) -> list[dict[str, Any]]:
    """How many letters there are of each cause, with the first and the newest of them."""
    groups: dict[tuple[str, str, str, str], list[Letter]] = {}
    for letter in found:
        groups.setdefault((letter.service, letter.code, letter.field, letter.topic), []).append(letter)
    return [
        {
            "service": service,
            "code": code,
            "field": field,
            "topic": topic,
            "letters": len(group),
            "first": group[0].refused_at,
            "newest": group[-1].refused_at,
        }
        for (service, code, field, topic), group in sorted(groups.items())
    ]
