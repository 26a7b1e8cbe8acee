"""What stood in a deleted topic's logs: the broker renames them, and keeps them on its disk for a minute."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Final

from aiokafka import TopicPartition
from aiokafka.record.memory_records import MemoryRecords

COMMIT: Final = 1
"""The type of a control record that ends a transaction well (Kafka's message format)."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A record, as a consumer would have been handed it; `is_open` says that its transaction had no end."""

    topic: str
    partition: int
    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    is_open: bool = False


def rest(data: Path, partition: TopicPartition, position: int) -> list[Kept]:
    """A deleted partition's records from a position on: those of transactions that were committed, and of one
    that had no end yet, which nobody could read.

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
        elif batch.is_transactional:
            open_[batch.producer_id] += _records(batch, partition)
        else:
            found += _records(batch, partition)
    found += [replace(one, is_open=True) for records in open_.values() for one in records]
    return sorted((one for one in found if one.offset >= position), key=lambda one: one.offset)


def _records(batch: Any, partition: TopicPartition) -> list[Kept]:
    topic, number = partition
    return [
        Kept(topic, number, one.offset, one.timestamp, one.key, one.value, tuple(one.headers))
        for one in batch
    ]


def _batches(log: Path) -> Iterator[Any]:
    for segment in sorted(log.glob("*.log")):
        records = MemoryRecords(segment.read_bytes())
        while (batch := records.next_batch()) is not None:
            yield batch
