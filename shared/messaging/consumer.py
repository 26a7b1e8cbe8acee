"""Batches through FastStream: every subscriber is made here, with the settings that nothing may forget."""

import asyncio
import time
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
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
from shared.messaging.records import FaultyRecord, Raw

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

SILENCE = timedelta(seconds=15)
"""A broker answers each fetch within half a second; one that is silent for so long is not there."""
UNDECODABLE = "header_not_utf8"
"""aiokafka decodes names of headers itself, as UTF-8; it knows no other record that it can't decode."""
ONE_BY_ONE = 1000

_LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class BatchConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer, waiting in `getmany` and committing idle positions there.

    Markers of transactions and a batch of exactly `max_records` leave the position ahead of the committed
    offset, and lag above 0, until somebody commits. A position is committed only where everything that was
    handed out before it has been handled; whatever goes wrong in between is read again.
    """

    def __init__(self, *topics: str, name: str, health: Health, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._name = name
        self._health = health
        self._idle_commit_at = time.monotonic()
        self._committed: dict[TopicPartition, int] = {}
        self._handed: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The next records of any partition; waits up to `POLL` for them."""
        if self._closed:
            raise ConsumerStoppedError
        self._health.alive(self._name)
        if time.monotonic() - self._idle_commit_at > IDLE_COMMIT.total_seconds():
            await self._commit_idle()
            self._idle_commit_at = time.monotonic()
        wait = max(timeout_ms, _ms(POLL))
        begun = self._positions()
        records: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]
        try:
            records = await super().getmany(*partitions, timeout_ms=wait, max_records=max_records)
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except KafkaError as error:
            self._health.degraded(self._name, type(error).__name__)
            self._rewind(begun)
            raise
        except Exception as error:  # noqa: BLE001 (aiokafka drops what it had taken from other partitions)
            log.error("records_not_decoded", subscription=self._name, **describe_error(error))  # noqa: TRY400
            begun |= await self._committed_positions(self.assignment() - begun.keys())
            self._rewind(begun)
            records = await self._one_by_one(begun)
        self._look_at_broker()
        for partition, batch in records.items():
            self._handed[partition] = batch[-1].offset + 1
        return records

    async def _one_by_one(
        self, begun: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The records of one partition up to and with the first that can't be decoded, which is marked."""
        for partition in begun:
            records: list[Any] = []
            while len(records) < ONE_BY_ONE:
                position = self._position(partition)
                if position is None:
                    break
                try:
                    batch = await super().getmany(partition, timeout_ms=_ms(POLL), max_records=1)
                except (KafkaError, ConsumerStoppedError):
                    raise
                except Exception:  # noqa: BLE001 (the record at this position is the one)
                    self.seek(partition, position + 1)
                    faulty = FaultyRecord(partition.topic, partition.partition, position, UNDECODABLE)
                    return {partition: [*records, faulty]}
                if not batch:
                    break
                records += batch[partition]
            if records:
                self.seek(partition, begun[partition])
        return {}

    async def _committed_positions(self, partitions: Set[TopicPartition]) -> dict[TopicPartition, int]:
        """Where partitions began that had no position yet when the poll did."""
        beginnings = await self.beginning_offsets(list(partitions)) if partitions else {}
        return {
            partition: beginning if (committed := await self.committed(partition)) is None else committed
            for partition, beginning in beginnings.items()
        }

    def _look_at_broker(self) -> None:
        """Says whether the broker answers: an empty poll looks the same with it and without."""
        assigned = self.assignment()
        if not assigned:
            if self._coordinator.coordinator_id is None:
                self._health.degraded(self._name, "no group coordinator")
            return
        answered = [self.last_poll_timestamp(partition) or 0 for partition in assigned]
        silent = time.time() - max(answered) / 1000 > SILENCE.total_seconds() if any(answered) else False
        if silent:
            self._health.degraded(self._name, "the broker does not answer")
        else:
            self._health.working(self._name)

    def rewind(self, records: Sequence[Raw]) -> None:
        """Has unhandled records of a batch read again."""
        first: dict[TopicPartition, int] = {}
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        self._rewind(
            {partition: max(offset, self._handled.get(partition, 0)) for partition, offset in first.items()}
        )

    def _rewind(self, positions: Mapping[TopicPartition, int]) -> None:
        assigned = self.assignment()
        for partition, offset in positions.items():
            if partition in assigned:
                self.seek(partition, offset)
                self._handed.pop(partition, None)

    async def commit_handled(self, offsets: Mapping[Partition, int]) -> None:
        """Commits what was stored. A partition that was lost meanwhile is its new owner's to commit."""
        handled = {TopicPartition(*partition): offset for partition, offset in offsets.items()}
        self._handled.update(handled)
        assigned = self.assignment()
        wanted = {partition: offset for partition, offset in handled.items() if partition in assigned}
        if not wanted or self._closed:
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
            for partition, position in self._positions().items():
                unhandled = self._handled.get(partition, -1) < self._handed.get(partition, -1)
                if not unhandled and position > await self._known_committed(partition, position):
                    ahead[partition.topic, partition.partition] = position
        except KafkaError as error:
            log.info("idle_commit_skipped", **describe_error(error))
            return
        await self.commit_handled(ahead)

    def _positions(self) -> dict[TopicPartition, int]:
        found = {partition: self._position(partition) for partition in self.assignment()}
        return {partition: position for partition, position in found.items() if position is not None}

    def _position(self, partition: TopicPartition) -> int | None:
        # A partition without a position yet would make position() wait for its reset.
        subscription = self._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return None
        state = subscription.assignment.state_value(partition)
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
    if not isinstance(made, partial):
        raise TypeError("FastStream builds its consumers in another way than this module knows")

    def build(*topics: str, group_id: str, **more: Any) -> BatchConsumer:
        name = group_id.rpartition(".")[2]
        return BatchConsumer(
            *topics, name=name, health=health, group_id=group_id, **{**made.keywords, **more}
        )

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
        batch = [Raw.of(record) for record in records]
        try:
            await processor.process(batch, consumer.commit_handled)
        except Halted:
            log.critical("subscriber_halted", subscription=subscription.name)
            await _halt(consumer)
        except Exception as error:  # noqa: BLE001 (FastStream would go on behind the batch)
            log.error("batch_read_again", subscription=subscription.name, **describe_error(error))  # noqa: TRY400
            health.degraded(subscription.name, type(error).__name__)
            consumer.rewind(batch)

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
