"""A corner of the run's Kafka and MongoDB that one test has to itself, and the means to use it."""

import asyncio
import re
import secrets
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, TypeVar

import orjson
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.local.stack import Addresses
from kobling.administration import ensure_topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.fields import format_instant
from shared.contracts.topics import REGISTRY, Topic
from shared.ids import new_command_id
from shared.mongo import Database

T = TypeVar("T")
Record = tuple[Topic, str, bytes | None]
"""A topic, a key, and a value; None erases."""

WITHIN_SECONDS = 30.0
POLL_SECONDS = 0.05


@dataclass(frozen=True)
class Corner:
    """A topic prefix and a database that nobody else uses."""

    addresses: Addresses
    prefix: str = field(default_factory=lambda: f"t{secrets.token_hex(5)}.")

    @property
    def database_name(self) -> str:
        """The database's name, made from the prefix."""
        return f"test_{self.prefix.rstrip('.')}"

    @property
    def settings(self) -> dict[str, Any]:
        """What every service's `Settings` takes to work here."""
        return {
            "kafka": self.addresses.kafka,
            **self.addresses.account,
            "mongodb": self.addresses.mongodb,
            "database": self.database_name,
            "topic_prefix": self.prefix,
        }

    def database(self) -> Database:
        """A client of the database; close it."""
        return Database(self.addresses.mongodb, self.database_name)

    async def create_topics(
        self,
        municipalities: Sequence[str] = (),
        operators: Sequence[str] = (),
        *,
        service: str | None = None,
    ) -> None:
        """Creates all topics under the prefix, or one service's."""
        await ensure_topics(
            self.addresses.cluster, municipalities, operators, prefix=self.prefix, service=service
        )

    async def delete_topic(self, name: str) -> None:
        """Deletes a topic, and waits until its broker has deleted it.

        Kafka answers before that, and until then the broker takes records and loses them.
        """
        admin = AIOKafkaAdminClient(**self.addresses.cluster.options)
        await admin.start()

        async def unknown() -> bool:
            return self.prefix + name not in await admin.list_topics()

        try:
            await admin.delete_topics([self.prefix + name])
            await wait_until(unknown)
        finally:
            await admin.close()

    async def remove(self) -> None:
        """Drops the database and deletes the topics: each one left makes the broker slower for the rest."""
        database = self.database()
        await database.drop()
        database.close()
        admin = AIOKafkaAdminClient(**self.addresses.cluster.options)
        await admin.start()
        try:
            topics = [name for name in await admin.list_topics() if name.startswith(self.prefix)]
            if topics:
                await admin.delete_topics(topics)
        finally:
            await admin.close()

    async def produce(self, records: Iterable[Record]) -> None:
        """Sends records as a relay would, and waits until the broker has them all."""
        producer = AIOKafkaProducer(**self.addresses.cluster.options, acks="all")
        await producer.start()
        try:
            headers = [("content-type", CONTENT_TYPE.encode())]
            sent = [
                await producer.send(self.prefix + topic.name, value, key.encode(), headers=headers)
                for topic, key, value in records
            ]
            await asyncio.gather(*sent)
        finally:
            await producer.stop()

    async def read(self, topic: str) -> "list[ConsumerRecord[bytes, bytes]]":
        """All committed records of a topic (its name without the prefix), in order of their offsets.

        Waits for all that was sent to be committed or aborted: Kafka answers a commit before its readers see
        it.
        """
        partitions = [TopicPartition(self.prefix + topic, number) for number in range(_partitions(topic))]
        ends = await self._ends(partitions)
        consumer = AIOKafkaConsumer(
            **self.addresses.cluster.options,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        await consumer.start()
        try:
            consumer.assign(partitions)
            records: list[ConsumerRecord[bytes, bytes]] = []
            while not all([await consumer.position(partition) >= end for partition, end in ends.items()]):
                for batch in (await consumer.getmany(timeout_ms=100)).values():
                    records.extend(batch)
            return sorted(records, key=lambda record: (record.partition, record.offset))
        finally:
            await consumer.stop()

    async def _ends(self, partitions: list[TopicPartition]) -> dict[TopicPartition, int]:
        """The end of all that was sent, of open transactions too."""
        consumer = AIOKafkaConsumer(**self.addresses.cluster.options)
        await consumer.start()
        try:
            ends: dict[TopicPartition, int] = await consumer.end_offsets(partitions)
            return ends
        finally:
            await consumer.stop()


def _partitions(topic: str) -> int:
    """How many partitions a topic of the registry has."""
    return next(
        known.partitions
        for known in REGISTRY
        if (re.fullmatch(known.pattern(), topic) if known.is_family else known.name == topic)
    )


def event(
    name: str,
    subject: str,
    data: dict[str, Any],
    time: datetime,
    *,
    revision: int | None = None,
    event_id: str | None = None,
) -> Record:
    """A structured CloudEvent of the catalogue's message `name`, with its topic and key."""
    message = BY_NAME[name]
    envelope: dict[str, Any] = {
        "specversion": "1.0",
        "id": event_id or new_command_id(),
        "source": "/kobling/test",
        "type": message.type,
        "subject": subject,
        "time": format_instant(time),
        "dataschema": message.dataschema,
        "data": data,
    }
    if revision is not None:
        envelope["revision"] = revision
    return message.topic, subject, orjson.dumps(envelope)


async def wait_until(
    condition: Callable[[], Awaitable[T]], what: str = "what was waited for", within: float = WITHIN_SECONDS
) -> T:
    """The condition's first true result; fails where there is none in `within` seconds."""
    deadline = time.monotonic() + within
    while not (result := await condition()):
        assert time.monotonic() < deadline, f"not in {within} s: {what}"
        await asyncio.sleep(POLL_SECONDS)
    return result
