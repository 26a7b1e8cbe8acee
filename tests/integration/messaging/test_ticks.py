"""What an erased person leaves on a topic that lies idle, and how a day's tick takes it away."""

import asyncio
from datetime import UTC, datetime, timedelta

from aiokafka import AIOKafkaProducer
from aiokafka.partitioner import DefaultPartitioner

from deploy.local.kafka_tools import KafkaTools
from deploy.local.stack import Addresses
from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.topics import REGISTRY, SERVICES
from shared.health import Health
from shared.messaging import ticks
from shared.messaging.due_runner import DueRunner
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Tick
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.producers import relay_producer
from shared.messaging.sending.relay import Relay
from tests.integration.messaging.ledger import Ledger
from tests.support.cluster import Corner, wait_until
from tests.support.outbox import waiting_rows

EVENING = datetime(2016, 6, 14, 20, tzinfo=UTC)
DAY = timedelta(days=1)
NAME = b"Eksempel, Test"
QUICKLY = {
    "segment.ms": "1",
    "min.cleanable.dirty.ratio": "0.001",
    "min.compaction.lag.ms": "0",
    "max.compaction.lag.ms": "100",
    "delete.retention.ms": "100",
}
"""Days made into moments."""


def runner(ledger: Ledger, corner: Corner, now: datetime, service: str = "matching") -> DueRunner:
    return DueRunner(
        ledger.database,
        service,
        corner.prefix,
        Clock(source=lambda: now),
        {ticks.TICK: ticks.tick},
        Health(),
        lambda: None,
        timedelta(milliseconds=20),
    )


async def outbox(ledger: Ledger) -> list[tuple[str, bytes]]:
    return sorted((row.topic, row.key or b"") for row in await waiting_rows(ledger.database))


def test_each_partition_has_a_key_of_its_own() -> None:
    partitions = list(range(12))
    placed = [DefaultPartitioner()(key, partitions, partitions) for key in ticks.keys(12)]
    assert placed == partitions


def test_readers_skip_ticks() -> None:
    for topic in (topic for service in SERVICES for topic in ticks.ticked(service)):
        raw = Raw(topic.name, 0, 0, 0, ticks.keys(12)[0], None)
        assert isinstance(Parser(topic).parse(raw), Tick)


def test_every_state_topic_is_ticked_by_its_one_writer() -> None:
    ticked = [topic.name for service in SERVICES for topic in ticks.ticked(service)]
    assert sorted(ticked) == sorted(topic.name for topic in REGISTRY if topic.state)


async def test_once_a_day_whatever_the_number_of_replicas_and_of_days_missed(
    corner: Corner, ledger: Ledger
) -> None:
    for _ in range(3):
        await ticks.schedule(ledger.database, "matching", EVENING)
    await runner(ledger, corner, EVENING).run_due()
    assert await outbox(ledger) == []
    late = EVENING + 40 * DAY
    replicas = [runner(ledger, corner, late) for _ in range(3)]
    await asyncio.gather(*(replica.run_due() for replica in replicas))
    once = sorted((corner.prefix + topics.PAIRS.name, key) for key in ticks.keys(12))
    assert await outbox(ledger) == once
    await ticks.schedule(ledger.database, "matching", late)
    await runner(ledger, corner, late + timedelta(hours=3, minutes=59)).run_due()
    assert await outbox(ledger) == once
    await runner(ledger, corner, late + timedelta(hours=4)).run_due()
    assert len(await outbox(ledger)) == 2 * len(once)


async def test_an_erased_person_is_gone_from_an_idle_topic_after_ticks_and_not_without(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """Volunteers' topic lies idle with the same settings and stays as it is."""
    await corner.create_topics()
    for topic in (topics.PAIRS, topics.VOLUNTEERS):
        config = ",".join(f"{name}={value}" for name, value in QUICKLY.items())
        where = ["--entity-type", "topics", "--entity-name", corner.prefix + topic.name]
        await asyncio.to_thread(KafkaTools(stack.cluster).configs, *where, "--alter", "--add-config", config)
    producer = AIOKafkaProducer(**stack.cluster.options, acks="all")
    await producer.start()
    for topic in (topics.PAIRS, topics.VOLUNTEERS):
        for partition in range(topic.partitions):
            # The null begins a segment, which stays the active one.
            for value in (NAME, None):
                await producer.send_and_wait(corner.prefix + topic.name, value, b"subject", partition)
    await producer.stop()
    assert await names(corner, topics.PAIRS.name) == await names(corner, topics.VOLUNTEERS.name) == 12
    await ticks.schedule(ledger.database, "matching", EVENING)
    relay = Relay(
        ledger.database,
        Lease(ledger.database, "relay"),
        lambda: relay_producer(stack.cluster, f"{corner.prefix}relay"),
        lambda _: (),
        Health(),
        rows=100,
        poll=timedelta(milliseconds=20),
    )
    running = asyncio.create_task(relay.run())
    await runner(ledger, corner, EVENING + DAY).run_due()

    async def forgotten() -> bool:
        return await names(corner, topics.PAIRS.name) == 0

    await wait_until(forgotten, within=90)
    relay.stop()
    await running
    assert await names(corner, topics.VOLUNTEERS.name) == 12


async def names(corner: Corner, topic: str) -> int:
    """How many records of a topic's log hold the name."""
    return sum(NAME in (record.value or b"") for record in await corner.read(topic))
