"""Batches through FastStream: every subscriber is made here, with the settings that nothing may forget."""

import time
from collections.abc import Callable, Mapping
from datetime import timedelta
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    UnknownMemberIdError,
)
from faststream.kafka import KafkaBroker, KafkaMessage
from faststream.middlewares import AckPolicy

from shared.logging import describe_error, get_logger
from shared.messaging.batch import BatchProcessor, Halted
from shared.messaging.health import Health
from shared.messaging.positions import Partition
from shared.messaging.records import Raw

log = get_logger(__name__)

IDLE_COMMIT = timedelta(seconds=1)
POLL = timedelta(milliseconds=500)
METADATA_AGE = timedelta(seconds=15)
"""How soon a new municipality's topic is seen."""
SESSION = timedelta(seconds=10)
REBALANCE = timedelta(seconds=30)
POLL_INTERVAL = timedelta(hours=24)
"""A handler that waits for a server must keep its place in the group; liveness finds a stuck one."""
FETCH_BYTES = 8 * 1024 * 1024
PARTITION_BYTES = 512 * 1024
"""Hundreds of municipalities' topics at aiokafka's 1 MiB each would burst the memory."""
AFTER_EMPTY_POLL_MS = 1
"""FastStream sleeps its batch timeout after an empty poll; the waiting is done in `getmany` instead."""

_LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class BatchConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer, waiting in `getmany` and committing idle positions there.

    Markers of transactions and a batch of exactly `max_records` leave the position ahead of the committed
    offset, and lag above 0, until somebody commits. FastStream asks for the next batch only when the last
    one is handled, so at that moment everything before the position is done.
    """

    def __init__(self, *topics: str, heartbeat: Callable[[], None], **options: Any) -> None:
        super().__init__(*topics, **options)
        self._heartbeat = heartbeat
        self._idle_commit_at = time.monotonic()
        self._committed: dict[TopicPartition, int] = {}

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The next records of any partition; waits up to `POLL` for them."""
        self._heartbeat()
        if time.monotonic() - self._idle_commit_at > IDLE_COMMIT.total_seconds():
            await self._commit_idle()
            self._idle_commit_at = time.monotonic()
        wait = max(timeout_ms, int(POLL.total_seconds() * 1000))
        records: dict[TopicPartition, list[ConsumerRecord[Any, Any]]] = await super().getmany(
            *partitions, timeout_ms=wait, max_records=max_records
        )
        return records

    async def commit_handled(self, offsets: Mapping[Partition, int]) -> None:
        """Commits what was stored. A partition that was lost meanwhile is its new owner's to commit."""
        wanted = {
            TopicPartition(*partition): offset
            for partition, offset in offsets.items()
            if TopicPartition(*partition) in self.assignment()
        }
        if not wanted:
            return
        try:
            await self.commit(wanted)
        except _LOST as error:
            log.info("commit_left_to_new_owner", **describe_error(error))
        except KafkaError as error:
            # Stored is stored: positions tell a redelivery, and the next commit covers this one.
            log.warning("commit_failed", **describe_error(error))
        else:
            self._committed.update(wanted)

    async def _commit_idle(self) -> None:
        ahead: dict[Partition, int] = {}
        try:
            for partition in self.assignment():
                position = await self._position(partition)
                if position is not None and position > await self._known_committed(partition, position):
                    ahead[partition.topic, partition.partition] = position
        except KafkaError as error:
            log.info("idle_commit_skipped", **describe_error(error))
            return
        await self.commit_handled(ahead)

    async def _position(self, partition: TopicPartition) -> int | None:
        # A partition without a position yet would make position() wait for its reset.
        state = self._subscription.subscription.assignment.state_value(partition)
        return int(state.position) if state is not None and state.has_valid_position else None

    async def _known_committed(self, partition: TopicPartition, position: int) -> int:
        known = self._committed.get(partition)
        if known is None or known > position:
            known = await self.committed(partition) or 0
            self._committed[partition] = known
        return known


def make_broker(kafka: str, client_id: str) -> KafkaBroker:
    """A FastStream broker that consumes alone: the relay has a producer of its own."""
    return KafkaBroker(
        kafka,
        client_id=client_id,
        metadata_max_age_ms=_ms(METADATA_AGE),
        allow_auto_create_topics=False,
        consumer_only=True,
        graceful_timeout=10.0,
        apply_types=False,
        logger=None,
    )


async def use_batch_consumers(broker: KafkaBroker, health: Health) -> None:
    """Connects, and has FastStream build its subscribers on BatchConsumer."""
    await broker.connect()
    config = broker.config.broker_config
    made = config.builder
    options = made.keywords if isinstance(made, partial) else {}

    def build(*topics: str, group_id: str, **more: Any) -> BatchConsumer:
        heartbeat = partial(health.alive, group_id.rpartition(".")[2])
        return BatchConsumer(*topics, heartbeat=heartbeat, group_id=group_id, **{**options, **more})

    config.builder = build


def subscribe(broker: KafkaBroker, processor: BatchProcessor, health: Health) -> None:
    """Subscribes a processor to its topic, or its family of topics, in a group of its own."""
    transaction = processor.transaction
    subscription, prefix = transaction.subscription, transaction.prefix
    topic = subscription.topic
    where: dict[str, Any] = {"pattern": topic.pattern(prefix)} if topic.is_family else {}
    names = () if topic.is_family else (prefix + topic.name,)
    subscriber = broker.subscriber(
        *names,
        **where,
        batch=True,
        group_id=f"{prefix}{transaction.service}.{subscription.name}",
        ack_policy=AckPolicy.MANUAL,
        no_reply=True,
        auto_offset_reset="earliest",
        isolation_level="read_committed",
        max_records=processor.batch_records,
        batch_timeout_ms=AFTER_EMPTY_POLL_MS,
        session_timeout_ms=_ms(SESSION),
        heartbeat_interval_ms=_ms(SESSION) // 4,
        rebalance_timeout_ms=_ms(REBALANCE),
        max_poll_interval_ms=_ms(POLL_INTERVAL),
        fetch_max_bytes=FETCH_BYTES,
        max_partition_fetch_bytes=PARTITION_BYTES,
        parser=_keep_raw,
        decoder=_raw_records,
    )

    async def handle(records: tuple["ConsumerRecord[Any, Any]", ...]) -> None:
        consumer = subscriber.consumer
        if not isinstance(consumer, BatchConsumer):
            raise TypeError("subscribers need BatchConsumer: call use_batch_consumers first")
        try:
            await processor.process([Raw.of(record) for record in records], consumer.commit_handled)
        except Halted:
            log.critical("subscriber_halted", subscription=subscription.name)
            await _halt(consumer)

    subscriber(handle)
    health.starting(subscription.name)


async def _halt(consumer: BatchConsumer) -> None:
    """Leaves the group with nothing committed past the failure, so that a sound release can go on."""
    await consumer.stop()


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
