"""Compacted topics that every service reads whole before anything else: operators and programmes.

Each replica reads them to their end at the start and goes on following them; no group, no offsets. Whenever
they may have become other logs, made again or with another end, they are read from the start once more: then
what is not there any more is not known any more.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from pydantic import ValidationError
from pymongo import ReturnDocument

from shared.clock import Clock
from shared.cluster import Cluster
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.catalogue import BY_TYPE
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.bootstrap import finding_again, stop_whole, tell_doubts
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Erased, Raw, Received, Unreadable
from shared.mongo import Database, DatabaseError, Document
from shared.operators import Operators
from shared.programmes import why_refused
from shared.programmes.acceptance import Acceptance, Change, Fault
from shared.programmes.table import Programmes
from shared.retry import Backoff, Waits
from shared.servers import broker_cause

__all__ = ["COLLECTION", "TOPICS", "Kept", "Operators", "Programmes", "TableReader", "take"]

log = get_logger(__name__)

TOPICS = (topics.OPERATORS, topics.PROGRAMMES)

SILENCE = timedelta(seconds=15)
"""A broker answers each fetch within half a second; one that is silent for so long is not there."""
COLLECTION = "kept_programmes"
"""What of `programmes.v1` this service has taken over: the topic is compacted, and may hold worse by now."""


@dataclass(slots=True)
class Kept:
    """The packs and activations that were taken over, by their keys, in the service's database."""

    database: Database

    async def load(self, programmes: Programmes) -> None:
        """Puts back what was taken over before; what a later release can't read is left out, and logged."""
        async for document in self.database[COLLECTION].find({}):
            model = _MODELS[document["kind"]]
            try:
                record = model.model_validate(document["record"])
            except ValidationError:
                log.warning("kept_programme_unreadable", key=document["_id"])
            else:
                programmes.put(document["_id"], record)

    async def keep(self, key: str, record: ProgrammePack | ActiveProgramme | None) -> Change:
        """Stores what is about to be taken over, and returns what holds: a pack as it was kept first."""
        kept = self.database[COLLECTION]
        match record:
            case None:
                await kept.delete_one({"_id": key})
            case ActiveProgramme():
                await kept.replace_one({"_id": key}, _document(key, record), upsert=True)
            case ProgrammePack():
                first = await kept.find_one_and_update(
                    {"_id": key},
                    {"$setOnInsert": _document(key, record)},
                    upsert=True,
                    return_document=ReturnDocument.AFTER,
                )
                record = ProgrammePack.model_validate(first["record"])
        return key, record


_MODELS: Mapping[str, type[ProgrammePack | ActiveProgramme]] = {
    "pack": ProgrammePack,
    "activation": ActiveProgramme,
}


def _document(key: str, record: ProgrammePack | ActiveProgramme) -> Document:
    kind = "pack" if isinstance(record, ProgrammePack) else "activation"
    return {"_id": key, "kind": kind, "record": record.model_dump(mode="json")}


