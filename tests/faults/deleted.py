"""What stood in a deleted topic's logs: the broker renames them, and keeps them on its disk for a minute."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.record.memory_records import MemoryRecords

COMMIT: Final = 1
"""The type of a control record that ends a transaction well (Kafka's message format)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, as a consumer would have been handed it."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]


def committed(data: Path, partition: TopicPartition, position: int) -> list[Kept]:
    """A deleted partition's records from a position on, those of transactions that were committed alone.

    `data` is the directory with the broker's logs. Raises FileNotFoundError where the partition is not among
    the deleted ones.
    """
    log = next(data.glob(f"{partition.topic}-{partition.partition}.*-delete"), None)
    if log is None:
        raise FileNotFoundError(f"{partition} is not deleted, or its files are gone")
    found: list[Kept] = []
    open_: dict[int, list[Kept]] = defaultdict(list)
    for batch in _batches(log):
        if batch.is_control_batch:
            (marker,) = batch
            ended = open_.pop(batch.producer_id, [])
            if int.from_bytes(marker.key[2:4], "big") == COMMIT:
                found += ended
            continue
        records = [
            Kept(
                partition.topic,
                partition.partition,
                one.offset,
                one.timestamp,
                one.key,
                one.value,
                tuple(one.headers),
            )
            for one in batch
        ]
        if batch.is_transactional:
            open_[batch.producer_id] += records
        else:
            found += records
    return [one for one in sorted(found, key=lambda one: one.offset) if one.offset >= position]


def _batches(log: Path) -> Iterator[Any]:
    for segment in sorted(log.glob("*.log")):
        records = MemoryRecords(segment.read_bytes())
        while (batch := records.next_batch()) is not None:
            yield batch
