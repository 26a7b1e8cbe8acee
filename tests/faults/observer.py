"""Reads every topic of an installation as an outsider would, committed records alone, and keeps count."""

import asyncio
import json
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import KafkaError

from shared.contracts import topics
from shared.contracts.topics import Service
from tests.faults import deleted
from tests.faults.launcher import NEWER_ATTRIBUTE
from tests.faults.model import Oracle
from tests.faults.people import CANARIES

Record = "ConsumerRecord[bytes, bytes]"
State = tuple[str, str, int | None]
"""A topic, a subject and a revision; None of an erasure."""
PAUSE = 0.2
ANOTHER_LIFE = 10**9
PERSONAL = ("settlements.", "commands.intake.")
"""Topics that may hold personal data."""


def canary_in(*texts: bytes | None) -> bool:
    """Whether any of these holds what must stay in personal topics."""
    return any(canary in text.lower() for text in texts if text for canary in CANARIES)


@dataclass(frozen=True, slots=True)
class DeadLetter:
    """A notice: who refused which record, and why."""

    service: str
    code: str
    place: tuple[str, int]


@dataclass(slots=True)
class Observer:
    """What was seen so far. Places are (topic without prefix, partition)."""

    kafka: str
    prefix: str
    municipalities: tuple[str, ...]
    operators: tuple[str, ...]
    oracle: Oracle = field(default_factory=Oracle)
    records: Counter[tuple[str, int]] = field(default_factory=Counter)
    receipts: dict[tuple[str, int], dict[str, dict[str, Any]]] = field(default_factory=dict)
    replies: dict[str, dict[str, str]] = field(default_factory=dict)
    dead: dict[str, DeadLetter] = field(default_factory=dict)
    states: dict[tuple[str, str], dict[int, set[str]]] = field(default_factory=dict)
    copies: Counter[State] = field(default_factory=Counter)
    erased: set[tuple[str, bytes]] = field(default_factory=set)
    caused: dict[str, set[str]] = field(default_factory=dict)
    named: dict[str, set[str]] = field(default_factory=dict)
    delays: dict[tuple[str, int], float] = field(default_factory=dict)
    from_newer: int = 0
    unread: dict[Service, list[deleted.Kept]] = field(default_factory=lambda: defaultdict(list))
    """By service, what was deleted with its topic before the service had read it."""
    disorder: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    _lives: Counter[str] = field(default_factory=Counter)
    _appended: dict[tuple[str, int], int] = field(default_factory=dict)
    _newest: dict[tuple[str, str], int] = field(default_factory=lambda: defaultdict(int))
    _consumer: AIOKafkaConsumer | None = None
    _positions: dict[TopicPartition, int] = field(default_factory=dict)
    _reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Begins to read, at the beginning."""
        self._reading = asyncio.create_task(self._read_for_ever())

    async def stop(self) -> None:
        """Ends."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.gather(self._reading, return_exceptions=True)

    def newest(self) -> Iterator[str]:
        """Refugees, the newest first, of whom nothing but their settlement is known."""
        for (topic, subject), revisions in reversed(self.states.items()):
            if topic == "refugees.v1" and len(revisions) == 1:
                yield subject

    def begin_anew(self, topic: str, data: Path, reached: Mapping[Service, Mapping[int, int]]) -> None:
        """Says, while the observer is stopped, that a topic has been deleted, and will be made again.

        Takes in what it has not read of the deleted logs, which services may have read to the last moment:
        `reached` says how far each is in each partition, and `data` is the directory with the broker's logs.
        Offsets begin at 0 once more, so places on the topic are counted on from here by `ANOTHER_LIFE`.
        """
        for partition in [one for one in self.partitions() if one.topic == self.prefix + topic]:
            for record in deleted.rest(data, partition, self._positions.pop(partition, 0)):
                self._see(topic, record)
                for service, offsets in reached.items():
                    if record.is_open or record.offset >= offsets.get(partition.partition, 0):
                        self.unread[service].append(record)
        self._lives[topic] += 1

    def unread_states(self, service: Service) -> set[State]:
        """What was deleted before a service had read it, and was sent nowhere else."""
        deleted_copies = Counter(
            state for one in self.unread[service] if (state := self._state(one)) is not None
        )
        return {state for state, count in deleted_copies.items() if self.copies[state] == count}

    def _state(self, record: Any) -> State | None:
        topic = record.topic.removeprefix(self.prefix)
        if record.value is None:
            return topic, record.key.decode(), None
        document = json.loads(record.value)
        return (topic, document["subject"], document["revision"]) if "revision" in document else None

    def truncated(self, topic: str, end: int) -> None:
        """Says, while the observer is stopped, that a topic of one partition ends there now.

        What comes next stands where other records did, so its places are counted on likewise.
        """
        self._positions[TopicPartition(self.prefix + topic, 0)] = end
        self._lives[topic] += 1

    def has_settlement(self, topic: str, offset: int) -> bool:
        """Whether such a record was read, in any of the topic's lives."""
        lives = range(self._lives[topic] + 1)
        return any((topic, offset + life * ANOTHER_LIFE) in self.oracle.expected for life in lives)

    def _place(self, topic: str, offset: int) -> tuple[str, int]:
        return topic, offset + self._lives[topic] * ANOTHER_LIFE

    async def _read_for_ever(self) -> None:
        while True:
            try:
                await self._read()
            except (KafkaError, OSError, TimeoutError):
                await asyncio.sleep(PAUSE)

    async def _read(self) -> None:
        consumer = AIOKafkaConsumer(
            bootstrap_servers=self.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        try:
            await consumer.start()
            consumer.assign(self.partitions())
            for partition in self.partitions():
                consumer.seek(partition, self._positions.get(partition, 0))
            self._consumer = consumer
            while True:
                for partition, records in (await consumer.getmany(timeout_ms=200)).items():
                    for record in records:
                        self._see(record.topic.removeprefix(self.prefix), record)
                        self._positions[partition] = record.offset + 1
        finally:
            self._consumer = None
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(consumer.stop(), 5)

    def partitions(self) -> list[TopicPartition]:
        """All there are."""
        return [
            TopicPartition(self.prefix + name, number)
            for name, topic in topics.topics_for(list(self.municipalities), list(self.operators)).items()
            for number in range(topic.partitions)
        ]

    async def behind(self) -> int:
        """How many partitions are not read to their last stable offset."""
        ends = await self.ends()
        consumer = self._consumer
        if consumer is None:
            return len(ends)
        return sum([await consumer.position(partition) < end for partition, end in ends.items()])

    async def ends(self) -> dict[TopicPartition, int]:
        """Each partition's last stable offset; raises TimeoutError where the observer has no connection."""
        if self._consumer is None:
            raise TimeoutError
        found: dict[TopicPartition, int] = await self._consumer.end_offsets(self.partitions())
        return found

    def _see(self, topic: str, record: Any) -> None:
        if record.key is not None and record.key.startswith(b"_"):
            return
        self.records[topic, record.partition] += 1
        if not topic.startswith(PERSONAL):
            texts = [record.key, record.value, *(content for _, content in record.headers)]
            if canary_in(*texts):
                self.leaks.append(f"{topic}/{record.partition}/{record.offset}")
        if topic.startswith("settlements."):
            place = self._place(topic, record.offset)
            self.oracle.meet(*place, record.value, record.headers)
            self._appended[place] = record.timestamp
        elif ".dlq." in topic:
            self._see_dead({name: content.decode() for name, content in record.headers})
        elif record.value is None:
            self.erased.add((topic, record.key))
            self.copies[topic, record.key.decode(), None] += 1
        elif record.value and not topic.startswith("commands."):
            self._see_event(topic, record, json.loads(record.value))

    def _see_dead(self, said: dict[str, str]) -> None:
        topic, offset = said["dlq-topic"].removeprefix(self.prefix), int(said["dlq-offset"])
        letter = DeadLetter(said["dlq-service"], said["dlq-reason"], self._place(topic, offset))
        self.dead.setdefault(said["dlq-id"], letter)

    def _see_event(self, topic: str, record: Any, document: dict[str, Any]) -> None:
        self.from_newer += NEWER_ATTRIBUTE in document
        if topic.startswith("receipts."):
            self._see_receipt(topic, record, document)
        elif topic.startswith("replies."):
            self.replies.setdefault(document["subject"], {})[document["id"]] = document["type"]
        elif "revision" in document:
            place = topic, document["subject"]
            revision = document["revision"]
            self.copies[*place, revision] += 1
            if revision < self._newest[place]:
                self.disorder.append(
                    f"{topic}: {document['subject']} {self._newest[place]} before {revision}"
                )
            self._newest[place] = revision
            self.states.setdefault(place, {}).setdefault(revision, set()).add(document["id"])
            if topic == "refugees.v1":
                self.caused.setdefault(document.get("causationid", ""), set()).add(document["id"])
                self.named.setdefault(document["type"].split(".")[-2], set()).add(document["id"])

    def _see_receipt(self, topic: str, record: Any, document: dict[str, Any]) -> None:
        data = document["data"]
        place = self._place(topic.replace("receipts.", "settlements."), data["offset"])
        known = self.receipts.setdefault(place, {})
        known[document["id"]] = data
        if place in self._appended and place not in self.delays:
            self.delays[place] = (record.timestamp - self._appended[place]) / 1000
