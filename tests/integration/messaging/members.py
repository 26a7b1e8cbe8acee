"""Running consumers of all municipalities' settlements, and what they are sent."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from faststream.kafka import KafkaBroker

from deploy.local.stack import Addresses
from shared.contracts import topics
from shared.contracts.envelope import CONTENT_TYPE
from shared.health import Health
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.batches.consumer import make_broker, subscribe, use_batch_consumers
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.places.offsets import Committed, stamp
from shared.messaging.reading.bounded import bound_batches
from tests.integration.messaging.ledger import Ledger, processor
from tests.support.cluster import Corner
from tests.unit.messaging.records import settlement


@asynccontextmanager
async def member(
    stack: Addresses, ledger: Ledger, prefix: str, **options: Any
) -> AsyncIterator[tuple[KafkaBroker, BatchProcessor]]:
    """A running consumer of all settlements."""
    handler = processor(Corner(stack, prefix), ledger, prefix=prefix, **options)
    bound_batches()
    broker = make_broker(stack.cluster, "test", timedelta(seconds=10))
    health: Health = handler.health
    subscribe(broker, handler, health)
    await use_batch_consumers(broker, stack.cluster, health, OffsetGuard(ledger.database), handler.metrics)
    await broker.start()
    try:
        yield broker, handler
    finally:
        await broker.stop()


def named(city: str, number: int) -> dict[str, Any]:
    return {**settlement(f"{city}-{number}"), "source": f"/{city}/x"}


async def send(stack: Addresses, prefix: str, city: str, documents: list[dict[str, Any]]) -> None:
    producer = AIOKafkaProducer(**stack.cluster.options, acks="all")
    await producer.start()
    headers = [("content-type", CONTENT_TYPE.encode())]
    for document in documents:
        await producer.send_and_wait(
            prefix + topics.SETTLEMENTS.named(city),
            orjson.dumps(document),
            document["subject"].encode(),
            headers=headers,
        )
    await producer.stop()


async def committed(stack: Addresses, prefix: str, city: str) -> Committed | None:
    """What the group has committed."""
    partition = TopicPartition(prefix + topics.SETTLEMENTS.named(city), 0)
    admin = AIOKafkaAdminClient(**stack.cluster.options)
    await admin.start()
    try:
        found = (await admin.list_consumer_group_offsets(f"{prefix}intake.settlements")).get(partition)
        return None if found is None else Committed.of(found.offset, found.metadata)
    finally:
        await admin.close()


async def committed_offset(stack: Addresses, prefix: str, city: str) -> int:
    """The offset that the group has committed; -1 where it has none."""
    found = await committed(stack, prefix, city)
    return -1 if found is None else found.offset


async def commit_for(stack: Addresses, prefix: str, city: str, what: Committed) -> None:
    """Commits for the group, which has no members now, as Kobling would."""
    assert what.newest is not None
    partition = TopicPartition(prefix + topics.SETTLEMENTS.named(city), 0)
    consumer = AIOKafkaConsumer(
        **stack.cluster.options, group_id=f"{prefix}intake.settlements", enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign([partition])
        await consumer.commit({partition: (what.offset, stamp(what.newest))})
    finally:
        await consumer.stop()
