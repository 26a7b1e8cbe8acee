"""What compressed batches may become: batches as the protocol has them, read by aiokafka's own reader."""

import struct
import tracemalloc
from collections.abc import Callable
from typing import Any

import cramjam
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from aiokafka.record.memory_records import MemoryRecords
from aiokafka.record.util import calc_crc32c

from shared.messaging.reading.bounded import (
    BATCH_TOO_LARGE,
    LARGEST_BATCH,
    MOST_RECORDS,
    BoundedRecords,
    one_poll,
    records_of,
)
from shared.messaging.reading.records import Raw

MEBIBYTE = 1024 * 1024
HEADER = 61


def xerial(content: bytes) -> bytes:
    """As Java's Snappy frames it, in blocks of 32 KiB."""
    blocks = [content[start : start + 32768] for start in range(0, len(content), 32768)]
    packed = [bytes(cramjam.snappy.compress_raw(block)) for block in blocks]
    framed = b"".join(struct.pack(">i", len(block)) + block for block in packed)
    return b"\x82SNAPPY\0" + struct.pack(">ii", 1, 1) + framed


CODECS: dict[str, tuple[int, Callable[[bytes], Any]]] = {
    "gzip": (1, cramjam.gzip.compress),
    "snappy": (2, xerial),
    "snappy, bare": (2, cramjam.snappy.compress_raw),
    "lz4": (3, cramjam.lz4.compress),
    "zstd": (4, cramjam.zstd.compress),
}


def plain(values: list[bytes | None], base: int = 0) -> bytes:
    """An uncompressed batch."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**31 - 1)
    for index, value in enumerate(values):
        builder.append(index, 1000 + index, b"%d" % index, value, [("name", b"x")])
    return moved(bytes(builder.build()), base)


def moved(batch: bytes, base: int) -> bytes:
    return struct.pack(">q", base) + batch[8:]


def sealed(batch: bytes) -> bytes:
    """With the length and the checksum that belong to its bytes."""
    whole = bytearray(batch)
    struct.pack_into(">i", whole, 8, len(whole) - 12)
    struct.pack_into(">I", whole, 17, calc_crc32c(bytes(whole[21:])))
    return bytes(whole)


def packed(batch: bytes, codec: str) -> bytes:
    number, compress = CODECS[codec]
    header = bytearray(batch[:HEADER])
    header[22] |= number
    return sealed(bytes(header) + bytes(compress(batch[HEADER:])))


def counting(batch: bytes, count: int) -> bytes:
    """The batch saying that it has so many records."""
    whole = bytearray(batch)
    struct.pack_into(">i", whole, 23, count - 1)
    struct.pack_into(">i", whole, 57, count)
    return sealed(bytes(whole))


def reader(content: bytes, offset: int = 0) -> PartitionRecords:
    records = records_of(content)
    return PartitionRecords(TopicPartition("t", 0), records, [], offset, None, None, True, READ_COMMITTED)


def read(content: bytes, offset: int = 0) -> list[Raw]:
    return [Raw.of(record) for record in reader(content, offset)]


@pytest.mark.parametrize("codec", CODECS)
def test_a_sound_batch_reads_as_it_would_uncompressed(codec: str) -> None:
    batch = plain([b"a" * size for size in (0, 10, 300_000)] + [None], base=7)
    assert read(packed(batch, codec)) == read(batch)
    assert [record.offset for record in read(batch)] == [7, 8, 9, 10]
    assert read(packed(batch, codec), offset=9) == read(batch)[2:]


@pytest.mark.parametrize("codec", CODECS)
def test_one_that_becomes_too_much_is_refused_alone_and_not_unpacked(codec: str) -> None:
    limit = plain([b"x" * (LARGEST_BATCH - 100)])
    assert len(limit) < LARGEST_BATCH
    bomb = packed(plain([b"x" * LARGEST_BATCH, b"small"], base=1), codec)
    content = packed(limit, codec) + bomb + plain([b"behind"], base=3)
    found = read(content)
    assert [record.fault for record in found] == [None, BATCH_TOO_LARGE, BATCH_TOO_LARGE, None]
    assert [record.offset for record in found] == [0, 1, 2, 3]
    assert [(record.key, record.value) for record in found[1:3]] == [(None, None)] * 2
    # The newest that the header has: each reader refuses it under the same id.
    assert [record.timestamp for record in found[1:3]] == [1001, 1001]


@pytest.mark.parametrize("codec", ["gzip", "lz4", "zstd"])
def test_memory_is_bounded_whatever_a_batch_would_become(codec: str) -> None:
    content = packed(plain([b"x" * (48 * MEBIBYTE)]), codec)
    tracemalloc.start()
    try:
        assert [record.fault for record in read(content)] == [BATCH_TOO_LARGE]
        assert tracemalloc.get_traced_memory()[1] < 2 * LARGEST_BATCH + MEBIBYTE
    finally:
        tracemalloc.stop()


def test_one_of_millions_of_records_is_refused_and_has_no_millions_of_dead_letters() -> None:
    most = packed(counting(plain([b"a"]), MOST_RECORDS), "zstd")
    assert Raw.of(next(reader(most))).fault is None
    many = packed(counting(plain([b"a"]), 60_000_000), "zstd")
    partition = reader(many + plain([b"behind"], base=60_000_000))
    found = [Raw.of(record) for record in partition]
    assert len(found) == MOST_RECORDS + 1
    assert {record.fault for record in found[:-1]} == {BATCH_TOO_LARGE}
    assert (found[-1].offset, found[-1].fault) == (60_000_000, None)
    assert partition.next_fetch_offset == 60_000_001


@pytest.mark.parametrize("codec", CODECS)
def test_one_that_cannot_be_unpacked_is_refused(codec: str) -> None:
    batch = packed(plain([b"abc" * 10_000]), codec)
    for broken in (batch[:-5], batch[:HEADER] + b"\x82SNAPPY\0" + b"\xff" * 40):
        assert [record.fault for record in read(sealed(broken))] == [BATCH_TOO_LARGE]


def test_one_poll_takes_no_batch_more_once_it_has_enough() -> None:
    batches = [packed(plain([b"x" * (6 * MEBIBYTE)], base=base), "zstd") for base in range(5)]
    content = b"".join(batches)
    with one_poll():
        first = reader(content)
        assert [record.offset for record in first] == [0, 1, 2]
        assert first.next_fetch_offset == 3
        # Of another partition too.
        assert list(reader(content)) == []
    with one_poll():
        assert [record.offset for record in reader(b"".join(batches[3:]), offset=3)] == [3, 4]


def test_an_answer_without_compressed_batches_is_left_to_aiokafka() -> None:
    batch = plain([b"a"])
    assert type(records_of(batch + batch)) is MemoryRecords
    assert type(records_of(b"")) is MemoryRecords
    assert type(records_of(batch + packed(batch, "zstd"))) is BoundedRecords


@pytest.mark.parametrize("whole", [plain([b"a"]), packed(plain([b"a"]), "zstd")])
def test_a_batch_that_is_cut_off_is_left_for_the_next_answer(whole: bytes) -> None:
    for cut in (5, 11, 30, 61, len(whole) - 1):
        assert len(read(whole + whole[:cut])) == 1
        records = BoundedRecords(whole + whole[:cut])
        assert records.next_batch() is not None
        assert not records.has_next()
        assert records.next_batch() is None
        assert records.size_in_bytes() == len(whole) + cut