@dataclass(slots=True)
class TableReader:
    """Follows `operators.v1` and `programmes.v1`, and says what of them may not hold."""

    kafka: Cluster
    prefix: str
    operators: Operators
    programmes: Programmes
    kept: Kept
    clock: Clock
    health: Health
    on_change: Sequence[Callable[[], Awaitable[None]]] = ()
    """Waited for whenever other programmes hold than before, and once at the start."""
    backoff: Backoff = field(default_factory=Backoff)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _shown: dict[tuple[str, str], Fault] = field(default_factory=dict, init=False)
    _followed: int = field(default=-1, init=False)

    async def run(self) -> None:
        """Reads from the beginning and follows for ever; `caught_up` is set at the first end."""
        waits = Waits(self.backoff)
        while True:
            try:
                await self.kept.load(self.programmes)
                await self._follow()
            except Exception as error:  # noqa: BLE001 (read again from the beginning: puts are idempotent)
                in_database = isinstance(error, DatabaseError)
                database = self.kept.database
                cause = database.cause(error) if in_database else broker_cause(error, self.kafka.servers)
                self.health.degraded("tables", cause)
                server = database.address if in_database else self.kafka.servers
                log.warning("tables_wait", server=server, **describe_error(error))
                await waits.sleep()

    async def _follow(self) -> None:
        bare = AIOKafkaConsumer(
            **self.kafka.options,
            isolation_level="read_committed",
            auto_offset_reset="none",
            enable_auto_commit=False,
        )
        consumer = finding_again(bare)
        in_doubt = asyncio.Event()
        tell_doubts(consumer._client, in_doubt.set)  # noqa: SLF001
        try:
            await consumer.start()
            consumer.assign([TopicPartition(self.prefix + topic.name, 0) for topic in TOPICS])
            while True:
                in_doubt.clear()
                await self._read(consumer, in_doubt)
        finally:
            await stop_whole(consumer.stop(), consumer._client)  # noqa: SLF001

    async def _read(self, consumer: AIOKafkaConsumer, in_doubt: asyncio.Event) -> None:
        """Reads from the beginning and follows until the logs may have become others."""
        acceptance = Acceptance(Operators(), self.programmes)
        parsers = {self.prefix + topic.name: Parser(topic, self.prefix) for topic in TOPICS}
        partitions = list(consumer.assignment())
        async with asyncio.timeout(SILENCE.total_seconds()):
            starts = await consumer.beginning_offsets(partitions)
            ends = await consumer.end_offsets(partitions)
        for partition, start in starts.items():
            consumer.seek(partition, start)
        while not in_doubt.is_set():
            if all([await consumer.position(partition) >= end for partition, end in ends.items()]):
                self.operators.become(acceptance.operators)
                await self.settle(acceptance)
                self.caught_up.set()
            self._tell(consumer, partitions)
            batches = await consumer.getmany(timeout_ms=500)
            for partition, records in batches.items():
                for record in records:
                    take(acceptance, parsers[partition.topic], record)

    def _tell(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Says whether all is read and the broker answers: nothing new looks the same with it and without."""
        answered = max(consumer.last_poll_timestamp(partition) or 0 for partition in partitions)
        if answered and time.time() - answered / 1000 > SILENCE.total_seconds():
            self.health.degraded("tables", f"{self.kafka}: the broker does not answer")
        elif self.caught_up.is_set():
            self.health.working("tables")

    async def settle(self, acceptance: Acceptance) -> None:
        """Keeps and takes over what may be, in this order: what is used must outlive the process. Shows what
        may not be, and logs it once.
        """
        for change in acceptance.settle(self.clock.now()):
            self.programmes.put(*await self.kept.keep(*change))
        if self._followed != (changes := self.programmes.changes):
            for step in self.on_change:
                await step()
            self._followed = changes
        faults = acceptance.faults
        for place, fault in faults.items():
            if self._shown.get(place) != fault:
                log.error("table_record_refused", topic=fault.topic, key=fault.key, faults=list(fault.faults))
        for fault in self._shown.values():
            self.health.note(f"{fault.topic} {fault.key}", None)
        for fault in faults.values():
            self.health.note(f"{fault.topic} {fault.key}", "; ".join(fault.faults))
        self._shown = faults

    @property
    def refused(self) -> Mapping[str, int]:
        """How many records may not hold, by topic."""
        counted = Counter(fault.topic for fault in self._shown.values())
        return {topic.name: counted[topic.name] for topic in TOPICS}


def take(acceptance: Acceptance, parser: Parser, record: "ConsumerRecord[bytes, bytes]") -> None:
    """Has one record judged; what can't be read changes nothing."""
    parsed = parser.parse(Raw.of(record))
    topic = next(topic.name for topic in TOPICS if record.topic.endswith(topic.name))
    match parsed:
        case Received(data=Operator() as operator):
            acceptance.operator(parsed.key, operator)
        case Received(data=ProgrammePack() | ActiveProgramme() as programme):
            acceptance.programme(parsed.key, programme)
        case Erased() if topic == topics.OPERATORS.name:
            acceptance.operator(parsed.key, None)
        case Erased():
            acceptance.programme(parsed.key, None)
        case Unreadable():
            key = (record.key or b"").decode(errors="replace")
            acceptance.refuse(topic, key, _faults(parsed))
        case _:
            pass


def _faults(record: Unreadable) -> list[str]:
    """What is wrong with a record that could not be read, field by field where its content is."""
    match record.envelope:
        case {"type": str(type_), "data": dict(content)} if type_ in BY_TYPE:
            faults = why_refused(content, BY_TYPE[type_].model)
        case _:
            faults = []
    code = record.code.replace("_", " ")
    return faults or [f"{record.field or 'the record'}: {code}; docs/codes.md says what would help"]
