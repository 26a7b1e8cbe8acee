"""The four services that stories are played on, with topics and databases of their own, and their clock."""

import asyncio
import os
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient

from deploy.demo.client import Client
from deploy.installation import service_environment
from deploy.local.addresses import Addresses
from kobling.administration import ensure_topics, publish
from shared.clock import FileTime, move_clock
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.programmes import ActiveProgramme, ApprovalAsked, ProgrammePack
from shared.contracts.topics import SERVICES, Service
from shared.mongo import Database
from shared.sealing import encode, new_key_pair
from tests.faults.replica import Replica
from tests.support.cluster import event
from tests.support.mail import MailSink

FOLLOWED = (topics.REFUGEES, topics.VOLUNTEERS, topics.PAIRS, topics.ROUNDS, topics.INDICATORS)
OPERATORS_OF_EACH = 2
"""How many operators an organisation has, of two persons."""
WITHIN = 120.0
"""Seconds that anything may take that a story waits for."""


def operator_of(organisation: str, number: int = 1) -> str:
    """An operator's account: `red-cross-bergen-1`."""
    return f"{organisation.replace('_', '-')}-{number}"


def organisations(pack: ProgrammePack) -> list[str]:
    """Those that a pack asks for an approval or a signature, those that sign first."""
    of_the_pair = {pack.sides.giving.role, pack.sides.receiving.role}
    signing = [one for one in pack.pairing.signatories if one not in of_the_pair]
    asked = pack.sides.giving.requirements
    approving = [item.organisation for item in asked if isinstance(item, ApprovalAsked)]
    return list(dict.fromkeys([*signing, *approving]))


@dataclass(slots=True)
class World:
    """`runs` is which municipality runs which pack from the beginning on."""

    directory: Path
    servers: Addresses
    begins: datetime
    runs: Mapping[str, ProgrammePack]
    prefix: str = field(default_factory=lambda: f"s{secrets.token_hex(5)}.")
    mail: MailSink = field(default_factory=MailSink)
    replicas: dict[str, Replica] = field(default_factory=dict, init=False)
    client: Client = field(init=False)
    _ended: list[Replica] = field(default_factory=list, init=False)
    now: FileTime = field(init=False)
    _clock: Path = field(init=False)
    _keys: Mapping[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.directory.mkdir(parents=True, exist_ok=True)
        self._clock = self.directory / f"{self.prefix}clock"
        move_clock(self._clock, self.begins - datetime.now(UTC))
        self.now = FileTime(self._clock)
        private, public = new_key_pair()
        self._keys = {
            "master": encode(os.urandom(32)),
            "case": encode(os.urandom(32)),
            "card_private": private,
            "card_public": public,
        }
        names = [
            operator_of(organisation, number + 1)
            for pack in self.runs.values()
            for organisation in organisations(pack)
            for number in range(OPERATORS_OF_EACH)
        ]
        self.client = Client(
            self.servers.cluster, list(self.runs), names, self.now, WITHIN, self.prefix, FOLLOWED
        )

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """Topics, operators, packs and one replica of each service, ready."""
        kafka = self.servers.cluster
        await ensure_topics(kafka, self.client.municipalities, self.client.operators, prefix=self.prefix)
        await self._administer()
        await self.mail.start()
        try:
            await asyncio.gather(*map(self.add, SERVICES))
            await asyncio.gather(*(one.until_ready(WITHIN) for one in self.replicas.values()))
            async with self.client:
                yield self
        finally:
            # Killed: the data goes with them, and draining would take its time.
            await asyncio.gather(*(one.leave(killed=True) for one in self.replicas.values()))
            await self.mail.stop()
            await self._remove()

    async def add(self, service: Service) -> Replica:
        """Starts one more replica of a service; whenever it ends it is started again."""
        number = sum(one.service == service for one in self.replicas.values()) + 1
        replica = Replica(service, f"{service}-{number}", self._settings(service), self.directory)
        self.replicas[replica.name] = replica
        await replica.start()
        return replica

    def of(self, service: Service) -> Replica:
        """The first replica of a service."""
        return self.replicas[f"{service}-1"]

    async def down(self) -> None:
        """Ends all services, as an outage does."""
        self._ended = [one for one in self.replicas.values() if one.runs]
        await asyncio.gather(*(one.leave(killed=True) for one in self._ended))

    async def up(self) -> None:
        """Starts all that the outage ended."""
        await asyncio.gather(*(one.start() for one in self._ended))
        await asyncio.gather(*(one.until_ready(WITHIN) for one in self._ended))

    def move_clock(self, to: datetime) -> None:
        """Has it be that moment for all services; never an earlier one."""
        move_clock(self._clock, to - datetime.now(UTC))

    async def publish(self, pack: ProgrammePack) -> None:
        """Publishes a pack, which runs nowhere yet."""
        await self._say([event("ProgrammePublished", f"{pack.name}@{pack.version}", _data(pack), self.now())])

    async def activate(self, municipality: str, pack: ProgrammePack) -> None:
        """Has a municipality run a published pack from now on."""
        active = ActiveProgramme(municipality=municipality, programme=pack.name, pack_version=pack.version)
        key = f"active/{municipality}/{pack.name}"
        await self._say([event("ProgrammeActivated", key, _data(active), self.now())])

    async def _administer(self) -> None:
        said = [
            event("OperatorRegistered", one.operator, _data(one), self.now()) for one in self._operators()
        ]
        await self._say(said)
        for pack in {pack.name: pack for pack in self.runs.values()}.values():
            await self.publish(pack)
        for municipality, pack in self.runs.items():
            await self.activate(municipality, pack)

    def _operators(self) -> list[Operator]:
        return [
            Operator(
                operator=operator_of(organisation, number + 1),
                person=f"person_{organisation}_{number + 1}",
                organisation=organisation,
                municipalities=list(self.runs),
                roles=["coordinator", "approver", "dead_letters"],
                valid_until=self.begins + timedelta(days=3650),
            )
            for organisation in dict.fromkeys(
                organisation for pack in self.runs.values() for organisation in organisations(pack)
            )
            for number in range(OPERATORS_OF_EACH)
        ]

    async def _say(self, records: list[tuple[topics.Topic, str, bytes | None]]) -> None:
        await publish(
            self.servers.cluster,
            [(self.prefix + topic.name, key, value or b"") for topic, key, value in records],
        )

    def _database(self, service: Service) -> str:
        return f"{self.prefix.replace('.', '_')}{service}"

    def _settings(self, service: Service) -> dict[str, str]:
        ports = {service: 0, "mail": self.mail.port}
        found = service_environment(service, self.servers, ports, self._keys, timedelta())
        # As in use: once a day by the services' clock, which a story moves on.
        found.pop("REPORTING_PUBLISH_EVERY", None)
        own = {
            "TOPIC_PREFIX": self.prefix,
            "DATABASE": self._database(service),
            "CLOCK_FILE": str(self._clock),
        }
        return found | {f"{service.upper()}_{name}": value for name, value in own.items()}

    async def _remove(self) -> None:
        """Leaves nothing: each topic left makes the broker slower for the rest."""
        for service in SERVICES:
            database = Database(self.servers.mongodb, self._database(service))
            await database.drop()
            database.close()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.kafka)
        await admin.start()
        try:
            names = [name for name in await admin.list_topics() if name.startswith(self.prefix)]
            if names:
                await admin.delete_topics(names)
        finally:
            await admin.close()


def _data(contract: Operator | ProgrammePack | ActiveProgramme) -> dict[str, object]:
    content: dict[str, object] = contract.model_dump(mode="json", exclude_unset=True)
    return content
