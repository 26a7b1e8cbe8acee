"""What compressed batches may become: aiokafka would unpack each whole, whatever its size.

A broker's limits, and a consumer's on what it fetches, are on batches as they were sent: 15 KB may become
480 MB. Here a batch that becomes too much is never unpacked further than the limit, and reads as so many
records that could not be had. Layout: Kafka's protocol guide, "Record Batch", of which magic 2 alone is kept
by brokers since Kafka 4.0.
"""

import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, NamedTuple

import cramjam
from aiokafka.consumer import fetcher
from aiokafka.record.default_records import DefaultRecordBatch
from aiokafka.record.legacy_records import LegacyRecordBatch
from aiokafka.record.memory_records import MemoryRecords

LARGEST_BATCH = 16 * 1024 * 1024
"""Bytes that a batch may become: 1 MiB of settlements compresses to a tenth or so."""
MOST_RECORDS = 25_000
"""Records that a compressed batch may have: settlements of 700 bytes would then be 16 MiB."""
UNPACKED_AT_ONCE = LARGEST_BATCH
"""Bytes that one poll unpacks before it asks for no further batch; the last of them may go beyond it."""
BATCH_TOO_LARGE = "batch_too_large"

_START = struct.Struct(">qi")
"""What every batch begins with: base offset and the length of what follows."""
_MAGIC, _ATTRIBUTES, _COUNT, _HEADER = 16, 22, 57, 61
"""Where in a batch its format, the low byte of its attributes and its number of records are; where its
records begin.
"""
_CODEC = 0x07
_BOUNDED_FROM = 2
"""The format since Kafka 0.11; older ones are read as aiokafka does."""
_GUESSES, _LEAST = (8, 64, LARGEST_BATCH), 16 * 1024
"""How many times its size a batch is taken to become, at first and then, and bytes at least: room that is
zeroed for nothing takes time.
"""

Unpack = Callable[[memoryview, memoryview], int]
"""Unpacks into the room given and returns how many bytes it took; raises where it is too little."""


@dataclass(slots=True)
class _Poll:
    """How much more one poll may unpack, in bytes."""

    left: int = UNPACKED_AT_ONCE


_POLL: ContextVar[_Poll | None] = ContextVar("poll", default=None)


@contextmanager
def one_poll() -> Iterator[None]:
    """What is read within it ends early, at the end of a batch, once `UNPACKED_AT_ONCE` is had.

    What aiokafka had fetched behind it is dropped, and asked for again.
    """
    token = _POLL.set(_Poll())
    try:
        yield
    finally:
        _POLL.reset(token)


def bound_batches() -> None:
    """Has every consumer of this process read by these bounds: aiokafka knows no such setting."""
    fetcher.MemoryRecords = records_of


def records_of(content: bytes) -> Any:
    """The batches of one partition in an answer; by aiokafka's own reader where none is compressed."""
    position, end = 0, len(content)
    while position + _HEADER <= end:
        if content[position + _ATTRIBUTES] & _CODEC or content[position + _MAGIC] < _BOUNDED_FROM:
            return BoundedRecords(content)
        position += _START.size + _START.unpack_from(content, position)[1]
    return MemoryRecords(content)


class BoundedRecords:
    """The batches of an answer with compressed ones among them, in place of aiokafka's `MemoryRecords`.

    The last may be cut off.
    """

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._position = 0

    def size_in_bytes(self) -> int:
        """Of all there is."""
        return len(self._content)

    def has_next(self) -> bool:
        """Whether another whole batch is there, and this poll may have it."""
        poll = _POLL.get()
        return self._end() is not None and (poll is None or poll.left > 0)

    def _end(self) -> int | None:
        start = self._position + _START.size
        if start > len(self._content):
            return None
        end: int = start + _START.unpack_from(self._content, self._position)[1]
        return end if end <= len(self._content) else None

    def next_batch(self) -> Any:
        """The next batch, as aiokafka's consumer needs it; None where `has_next` is not."""
        end = self._end()
        if end is None:
            return None
        content = memoryview(self._content)[self._position : end]
        self._position = end
        if content[_MAGIC] < _BOUNDED_FROM:
            return LegacyRecordBatch(content, content[_MAGIC])
        batch = DefaultRecordBatch(content)
        return _Packed(content, batch) if content[_ATTRIBUTES] & _CODEC else batch


