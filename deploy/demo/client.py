"""What municipalities' systems and operators do: send records, and read the topics that answer them."""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from shared.cluster import Cluster
from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.fields import format_instant
from shared.ids import new_command_id

FINAL = frozenset({"CommandAccepted", "CommandPreviewed", "CommandRejected"})
LOOK = 0.2
"""Seconds between two looks at what no record tells."""

Document = dict[str, Any]


class Unanswered(RuntimeError):
    """Answers did not come in time; the message says how many of what."""


def event_name(document: Document) -> str:
    """`no.kobling.CommandAccepted.v1` → `CommandAccepted`."""
    return str(document["type"]).removeprefix("no.kobling.").rpartition(".v")[0]


@dataclass(slots=True)
class Client:
    """Sends as any of the given municipalities and operators, and follows what comes back to them.

    `follows` are topics that are read besides; `records` holds what they held, in the order of reading, and
    `states` each subject's latest, without those that were erased. All topics have `prefix` before them.
    `accounts` says how each municipality and operator reaches Kafka where they have accounts of their own;
    `kafka` is for everybody else, and for the topics that are followed.
    """

    kafka: Cluster
    municipalities: list[str]
    operators: list[str]
    now: Callable[[], datetime]
    within: float = 60.0
    prefix: str = ""
    follows: tuple[topics.Topic, ...] = ()
    accounts: Mapping[str, Cluster] = field(default_factory=dict)
    receipts: list[Document] = field(default_factory=list, init=False)
    replies: dict[str, list[Document]] = field(default_factory=dict, init=False)
    records: dict[str, list[Document]] = field(default_factory=dict, init=False)
    states: dict[str, dict[str, Document]] = field(default_factory=dict, init=False)
    _producers: dict[str, AIOKafkaProducer] = field(default_factory=dict, init=False)
    """By municipality and operator; those without an account of their own share one."""
    _consumers: list[AIOKafkaConsumer] = field(default_factory=list, init=False)
    _reading: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _news: asyncio.Condition = field(default_factory=asyncio.Condition, init=False)

    async def __aenter__(self) -> Self:
        """Connects and begins to read from now on."""
        for topic in self.follows:
            self.records[topic.name], self.states[topic.name] = [], {}
        answers = {name: topics.RECEIPTS.named(name) for name in self.municipalities}
        answers |= {name: topics.REPLIES.named(name) for name in self.operators}
        together = [answers[name] for name in answers if name not in self.accounts]
        followed = [topic.name for topic in self.follows]
        shared = await self._connect(self.kafka, [*together, *followed])
        for name, answer in answers.items():
            own = self.accounts.get(name)
            self._producers[name] = shared if own is None else await self._connect(own, [answer])
        self._reading = [asyncio.create_task(self._read(consumer)) for consumer in self._consumers]
        return self

    async def _connect(self, kafka: Cluster, answers: list[str]) -> AIOKafkaProducer:
        producer = AIOKafkaProducer(**kafka.options, acks="all", enable_idempotence=True, linger_ms=5)
        await producer.start()
        if answers:
            consumer = AIOKafkaConsumer(
                *(self.prefix + name for name in answers),
                **kafka.options,
                isolation_level="read_committed",
                auto_offset_reset="earliest",
                enable_auto_commit=False,
            )
            await consumer.start()
            self._consumers.append(consumer)
        return producer

    async def __aexit__(self, *_: object) -> None:
        """Disconnects."""
        for task in self._reading:
            task.cancel()
        await asyncio.gather(*self._reading, return_exceptions=True)
        await asyncio.gather(*(consumer.stop() for consumer in self._consumers))
        # Of those that share one it is stopped once.
        await asyncio.gather(*(producer.stop() for producer in set(self._producers.values())))

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        while True:
            batches = await consumer.getmany(timeout_ms=500)
            for partition, records in batches.items():
                for record in records:
                    self._take(partition.topic.removeprefix(self.prefix), record)
            if batches:
                async with self._news:
                    self._news.notify_all()

    def _take(self, topic: str, record: Any) -> None:
        key = (record.key or b"").decode()
        if record.value is None:
            self.states[topic].pop(key, None)
            return
        document = json.loads(record.value)
        if topic in self.records:
            self.records[topic].append(document)
            self.states[topic][key] = document
        elif topic.startswith("receipts."):
            self.receipts.append(document)
        else:
            self.replies.setdefault(document["subject"], []).append(document)

    async def send(self, topic: str, documents: Iterable[Mapping[str, Any]]) -> None:
        """Sends structured CloudEvents in order, keyed by their subject."""
        headers = [("content-type", CONTENT_TYPE.encode())]
        # `settlements.<municipality>.v1`, `commands.<service>.<operator>.v1`
        producer = self._producers[topic.split(".")[-2]]
        sent = [
            await producer.send(
                self.prefix + topic,
                json.dumps(document).encode(),
                document["subject"].encode(),
                headers=headers,
            )
            for document in documents
        ]
        await asyncio.gather(*sent)

    def command(self, name: str, operator: str, subject: str, **data: Any) -> Document:
        """A new command of an operator."""
        return self.event(name, f"/operators/{operator}", subject, {"reason": "routine", **data})

    def event(self, name: str, source: str, subject: str, data: Document) -> Document:
        """A new record of this moment."""
        return {
            "specversion": "1.0",
            "id": new_command_id(),
            "source": source,
            "type": BY_NAME[name].type,
            "subject": subject,
            "time": format_instant(self.now()),
            "datacontenttype": "application/json",
            "data": data,
        }

    async def ask(self, service: topics.Service, operator: str, commands: list[Document]) -> list[Document]:
        """Sends commands and returns their final replies, in the same order. Raises Unanswered."""
        await self.send(topics.COMMANDS[service].named(operator), commands)
        return await self.answers(commands)

    async def answers(self, commands: list[Document], *, pending_counts: bool = False) -> list[Document]:
        """The latest reply to each command, once each has a final one (or, if so asked, any)."""
        ids = [command["id"] for command in commands]

        def answered(id_: str) -> bool:
            replies = self.replies.get(id_, [])
            return bool(replies) and (pending_counts or event_name(replies[-1]) in FINAL)

        await self.until(
            lambda: all(map(answered, ids)), lambda: f"{sum(map(answered, ids))} of {len(ids)} replies"
        )
        return [self.replies[id_][-1] for id_ in ids]

    async def until(self, condition: Callable[[], bool], progress: Callable[[], str]) -> None:
        """Waits for what is read to fulfil a condition. Raises Unanswered after `within` seconds."""
        try:
            async with asyncio.timeout(self.within), self._news:
                await self._news.wait_for(condition)
        except TimeoutError:
            raise Unanswered(f"after {self.within:.0f} s: {progress()}") from None

    async def eventually(self, look: Callable[[], Awaitable[bool]]) -> None:
        """Looks until it is so, whenever something was read and now and then. Raises TimeoutError."""
        async with asyncio.timeout(self.within):
            while not await look():
                with suppress(TimeoutError):
                    async with asyncio.timeout(LOOK), self._news:
                        await self._news.wait()


async def read_all(kafka: Cluster, topic: str, partitions: int) -> list[Any]:
    """All committed records of a topic as it is now."""
    consumer = AIOKafkaConsumer(**kafka.options, isolation_level="read_committed", enable_auto_commit=False)
    await consumer.start()
    try:
        assigned = [TopicPartition(topic, number) for number in range(partitions)]
        consumer.assign(assigned)
        await consumer.seek_to_beginning(*assigned)
        ends = await consumer.end_offsets(assigned)
        records: list[Any] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for batch in (await consumer.getmany(timeout_ms=200)).values():
                records += batch
        return records
    finally:
        await consumer.stop()
