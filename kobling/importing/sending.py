"""Sends rows and waits for what is answered, as the operator or the municipality whose topics they are."""

import asyncio
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import Any, NamedTuple, Protocol, Self

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from kobling.errors import AdministrationError
from kobling.importing.reading import Item, document
from shared.cluster import Cluster
from shared.contracts.commands import RunBatch
from shared.contracts.envelope import CONTENT_TYPE, command_type
from shared.contracts.topics import RECEIPTS, REPLIES, SETTLEMENTS, Topic
from shared.ids import new_command_id

AT_ONCE = 50
"""Rows that are sent before the first of them must be answered."""
_ADDING = {"municipality": "kobling municipalities add", "operator": "kobling operators add"}
FINAL = frozenset({"CommandAccepted", "CommandPreviewed", "CommandRejected"})

Told = Mapping[str, Any]
"""A receipt's or a reply's data, with its `name`."""


class Addressed(Protocol):
    """What goes to somebody's topic."""

    @property
    def topic(self) -> Topic:
        """The topic, or the family of which its owner has one."""

    @property
    def owner(self) -> str:
        """The municipality or operator who sends it."""


class Sending(NamedTuple):
    """A record that is ready to go; `id` is the event's."""

    topic: Topic
    owner: str
    id: str
    key: str
    value: bytes


@dataclass(slots=True)
class Line:
    """A way to send and be answered. `patience` is for how many seconds no answer may come."""

    kafka: Cluster
    prefix: str
    patience: float
    _producer: AIOKafkaProducer
    _consumer: AIOKafkaConsumer

    @classmethod
    def to(cls, kafka: Cluster, prefix: str, patience: float) -> "Line":
        """A line that is not open yet."""
        return cls(
            kafka,
            prefix,
            patience,
            AIOKafkaProducer(**kafka.options, acks="all", enable_idempotence=True, linger_ms=5),
            AIOKafkaConsumer(**kafka.options, isolation_level="read_committed", enable_auto_commit=False),
        )

    async def __aenter__(self) -> Self:
        """Connects."""
        await self._producer.start()
        await self._consumer.start()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Disconnects."""
        await self._consumer.stop()
        await self._producer.stop()

    async def look(self, items: Sequence[Addressed]) -> None:
        """Raises AdministrationError for rows whose topics, or those of their answers, are not there."""
        present = await self._consumer.topics()
        missing: dict[tuple[str, str], str] = {}
        for item in items:
            kind = "municipality" if item.topic is SETTLEMENTS else "operator"
            for topic in (item.topic, _answering(item)):
                if (name := topic.named(item.owner, self.prefix)) not in present:
                    missing.setdefault((kind, item.owner), name)
        if missing:
            raise AdministrationError(
                "\n".join(self._remedy(name, kind, owner) for (kind, owner), name in missing.items())
            )

    def _remedy(self, name: str, kind: str, owner: str) -> str:
        prefix = f" --prefix {self.prefix}" if self.prefix else ""
        return (
            f"the topic {name} is not there: is the {kind} {owner} spelled so? If it is, have an "
            f"administrator run {_ADDING[kind]} {owner}{prefix}"
        )

    async def send(
        self, items: Sequence[Item], *, dry_run: bool, progress: Callable[[int], None]
    ) -> list[Told]:
        """The answer to each row, in their order. Raises AdministrationError where none comes."""
        return await self.deliver([_sending(item, dry_run=dry_run) for item in items], progress)

    async def deliver(self, sendings: Sequence[Sending], progress: Callable[[int], None]) -> list[Told]:
        """The answer to each record, in their order. Raises AdministrationError where none comes."""
        await self._listen(sendings)
        answered: list[Told] = []
        for start in range(0, len(sendings), AT_ONCE):
            answered += await self._together(sendings[start : start + AT_ONCE])
            progress(len(answered))
        return answered

    async def _listen(self, items: Sequence[Addressed]) -> None:
        """Reads the topics of answers from their present ends on."""
        names = {_answering(item).named(item.owner, self.prefix) for item in items}
        partitions = [TopicPartition(name, 0) for name in sorted(names)]
        self._consumer.assign(partitions)
        try:
            async with asyncio.timeout(self.patience):
                await self._consumer.seek_to_end(*partitions)
                for partition in partitions:
                    await self._consumer.position(partition)
        except TimeoutError:
            raise AdministrationError(
                f"the topics of answers were not read within {self.patience:.0f} s: is each broker up? "
                "Nothing was sent: run the same again"
            ) from None

    async def _together(self, sendings: Sequence[Sending]) -> list[Told]:
        headers = [("content-type", CONTENT_TYPE.encode())]
        sent = [
            await self._producer.send(
                one.topic.named(one.owner, self.prefix), one.value, one.key.encode(), headers=headers
            )
            for one in sendings
        ]
        places = [await acknowledgement for acknowledgement in sent]
        wanted: dict[tuple[str, object], int] = {}
        for index, (one, place) in enumerate(zip(sendings, places, strict=True)):
            wanted[one.owner, place.offset if one.topic is SETTLEMENTS else one.id] = index
        return await self._answers(wanted)

    async def _answers(self, wanted: dict[tuple[str, object], int]) -> list[Told]:
        found: dict[int, Told] = {}
        last = time.monotonic()
        while len(found) < len(wanted):
            for partition, records in (await self._consumer.getmany(timeout_ms=500)).items():
                for record in records:
                    told = json.loads(record.value)
                    index = wanted.get((_owner(partition.topic), _answers_to(told)))
                    if index is not None and _is_final(told):
                        found[index] = {"name": _name(told), **told["data"]}
                        last = time.monotonic()
            if time.monotonic() - last > self.patience:
                raise AdministrationError(
                    f"{len(wanted) - len(found)} of {len(wanted)} rows were not answered within "
                    f"{self.patience:.0f} s: is the service up? What was sent is kept: run the same again"
                )
            await asyncio.sleep(0)
        return [found[index] for index in sorted(found)]


def _answering(item: Addressed) -> Topic:
    return RECEIPTS if item.topic is SETTLEMENTS else REPLIES


def _sending(item: Item, *, dry_run: bool) -> Sending:
    record = _record(item, dry_run=dry_run)
    return Sending(item.topic, item.owner, record["id"], record["subject"], json.dumps(record).encode())


def _record(item: Item, *, dry_run: bool) -> dict[str, Any]:
    """One record for a row: a batch where it asks for several. A trial has a new id each time, or it would
    get the answer of the one before.
    """
    record = document(item, item.parts[0], dry_run=dry_run)
    if len(item.parts) > 1:
        commands = [
            {"command": part.message.name, "subject": item.sent.subject, "data": part.data}
            for part in item.parts
        ]
        record |= {
            "type": command_type(RunBatch.__name__),
            "data": {"reason": "imported", "commands": commands},
        }
    return record | {"id": new_command_id()} if dry_run else record


def _answers_to(told: Mapping[str, Any]) -> object:
    return told["data"].get("offset") if _name(told) == "SettlementReceipt" else told["correlationid"]


def _is_final(told: Mapping[str, Any]) -> bool:
    return _name(told) in FINAL | {"SettlementReceipt", "CommandPending"}


def _name(told: Mapping[str, Any]) -> str:
    return str(told["type"]).removeprefix("no.kobling.").rpartition(".v")[0]


def _owner(topic: str) -> str:
    return topic.removesuffix(".v1").rpartition(".")[2]