class _Packed:
    """A compressed batch, not unpacked before its records are asked for: it may be skipped."""

    def __init__(self, content: memoryview, batch: Any) -> None:
        self._content = content
        self._batch = batch

    def __getattr__(self, name: str) -> Any:
        return getattr(self._batch, name)

    def __iter__(self) -> Iterator[Any]:
        poll = _POLL.get()
        unpacked = _unpacked(self._content)
        if poll is not None:
            poll.left -= LARGEST_BATCH if unpacked is None else len(unpacked)
        return self._refused() if unpacked is None else iter(DefaultRecordBatch(unpacked))

    def _refused(self) -> Iterator["Refused"]:
        """A record for each offset, up to `MOST_RECORDS`: a batch can say that it has millions."""
        batch = self._batch
        end = min(batch.next_offset, batch.base_offset + MOST_RECORDS)
        for offset in range(batch.base_offset, end):
            yield Refused(offset, batch.max_timestamp)


class Refused(NamedTuple):
    """Stands for a record of a refused batch, of which the batch's header tells no more than this."""

    offset: int
    timestamp: int
    checksum: str = BATCH_TOO_LARGE
    timestamp_type: int = 1
    key: bytes | None = None
    value: bytes | None = None
    headers: tuple[tuple[str, bytes | None], ...] = ()


def _unpacked(content: memoryview) -> memoryview | None:
    """The batch as it would be uncompressed; None where that is too much, or can't be unpacked at all."""
    (count,) = struct.unpack_from(">i", content, _COUNT)
    unpack = _UNPACK.get(content[_ATTRIBUTES] & _CODEC)
    if unpack is None or count > MOST_RECORDS:
        return None
    packed = content[_HEADER:]
    for times in _GUESSES:
        size = min(LARGEST_BATCH, max(_LEAST, times * len(packed)))
        whole = memoryview(bytearray(_HEADER + size))
        try:
            end = _HEADER + unpack(packed, whole[_HEADER:])
        except (cramjam.DecompressionError, ValueError):
            # The room was too small; a broker takes no batch that can't be unpacked.
            continue
        whole[:_HEADER] = content[:_HEADER]
        whole[_ATTRIBUTES] &= ~_CODEC
        return whole[:end]
    return None


def _snappy(packed: memoryview, room: memoryview) -> int:
    """Snappy as Java's library frames it (`\\x82SNAPPY\\0`, two versions, then blocks with their lengths), or
    one bare block, as librdkafka sends it.
    """
    if bytes(packed[: len(_XERIAL)]) != _XERIAL:
        return cramjam.snappy.decompress_raw_into(packed, room)
    position, taken = _XERIAL_HEADER, 0
    while position < len(packed):
        if len(packed) - position < 4:  # noqa: PLR2004 (a length)
            raise ValueError("cut short")
        (length,) = struct.unpack_from(">i", packed, position)
        position += 4
        if not 0 < length <= len(packed) - position:
            raise ValueError("a block of no possible length")
        taken += cramjam.snappy.decompress_raw_into(packed[position : position + length], room[taken:])
        position += length
    return taken


_XERIAL, _XERIAL_HEADER = b"\x82SNAPPY\0", 16
_UNPACK: dict[int, Unpack] = {
    1: cramjam.gzip.decompress_into,
    2: _snappy,
    3: cramjam.lz4.decompress_into,
    4: cramjam.zstd.decompress_into,
}
"""By the codec's number in a batch's attributes."""
