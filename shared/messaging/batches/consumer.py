"""Batches through FastStream: every subscriber is made here, with the settings that nothing may forget."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy

from shared import retry
from shared.cluster import Cluster
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.batches.batch import BatchProcessor, Halted
from shared.messaging.batches.batch_consumer import SMALL, BatchConsumer
from shared.messaging.metrics import Follows, Metrics
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.reading.records import FETCH_BYTES, PARTITION_BYTES, Raw

log = get_logger(__name__)

METADATA_AGE = timedelta(seconds=15)
"""How soon a new municipality's topic is seen."""
SESSION = timedelta(seconds=10)
REBALANCE = timedelta(seconds=30)
POLL_INTERVAL = timedelta(hours=24)
"""A handler that waits for a server must keep its place in the group; liveness finds a stuck one."""
GATHER_STATES = timedelta(milliseconds=250)
"""How long more may come after a small batch of states, which nobody waits for as a municipality does for its
receipt. Without it four services at 100 records a second are busy with transactions of two.
"""
FETCH_WAIT = timedelta(milliseconds=500)
FETCH_WAIT_FAMILY = timedelta(milliseconds=100)
"""How long the broker lets a request wait for a record. Those of partitions that were not asked for, since
something of theirs was in hand, wait with it: so it is shorter where one partition may be busy for long and
all others still, as with municipalities' topics.
"""
AFTER_EMPTY_POLL_MS = 1
"""FastStream sleeps its batch timeout after an empty poll; the waiting is done in `getmany` instead."""


def make_broker(kafka: Cluster, client_id: str, drain: timedelta) -> KafkaBroker:
    """A FastStream broker that consumes alone: the relay has a producer of its own.

    drain: how long handlers may finish what they have when it stops.
    """
    return KafkaBroker(
        # FastStream takes a string for one server, commas and all.
        kafka.servers.split(","),
        client_id=client_id,
        metadata_max_age_ms=_ms(METADATA_AGE),
        allow_auto_create_topics=False,
        consumer_only=True,
        graceful_timeout=drain.total_seconds(),
        apply_types=False,
        logger=None,
    )


async def use_batch_consumers(
    broker: KafkaBroker, kafka: Cluster, health: Health, guard: OffsetGuard, metrics: Metrics
) -> None:
    """Connects, and has FastStream build its subscribers on BatchConsumer, logged in as `kafka` says."""
    await broker.connect()
    config = broker.config.broker_config
    builder = config.builder
    if not isinstance(builder, partial):
        raise TypeError("FastStream builds its consumers in another way than this module knows")

    def build(*topics: str, group_id: str, **subscriber_options: Any) -> BatchConsumer:
        name = group_id.rpartition(".")[2]
        options = {**builder.keywords, **kafka.options, **subscriber_options}
        consumer = BatchConsumer(*topics, name=name, health=health, guard=guard, group_id=group_id, **options)
        metrics.follow(name, Follows(consumer.lags, consumer.lags_to_end, consumer.held, consumer.leads))
        return consumer

    config.builder = build


def subscribe(broker: KafkaBroker, processor: BatchProcessor, health: Health) -> None:
    """Subscribes a processor to its topic, or its family of topics, in a group of its own.

    Long because each setting that nothing may forget stands here, and nowhere else.
    """
    transaction = processor.transaction
    subscription, prefix = transaction.subscription, transaction.prefix
    topic = subscription.topic
    pattern: dict[str, Any] = {"pattern": topic.pattern(prefix)} if topic.is_family else {}
    names = () if topic.is_family else (prefix + topic.name,)
    subscriber = broker.subscriber(
        *names,
        **pattern,
        batch=True,
        group_id=f"{prefix}{transaction.service}.{subscription.name}",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        auto_offset_reset="none",
        isolation_level="read_committed",
        max_records=processor.batch_records,
        batch_timeout_ms=AFTER_EMPTY_POLL_MS,
        session_timeout_ms=_ms(SESSION),
        heartbeat_interval_ms=_ms(SESSION) // 4,
        rebalance_timeout_ms=_ms(REBALANCE),
        max_poll_interval_ms=_ms(POLL_INTERVAL),
        fetch_max_bytes=FETCH_BYTES,
        fetch_max_wait_ms=_ms(FETCH_WAIT_FAMILY if topic.is_family else FETCH_WAIT),
        max_partition_fetch_bytes=PARTITION_BYTES,
        parser=_keep_raw,
        decoder=_raw_records,
    )

    async def handle(records: tuple["ConsumerRecord[Any, Any]", ...]) -> None:
        consumer = subscriber.consumer
        if not isinstance(consumer, BatchConsumer):
            raise TypeError("subscribers need BatchConsumer: call use_batch_consumers first")
        await _process([Raw.of(record) for record in records], processor, consumer, health)

    subscriber(handle)
    health.starting(subscription.name)


async def _process(
    batch: Sequence[Raw], processor: BatchProcessor, consumer: BatchConsumer, health: Health
) -> None:
    """Has a batch handled, or read again; gathers more states after a small one."""
    try:
        await processor.process(batch, consumer.commit_handled)
    except Halted:
        log.critical("subscriber_halted", subscription=processor.name)
        # Leaves the group with nothing committed past the failure, so that a sound release can go on.
        await consumer.stop()
    except Exception as error:  # noqa: BLE001 (FastStream would go on behind the batch)
        log.error("batch_read_again", subscription=processor.name, **describe_error(error))  # noqa: TRY400
        cause = retry.cause_of(error, processor.transaction.database, consumer.servers)
        health.degraded(processor.name, cause)
        consumer.rewind(batch)
    states = processor.transaction.subscription.topic.state
    if states and len(batch) * SMALL < processor.batch_records:
        await asyncio.sleep(GATHER_STATES.total_seconds())


async def _keep_raw(records: tuple["ConsumerRecord[Any, Any]", ...]) -> KafkaMessage:
    """FastStream's own parser decodes headers, and a binary one stops it: Kobling parses for itself."""
    first, last = records[0], records[-1]
    return KafkaMessage(
        body=b"",
        raw_message=records,
        message_id=f"{first.topic}/{first.partition}/{first.offset}-{last.offset}",
        consumer=_NoConsumer(),
    )


async def _raw_records(message: KafkaMessage) -> Any:
    return message.raw_message


class _NoConsumer:
    """FastStream's own acknowledgements go nowhere: the processor commits."""

    async def commit(self) -> None:
        """Does nothing."""

    def seek(self, partition: TopicPartition, offset: int) -> None:
        """Does nothing."""


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
