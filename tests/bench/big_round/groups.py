"""How often a consumer group has rebalanced: the generations that its coordinator has written down."""

import struct
import time
from collections.abc import Iterable

from confluent_kafka import Consumer, TopicPartition

_OFFSETS = "__consumer_offsets"
_GROUP_KEY = 2
"""The version of a key that stands for a group and not for an offset."""


def generations(kafka: str, groups: Iterable[str]) -> dict[str, int]:
    """The generation of each group that has one: it rises by one with each rebalance.

    Read from the coordinator's own log, as no request of Kafka's answers it for a classic group.
    """
    wanted = set(groups)
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "bench.groups", "enable.auto.commit": False})
    try:
        number = len(reader.list_topics(_OFFSETS, timeout=10).topics[_OFFSETS].partitions)
        ends = {
            place: reader.get_watermark_offsets(TopicPartition(_OFFSETS, place), timeout=10)[1]
            for place in range(number)
        }
        reader.assign([TopicPartition(_OFFSETS, place, 0) for place, end in ends.items() if end])
        return _read(reader, wanted, {place: end for place, end in ends.items() if end})
    finally:
        reader.close()


def _read(reader: Consumer, wanted: set[str], ends: dict[int, int]) -> dict[str, int]:
    found: dict[str, int] = {}
    deadline = time.monotonic() + 30
    while ends:
        if time.monotonic() > deadline:
            raise RuntimeError("the groups' log was not read to its end")
        for record in reader.consume(1000, 0.2):
            if record.error() is None and (group := _group(record.key())) in wanted and record.value():
                found[group] = max(_generation(record.value() or b""), found.get(group, 0))
        # A compacted log may have nothing at its last offsets: the reader's own place says where it ends.
        for place in reader.position([TopicPartition(_OFFSETS, place) for place in ends]):
            if place.offset >= ends[place.partition]:
                del ends[place.partition]
    return found


def _group(key: bytes | str | None) -> str:
    if not isinstance(key, bytes) or struct.unpack_from(">h", key)[0] != _GROUP_KEY:
        return ""
    (length,) = struct.unpack_from(">h", key, 2)
    return key[4 : 4 + length].decode()


def _generation(value: bytes | str) -> int:
    if isinstance(value, str):
        raise TypeError("the groups' log is bytes")
    (length,) = struct.unpack_from(">h", value, 2)
    generation: int = struct.unpack_from(">i", value, 4 + length)[0]
    return generation
