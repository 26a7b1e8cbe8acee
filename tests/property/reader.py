"""Reads what relays have sent, as readers of committed records meet it."""

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from shared.contracts import topics
from tests.property.book import MUNICIPALITY
from tests.support.cluster import Corner

LETTERS = topics.DEAD_LETTERS["intake"]
PARTITIONS = 2
"""Of each output topic: enough for a transaction to span them."""
DEADLINE_SECONDS = 60.0


@dataclass(slots=True)
class Published:
    """What readers of committed records have met on the output topics, in order."""

    revisions: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    receipts: dict[str, list[str]] = field(default_factory=dict)
    letters: set[str] = field(default_factory=set)


class Reader:
    """Follows the three output topics."""

    def __init__(self, corner: Corner) -> None:
        self.corner = corner
        self.published = Published()
        self._names: tuple[bytes, ...] = ()
        self._outputs: list[TopicPartition] = []
        self._reader = self._consumer("read_committed")
        self._ends = self._consumer("read_uncommitted")

    async def open(self) -> None:
        """Makes the topics."""
        names = (topics.PAIRS.name, topics.RECEIPTS.named(MUNICIPALITY), LETTERS.name)
        outputs = [NewTopic(self.corner.prefix + name, PARTITIONS, 1) for name in names]
        admin = AIOKafkaAdminClient(**self.corner.addresses.cluster.options)
        await admin.start()
        try:
            await admin.create_topics(outputs)
        finally:
            await admin.close()
        self._outputs = [
            TopicPartition(topic.name, number) for topic in outputs for number in range(PARTITIONS)
        ]
        await self._reader.start()
        await self._ends.start()
        self._reader.assign(self._outputs)
        # Waits until each partition has a leader: no relay may take a topic for missing.
        await self._ends.end_offsets(self._outputs)

    async def close(self) -> None:
        """Closes both connections."""
        await self._reader.stop()
        await self._ends.stop()

    def begin(self, *names: str) -> None:
        """Forgets what was read; from now on only what has one of an example's names counts."""
        self.published, self._names = Published(), tuple(name.encode() for name in names)

    def _consumer(self, isolation_level: str) -> AIOKafkaConsumer:
        return AIOKafkaConsumer(
            **self.corner.addresses.cluster.options,
            isolation_level=isolation_level,
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            # Many short reads, most of which find nothing new.
            fetch_max_wait_ms=20,
        )

    async def read(self, *, to_the_end: bool = False) -> Published:
        """Reads on; returns all that this example has committed, as far as the broker shows it.

        It answers a commit before its readers see it. `to_the_end` waits for all that was sent to be
        committed or aborted: for ever, where a relay stands still in mid-transaction.
        """
        self._reader.resume(*self._outputs)
        ends = await (self._ends if to_the_end else self._reader).end_offsets(self._outputs)
        async with asyncio.timeout(DEADLINE_SECONDS):
            while not all([await self._reader.position(one) >= end for one, end in ends.items()]):
                for partition, records in (await self._reader.getmany(timeout_ms=50)).items():
                    for record in records:
                        self._note(partition.topic.removeprefix(self.corner.prefix), record)
        # Between two reads it would poll all the time.
        self._reader.pause(*self._outputs)
        return self.published

    def _note(self, topic: str, record: Any) -> None:
        headers = dict(record.headers)
        of = headers["dlq-topic"] if topic == LETTERS.name else record.key
        if not any(name in of for name in self._names):
            return
        if topic == topics.PAIRS.name:
            revision = int(headers["revision"]), record.value is None
            self.published.revisions.setdefault(record.key.decode(), []).append(revision)
        elif topic == LETTERS.name:
            self.published.letters.add(headers["dlq-id"].decode())
        else:
            self.published.receipts.setdefault(record.key.decode(), []).append(json.loads(record.value))
