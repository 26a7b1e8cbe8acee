"""Compacted topics that every service reads whole before anything else: operators and programmes.

Each replica reads them to their end at the start and goes on following them; no group, no offsets.
"""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.programmes import PROGRAMME_PUBLISHED, ActiveProgramme, ProgrammePack
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.bootstrap import finding_again
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Erased, Raw, Received, Unreadable
from shared.programmes import why_refused
from shared.retry import Backoff, Waits
from shared.servers import broker_cause

log = get_logger(__name__)

SILENCE = timedelta(seconds=15)
"""A broker answers each fetch within half a second; one that is silent for so long is not there."""

PackCheck = Callable[[ProgrammePack], str | None]
"""What a service asks of a pack beyond its contract: what is wrong with it, field first, or None."""


@dataclass(slots=True)
class Operators:
    """Who may send commands, by operator."""

    _known: dict[str, Operator] = field(default_factory=dict)

    def put(self, key: str, operator: Operator | None) -> None:
        """Takes over a record; None removes the operator."""
        if operator is None:
            self._known.pop(key, None)
        elif operator.operator == key:
            self._known[key] = operator
        else:
            log.warning("operator_ignored", code="key_mismatch")

    def find(self, operator: str, now: datetime) -> Operator | None:
        """The operator, if known and not expired."""
        found = self._known.get(operator)
        return found if found is not None and now < found.valid_until else None


@dataclass(slots=True)
class Programmes:
    """The programme packs by name and version, and which municipality runs which.

    A pack with which one of the `checks` finds fault is refused: what stood under its key before stays.
    """

    checks: Sequence[PackCheck] = ()
    _packs: dict[tuple[str, str], ProgrammePack] = field(default_factory=dict)
    _active: dict[tuple[str, str], ActiveProgramme] = field(default_factory=dict)
    changes: int = field(default=0, init=False)
    """How many records were taken over: what was worked out of them before is out of date."""

    def put(self, key: str, record: ProgrammePack | ActiveProgramme | None) -> None:
        """Takes over a record; None removes what its key names."""
        self.changes += 1
        match record:
            case None:
                name, _, version = key.partition("@")
                self._packs.pop((name, version), None)
                parts = key.split("/")
                self._active.pop((parts[-2], parts[-1]) if len(parts) > 1 else ("", ""), None)
            case ProgrammePack():
                self._put_pack(key, record)
            case ActiveProgramme():
                if key == f"active/{record.municipality}/{record.programme}":
                    self._active[record.municipality, record.programme] = record
                else:
                    log.warning("programme_ignored", code="key_mismatch")

    def _put_pack(self, key: str, pack: ProgrammePack) -> None:
        if key != f"{pack.name}@{pack.version}":
            log.warning("programme_ignored", code="key_mismatch")
            return
        faults = [fault for check in self.checks if (fault := check(pack)) is not None]
        if faults:
            log.error("programme_refused", pack=key, faults=faults)
            return
        self._packs[pack.name, pack.version] = pack

    def active(self, municipality: str, programme: str) -> ProgrammePack | None:
        """The pack that a municipality runs the programme under now, if it does."""
        found = self._active.get((municipality, programme))
        return None if found is None else self._packs.get((programme, found.pack_version))

    def activated(self, municipality: str) -> list[ActiveProgramme]:
        """What a municipality says of the programmes that it runs, in a stable order."""
        return [self._active[key] for key in sorted(self._active) if key[0] == municipality]

    def pack(self, name: str, version: str) -> ProgrammePack | None:
        """A pack by name and version."""
        return self._packs.get((name, version))

    def all_active(self) -> list[tuple[str, ProgrammePack]]:
        """Each (municipality, pack) that runs, in a stable order."""
        return [
            (municipality, pack)
            for municipality, programme in sorted(self._active)
            if (pack := self.active(municipality, programme)) is not None
        ]


@dataclass(slots=True)
class TableReader:
    """Follows `operators.v1` and `programmes.v1`."""

    kafka: str
    prefix: str
    operators: Operators
    programmes: Programmes
    health: Health
    backoff: Backoff = field(default_factory=Backoff)
    caught_up: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    async def run(self) -> None:
        """Reads from the beginning and follows for ever; `caught_up` is set at the first end."""
        waits = Waits(self.backoff)
        while True:
            try:
                await self._follow()
            except Exception as error:  # noqa: BLE001 (read again from the beginning: puts are idempotent)
                self.health.degraded("tables", broker_cause(error, self.kafka))
                log.warning("tables_wait", server=self.kafka, **describe_error(error))
                await waits.sleep()

    async def _follow(self) -> None:
        parsers = {
            self.prefix + topic.name: Parser(topic, self.prefix)
            for topic in (topics.OPERATORS, topics.PROGRAMMES)
        }
        bare = AIOKafkaConsumer(
            bootstrap_servers=self.kafka,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        consumer = finding_again(bare)
        try:
            await consumer.start()
            partitions = [TopicPartition(name, 0) for name in parsers]
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            while True:
                if all([await consumer.position(partition) >= end for partition, end in ends.items()]):
                    self.caught_up.set()
                self._tell(consumer, partitions)
                batches = await consumer.getmany(timeout_ms=500)
                for partition, records in batches.items():
                    for record in records:
                        self.take(parsers[partition.topic], record)
        finally:
            await consumer.stop()

    def _tell(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Says whether all is read and the broker answers: nothing new looks the same with it and without."""
        answered = max(consumer.last_poll_timestamp(partition) or 0 for partition in partitions)
        if answered and time.time() - answered / 1000 > SILENCE.total_seconds():
            self.health.degraded("tables", f"{self.kafka}: the broker does not answer")
        elif self.caught_up.is_set():
            self.health.working("tables")

    def take(self, parser: Parser, record: "ConsumerRecord[bytes, bytes]") -> None:
        """Takes over one record; what can't be read is logged with its fault and changes nothing."""
        parsed = parser.parse(Raw.of(record))
        match parsed:
            case Received(data=Operator() as operator):
                self.operators.put(parsed.key, operator)
            case Received(data=ProgrammePack() | ActiveProgramme() as programme):
                self.programmes.put(parsed.key, programme)
            case Erased() if record.topic.endswith(topics.OPERATORS.name):
                self.operators.put(parsed.key, None)
            case Erased():
                self.programmes.put(parsed.key, None)
            case Unreadable():
                log.warning(
                    "table_record_ignored",
                    topic=record.topic,
                    offset=record.offset,
                    code=parsed.code,
                    faults=_faults(parsed),
                )
            case _:
                pass


def _faults(record: Unreadable) -> list[str]:
    """What is wrong with a pack that could not be read, field by field; of other records the field alone."""
    match record.envelope:
        case {"type": PROGRAMME_PUBLISHED.type, "data": dict(pack)}:
            return why_refused(pack)
        case _:
            return [] if record.field is None else [record.field]
