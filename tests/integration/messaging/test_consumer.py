"""FastStream, aiokafka and the batches between them, on the real broker."""

import asyncio
import gc
import json
import os
import sys
import weakref
from collections.abc import AsyncIterator, Callable
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import TopicAuthorizationFailedError
from confluent_kafka import KafkaError, Producer

from deploy.local.kafka_tools import KafkaTools
from deploy.local.stack import Addresses
from kobling.setup.handing_over import librdkafka
from shared.cluster import Cluster
from shared.contracts import topics
from shared.health import Health
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.batch_consumer import BatchConsumer
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.reading.records import Readable
from shared.messaging.sending.producers import relay_producer
from tests.integration.messaging.ledger import Ledger
from tests.integration.messaging.members import committed_offset, member, named, send
from tests.support.cluster import Corner, wait_until

CITIES = ["no-4601", "no-5501", "dk-751"]


@pytest.fixture(autouse=True)
async def cities(corner: Corner) -> None:
    await corner.create_topics(CITIES, service="intake")


def raising(error: Callable[[], Exception]) -> Callable[[Readable], None]:
    def before(_: Readable) -> None:
        raise error()

    return before


async def test_a_halted_subscriber_commits_nothing_and_a_sound_release_loses_nothing(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await send(stack, corner.prefix, "no-4601", [named("no-4601", number) for number in range(60)])
    ledger.before = raising(KeyError)
    async with member(stack, ledger, corner.prefix) as (_, handler):
        await wait_until(lambda: _halted(handler))
        # Long enough for an idle commit, if there were one.
        await asyncio.sleep(2.5)
    assert await committed_offset(stack, corner.prefix, "no-4601") <= 0
    assert await ledger.count("quarantine") == 0
    ledger.before = lambda _: None
    async with member(stack, ledger, corner.prefix):
        await wait_until(lambda: _applied(ledger, 60))


async def test_a_record_that_the_client_library_cannot_decode_dies_alone(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await send(stack, corner.prefix, "dk-751", [named("dk-751", number) for number in range(5)])
    await _send_raw_header(stack, corner.prefix + topics.SETTLEMENTS.named("dk-751"))
    await send(stack, corner.prefix, "dk-751", [named("dk-751", number) for number in range(5, 10)])
    for city in ("no-4601", "no-5501"):
        await send(stack, corner.prefix, city, [named(city, number) for number in range(30)])
    async with member(stack, ledger, corner.prefix) as (_, handler):
        await wait_until(lambda: _applied(ledger, 70))
        await wait_until(lambda: _quarantined(ledger, 1))
        assert handler.health.causes == {}
    document = await ledger.database["quarantine"].find_one({})
    assert document is not None
    assert (document["code"], document["offset"]) == ("header_not_utf8", 5)


async def test_lag_is_zero_at_rest_after_aborted_transactions_and_exact_batches(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    topic = corner.prefix + topics.SETTLEMENTS.named("no-4601")
    await send(stack, corner.prefix, "no-4601", [named("no-4601", number) for number in range(20)])
    producer = relay_producer(stack.cluster, f"{corner.prefix}outside")
    await producer.start()
    await producer.begin_transaction()
    await producer.send(topic, b"never", b"never")
    await producer.flush()
    await producer.abort_transaction()
    await producer.stop()
    async with member(stack, ledger, corner.prefix, batch_records=10):
        await wait_until(lambda: _applied(ledger, 20))
        # 20 records, one that was taken back, and the marker that says so.
        await wait_until(lambda: _committed(stack, corner.prefix, 22))
        group = f"{corner.prefix}intake.settlements"
        said = await asyncio.to_thread(
            KafkaTools(stack.cluster).consumer_groups, "--describe", "--group", group
        )
        lags = {line.split()[1]: line.split()[5] for line in said.splitlines() if corner.prefix in line}
        assert lags[topic] == "0"


async def test_a_municipalitys_topic_that_goes_while_it_is_looked_at_holds_up_no_other(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    async with member(stack, ledger, corner.prefix) as (broker, _):
        await send(stack, corner.prefix, "no-4601", [named("no-4601", 1)])
        await wait_until(lambda: _applied(ledger, 1))
        gone = TopicPartition(corner.prefix + topics.SETTLEMENTS.named("no-4601"), 0)
        await corner.delete_topic(topics.SETTLEMENTS.named("no-4601"))
        (subscriber,) = broker.subscribers
        # As the consumer itself does, if it doubts what it is assigned before it hears that it lost it.
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(subscriber.consumer.beginning_offsets([gone]), 2)  # type: ignore[attr-defined]
        for city in CITIES[1:]:
            await send(stack, corner.prefix, city, [named(city, 2)])
        await wait_until(lambda: _applied(ledger, 3), within=30)


async def test_a_new_municipality_is_followed_within_half_a_minute(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    async with member(stack, ledger, corner.prefix):
        await corner.create_topics(["no-0301"], service="intake")
        await send(stack, corner.prefix, "no-0301", [named("no-0301", 1)])
        await wait_until(lambda: _applied(ledger, 1), within=30)


@pytest.fixture
async def reader(corner: Corner, ledger: Ledger, stack: Addresses) -> AsyncIterator[BatchConsumer]:
    """A consumer of two municipalities' settlements, without a service behind it."""
    consumer = BatchConsumer(
        *(corner.prefix + topics.SETTLEMENTS.named(city) for city in ("no-4601", "no-5501")),
        name="settlements",
        health=Health(),
        guard=OffsetGuard(ledger.database),
        **stack.cluster.options,
        group_id=f"{corner.prefix}intake.settlements",
        auto_offset_reset="none",
        enable_auto_commit=False,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


async def handed_out(consumer: BatchConsumer) -> list[int]:
    found = await consumer.getmany(max_records=100)
    return [record.offset for batch in found.values() for record in batch]


async def first_handled(consumer: BatchConsumer, corner: Corner, ledger: Ledger) -> None:
    """One record sent, handed out, stored and committed; then one more that aiokafka has already."""
    await send(corner.addresses, corner.prefix, "no-4601", [named("no-4601", 0)])
    assert await wait_until(lambda: handed_out(consumer)) == [0]
    handled = {(corner.prefix + topics.SETTLEMENTS.named("no-4601"), 0): 1}
    await OffsetGuard(ledger.database).passed(handled)
    await consumer.commit_handled(handled)
    await send(corner.addresses, corner.prefix, "no-4601", [named("no-4601", 1)])
    await asyncio.sleep(0.5)


async def test_a_small_batch_takes_along_what_came_while_the_last_one_was_handled(
    corner: Corner, reader: BatchConsumer, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    # However slow the machine is: it is the second request that is looked at.
    monkeypatch.setattr("shared.messaging.batches.batch_consumer.GATHER_MS", 1000)
    await first_handled(reader, corner, ledger)
    # Of this partition aiokafka has not asked for more.
    await send(corner.addresses, corner.prefix, "no-4601", [named("no-4601", number) for number in (2, 3)])
    assert await handed_out(reader) == [1, 2, 3]


async def test_after_a_second_request_that_failed_what_is_in_hand_goes_first_and_the_rest_is_read_again(
    corner: Corner, reader: BatchConsumer, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    """aiokafka drops what it has taken of other partitions where one's records can't be decoded."""
    monkeypatch.setattr("shared.messaging.batches.batch_consumer.GATHER_MS", 1000)
    await first_handled(reader, corner, ledger)
    take = AIOKafkaConsumer.getmany

    async def take_and_drop(*given: Any, **more: Any) -> Any:
        assert await take(*given, **more)
        raise TopicAuthorizationFailedError("settlements")

    answers = [take_and_drop, take]

    async def answer(*given: Any, **more: Any) -> Any:
        return await answers.pop()(*given, **more)

    await send(corner.addresses, corner.prefix, "no-4601", [named("no-4601", 2)])
    with monkeypatch.context() as failing:
        failing.setattr(AIOKafkaConsumer, "getmany", answer)
        assert await handed_out(reader) == [1]
        with pytest.raises(TopicAuthorizationFailedError):
            await handed_out(reader)
    assert answers == []
    assert await wait_until(lambda: handed_out(reader)) == [2]


async def test_nothing_in_hand_is_lost_where_a_poll_is_cancelled(
    corner: Corner, reader: BatchConsumer, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.batches.batch_consumer.GATHER_MS", 60_000)
    await first_handled(reader, corner, ledger)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(handed_out(reader), 0.5)
    monkeypatch.undo()
    assert await wait_until(lambda: handed_out(reader)) == [1]


async def test_what_was_fetched_for_an_assignment_that_is_over_is_freed(reader: BatchConsumer) -> None:
    gc.disable()
    try:
        fetched = Cycle()
        found = weakref.ref(fetched)
        del fetched
        await handed_out(reader)
        assert found() is None
    finally:
        gc.enable()


class Cycle:
    """What refers to itself, as aiokafka's fetched records do."""

    def __init__(self) -> None:
        self.itself = self


async def test_a_burst_that_librdkafka_sends_as_one_batch_beyond_a_fetch_is_read(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """It fills batches to 1,000,000 bytes, before compression; a fetch asks for 512 KiB of a partition."""
    topic = corner.prefix + topics.SETTLEMENTS.named("no-4601")
    records = [(one["subject"], orjson.dumps(one)) for one in (named("no-4601", n) for n in range(4000))]
    assert sum(len(value) for _, value in records) > 1_000_000
    await asyncio.to_thread(_burst, stack.cluster, topic, records)
    async with member(stack, ledger, corner.prefix):
        await wait_until(lambda: _applied(ledger, len(records)))
    assert await ledger.count("quarantine") == 0


async def test_a_compressed_batch_that_becomes_too_much_dies_alone(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    topic = corner.prefix + topics.SETTLEMENTS.named("no-4601")
    await send(stack, corner.prefix, "no-4601", [named("no-4601", number) for number in range(3)])
    await asyncio.to_thread(_bomb, stack.cluster, topic, 40)
    await send(stack, corner.prefix, "no-4601", [named("no-4601", number) for number in range(3, 6)])
    await send(stack, corner.prefix, "no-5501", [named("no-5501", number) for number in range(3)])
    async with member(stack, ledger, corner.prefix, batch_records=10) as (_, handler):
        await wait_until(lambda: _applied(ledger, 9))
        await wait_until(lambda: _quarantined(ledger, 40))
        await wait_until(lambda: _committed(stack, corner.prefix, 46))
        assert handler.health.causes == {}
    letters = {letter["offset"]: letter async for letter in ledger.database["quarantine"].find({})}
    assert sorted(letters) == list(range(3, 43))
    assert {letter["code"] for letter in letters.values()} == {"batch_too_large"}
    assert {(letter["key"], letter["value"], letter["kept"]) for letter in letters.values()} == {
        (None, None, False)
    }


def _bomb(kafka: Cluster, topic: str, mebibytes: int) -> None:
    """Records of a mebibyte each in one batch, which is a few kilobytes."""
    producer = Producer(
        {
            **librdkafka(kafka),
            "compression.codec": "zstd",
            "linger.ms": 60_000,
            "batch.size": 2**31 - 1,
            "message.max.bytes": 1_000_000_000,
        }
    )
    # What is produced before the topic is known may leave in several batches.
    producer.list_topics(topic, timeout=20)
    for _ in range(mebibytes):
        producer.produce(topic, b"x" * 1024 * 1024, b"case")
    assert producer.flush(20) == 0


async def test_a_partition_with_much_in_one_batch_does_not_keep_others_waiting(
    corner: Corner, reader: BatchConsumer, ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.batches.batch_consumer.SMALL", 10**9)
    busy = corner.prefix + topics.SETTLEMENTS.named("no-4601")
    records = [(one["subject"], orjson.dumps(one)) for one in (named("no-4601", n) for n in range(300))]
    await asyncio.to_thread(_burst, corner.addresses.cluster, busy, records)
    first = await wait_until(lambda: reader.getmany(max_records=10))
    assert {partition.topic for partition in first} == {busy}
    await send(corner.addresses, corner.prefix, "no-5501", [named("no-5501", 0)])
    await asyncio.sleep(1.0)
    polls = [{partition.topic for partition in await reader.getmany(max_records=10)} for _ in range(3)]
    assert any(polled - {busy} for polled in polls)


def _burst(kafka: Cluster, topic: str, records: list[tuple[str, bytes]]) -> None:
    producer = Producer({**librdkafka(kafka), "enable.idempotence": True, "linger.ms": 500})
    refused: list[KafkaError] = []
    for key, value in records:
        producer.produce(
            topic, value, key, on_delivery=lambda error, _: refused.append(error) if error else None
        )
    assert producer.flush(20) == 0
    assert refused == []


async def _applied(ledger: Ledger, count: int) -> bool:
    rows = await ledger.rows()
    assert all(len(offsets) == 1 for offsets in rows.values())
    return len(rows) == count


async def _quarantined(ledger: Ledger, count: int) -> bool:
    return await ledger.count("quarantine") == count


async def _halted(handler: BatchProcessor) -> bool:
    return "unknown exceptions" in handler.health.causes.get("settlements", "")


async def _committed(stack: Addresses, prefix: str, offset: int) -> bool:
    return await committed_offset(stack, prefix, "no-4601") == offset


_SENDER = """
import asyncio, sys
from aiokafka import AIOKafkaProducer
from shared.cluster_settings import ClusterSettings

class Name(str):
    def encode(self, *_):
        return bytes([255, 254])

async def send(kafka, topic):
    cluster = ClusterSettings.model_validate_json(kafka).cluster
    producer = AIOKafkaProducer(**cluster.options, acks="all")
    await producer.start()
    await producer.send_and_wait(topic, b"{}", b"case", headers=[(Name("x"), b"x")])
    await producer.stop()

asyncio.run(send(*sys.argv[1:]))
"""


async def _send_raw_header(stack: Addresses, topic: str) -> None:
    """A header whose name is no UTF-8, as other clients send; aiokafka's encoder in C would refuse to."""
    environment = {**os.environ, "AIOKAFKA_NO_EXTENSIONS": "1"}
    command = [sys.executable, "-c", _SENDER, json.dumps(stack.cluster.settings()), topic]
    process = await asyncio.create_subprocess_exec(*command, env=environment)
    assert await process.wait() == 0
