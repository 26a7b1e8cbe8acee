"""Programmes from a shell: checked before they are published, and what stands on the topics now."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple

from aiokafka import AIOKafkaConsumer, TopicPartition

from kobling.administration import publish
from kobling.errors import AdministrationError
from shared.cluster import Cluster
from shared.contracts.fields import format_instant
from shared.contracts.message import Message
from shared.contracts.programmes import (
    PROGRAMME_ACTIVATED,
    PROGRAMME_PUBLISHED,
    ActiveProgramme,
    ProgrammePack,
)
from shared.contracts.topics import PROGRAMMES
from shared.ids import new_event_id
from shared.messaging.reading.parsing import Parser
from shared.messaging.tables import TOPICS, Operators, Programmes, take
from shared.programmes import why_refused
from shared.programmes.acceptance import Acceptance, Fault
from shared.programmes.table import key_of


class Done(NamedTuple):
    """The key of what is published, and whether it was there before just so."""

    key: str
    before: bool = False

    def __str__(self) -> str:
        return f"{self.key} is published already, just so" if self.before else f"{self.key} is published"


@dataclass(frozen=True, slots=True)
class Desk:
    """Where programmes are published: a broker, the prefix of its topics, and the moment (UTC) at which
    operators must be valid.
    """

    kafka: Cluster
    prefix: str
    now: datetime

    async def look(self) -> "Standing":
        """What a service that read the topics for the first time would take over, and what not."""
        standing = Standing(self.now)
        parsers = {self.prefix + topic.name: Parser(topic, self.prefix) for topic in TOPICS}
        partitions = [TopicPartition(name, 0) for name in parsers]
        consumer = AIOKafkaConsumer(
            **self.kafka.options,
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
        )
        try:
            await consumer.start()
            consumer.assign(partitions)
            ends = await consumer.end_offsets(partitions)
            while any([await consumer.position(partition) < end for partition, end in ends.items()]):
                for partition, records in (await consumer.getmany(timeout_ms=500)).items():
                    for record in records:
                        take(standing.acceptance, parsers[partition.topic], record)
        finally:
            await consumer.stop()
        standing.settle()
        return standing

    async def publish_pack(self, content: bytes) -> Done:
        """Publishes a pack, given as JSON. Raises AdministrationError with all faults, each
        `field: what is wrong; what would help`, and publishes nothing then.
        """
        if faults := why_refused(content):
            raise AdministrationError("\n".join(faults))
        pack = ProgrammePack.model_validate_json(content)
        standing = await self.look()
        if standing.holds(pack):
            return Done(key_of(pack), before=True)
        return await self._send(standing, PROGRAMME_PUBLISHED, pack)

    async def activate(self, activation: ActiveProgramme) -> Done:
        """Has a municipality run a version of a programme; raises as `publish_pack` does. What
        the activation leaves out stays as it is.
        """
        standing = await self.look()
        running = standing.programmes.activation(activation.municipality, activation.programme)
        kept = {} if running is None else running.model_dump(exclude=activation.model_fields_set)
        return await self._send(standing, PROGRAMME_ACTIVATED, activation.model_copy(update=kept))

    async def _send(
        self, standing: "Standing", message: Message, record: ProgrammePack | ActiveProgramme
    ) -> Done:
        key = key_of(record)
        standing.acceptance.programme(key, record)
        standing.settle()
        _refuse_faulty(standing, key)
        envelope = {
            "specversion": "1.0",
            "id": new_event_id(),
            "source": "/administrators",
            "type": message.type,
            "subject": key,
            "time": format_instant(datetime.now(UTC)),
            "datacontenttype": "application/json",
            "dataschema": message.dataschema,
            "data": record.model_dump(mode="json", exclude_none=True),
        }
        await publish(self.kafka, [(self.prefix + PROGRAMMES.name, key, json.dumps(envelope).encode())])
        # Somebody else may have published another content meanwhile: then theirs came first.
        _refuse_faulty(await self.look(), key)
        return Done(key)


@dataclass(slots=True)
class Standing:
    """What stands on the topics at a moment."""

    now: datetime
    programmes: Programmes = field(default_factory=Programmes)
    acceptance: Acceptance = field(init=False)

    def __post_init__(self) -> None:
        self.acceptance = Acceptance(Operators(), self.programmes)

    @property
    def operators(self) -> Operators:
        """Who may send commands."""
        return self.acceptance.operators

    def settle(self) -> None:
        """Takes over what may be."""
        for change in self.acceptance.settle(self.now):
            self.programmes.put(*change)

    def holds(self, pack: ProgrammePack) -> bool:
        """Whether exactly this pack is published, and its latest record has no fault."""
        same = self.programmes.pack(pack.name, pack.version) == pack
        return same and (PROGRAMMES.name, key_of(pack)) not in self.acceptance.faults

    def listed(self) -> dict[str, object]:
        """Packs by key with their titles, which version runs where, and which records don't hold, and why."""
        faults = self.acceptance.faults.values()
        return {
            "packs": {key_of(pack): pack.title for pack in self.programmes.packs()},
            "active": {
                f"{municipality}/{pack.name}": pack.version
                for municipality, pack in self.programmes.all_active()
            },
            "refused": {f"{fault.topic} {fault.key}": list(fault.faults) for fault in faults},
        }


def _refuse_faulty(standing: Standing, key: str) -> None:
    fault: Fault | None = standing.acceptance.faults.get((PROGRAMMES.name, key))
    if fault is not None:
        raise AdministrationError("\n".join(fault.faults))
