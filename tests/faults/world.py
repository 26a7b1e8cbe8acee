"""One installation under test: its own topics and databases on the servers, services behind proxies."""

import asyncio
import contextlib
import os
import time
from collections import Counter
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from deploy.installation import service_environment
from deploy.local.addresses import Addresses
from kobling.administration import ensure_topics, publish
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.programmes import ActiveProgramme
from shared.contracts.topics import SERVICES, Service
from shared.mongo import Database, DatabaseError
from shared.programmes import shipped_packs
from shared.sealing import encode, new_key_pair
from tests.faults.invariants import CAP, READS, Checker, Logs, Verdict, counters, totals
from tests.faults.launcher import SOUND, Flaw
from tests.faults.load import OPERATOR, Load
from tests.faults.observer import Observer, canary_in
from tests.faults.replica import Replica
from tests.support.cluster import event

MUNICIPALITIES = ("no-4601", "no-0301", "dk-751")
PROGRAMME, PACK = "flyktningguide-bergen", "1.0"
ASKED = ("red_cross_bergen", "introduction_programme_bergen")
ORGANISATIONS = {OPERATOR: "faults", **{f"faults-of-{asked.replace('_', '-')}": asked for asked in ASKED}}
"""By operator. Each has topics, as notices go to them all."""
"""The organisations that the pack asks: without operators of theirs nobody could run it."""
HEAL_WITHIN = 60.0
LOOK = 0.2
MEMORY_EVERY = 0.5


@dataclass(slots=True)
class World:
    """`servers` says where the servers are, and `reached_by` at which addresses each service finds them;
    `former` is another checkout whose services it begins with.
    """

    directory: Path
    servers: Addresses
    reached_by: Mapping[Service, Addresses]
    services: Sequence[Service] = SERVICES
    prefix: str = ""
    municipalities: tuple[str, ...] = MUNICIPALITIES
    seed: str = "1"
    more: Mapping[str, str] = field(default_factory=dict)
    former: Path | None = None
    replicas: dict[str, Replica] = field(default_factory=dict, init=False)
    databases: dict[Service, Database] = field(default_factory=dict, init=False)
    observer: Observer = field(init=False)
    load: Load = field(init=False)
    logs: Logs = field(init=False)
    keys: dict[str, str] = field(init=False)
    _watching: asyncio.Task[None] | None = None
    _before: Counter[str] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        private, public = new_key_pair()
        self.keys = {
            "master": encode(os.urandom(32)),
            "case": encode(os.urandom(32)),
            "card_private": private,
            "card_public": public,
        }
        kafka = self.servers.kafka
        self.observer = Observer(kafka, self.prefix, self.municipalities, tuple(ORGANISATIONS))
        self.load = Load(kafka, self.prefix, self.municipalities, self.seed)
        self.logs = Logs(self.directory / f"{self.prefix}logs")
        self.databases = {
            name: Database(self.servers.mongodb, self._database(name)) for name in self.services
        }

    def _database(self, service: Service) -> str:
        return f"{self.prefix.replace('.', '_')}{service}"

    @asynccontextmanager
    async def running(self) -> AsyncIterator["World"]:
        """Topics, operators, and one replica of each service, ready."""
        await ensure_topics(
            self.servers.cluster, self.municipalities, list(ORGANISATIONS), prefix=self.prefix
        )
        await publish(self.servers.cluster, self._administration())
        await self.observer.start()
        self._watching = asyncio.create_task(self._watch_memory())
        try:
            for service in self.services:
                await self.add(service, tree=self.former)
            await asyncio.gather(*(one.until_ready() for one in self.replicas.values()))
            yield self
        finally:
            self._watching.cancel()
            await asyncio.gather(*(one.leave() for one in self.replicas.values()))
            await self.observer.stop()
            with contextlib.suppress(KafkaError, DatabaseError):
                await self._remove()
            for database in self.databases.values():
                database.close()

    async def _remove(self) -> None:
        """Leaves nothing: a broker that is killed looks through every partition when it starts again."""
        for database in self.databases.values():
            await database.drop()
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.kafka)
        await admin.start()
        try:
            await admin.delete_topics(sorted({one.topic for one in self.observer.partitions()}))
        finally:
            await admin.close()

    def _administration(self) -> list[tuple[str, str, bytes]]:
        now = datetime.now(UTC)
        said = []
        for name, organisation in ORGANISATIONS.items():
            operator = Operator(
                operator=name,
                person=f"person_{organisation}",
                organisation=organisation,
                municipalities=list(self.municipalities),
                roles=["coordinator", "approver", "dead_letters"],
                valid_until=now + timedelta(days=3650),
            )
            content = operator.model_dump(mode="json", exclude_none=True)
            said.append(event("OperatorRegistered", name, content, now))
        for key, pack in shipped_packs().items():
            said.append(
                event("ProgrammePublished", key, pack.model_dump(mode="json", exclude_none=True), now)
            )
        for municipality in self.municipalities:
            active = ActiveProgramme(municipality=municipality, programme=PROGRAMME, pack_version=PACK)
            key = f"active/{municipality}/{PROGRAMME}"
            said.append(event("ProgrammeActivated", key, active.model_dump(mode="json"), now))
        return [(self.prefix + topic.name, key, value or b"") for topic, key, value in said]

    async def add(
        self, service: Service, flaw: Flaw = SOUND, *, tree: Path | None = None, **settings: str
    ) -> Replica:
        """Starts one more replica of a service."""
        number = sum(one.service == service for one in self.replicas.values()) + 1
        replica = Replica(
            service, f"{service}-{number}", self._settings(service, settings), self.logs.directory, tree
        )
        self.replicas[replica.name] = replica
        await replica.start(flaw)
        return replica

    def _settings(self, service: Service, own: Mapping[str, str]) -> dict[str, str]:
        ports = {service: 0, "mail": 1}
        found = service_environment(service, self.reached_by[service], ports, self.keys, timedelta())
        given = {"TOPIC_PREFIX": self.prefix, "DATABASE": self._database(service), **self.more, **own}
        return found | {f"{service.upper()}_{name}": value for name, value in given.items()}

    def of(self, service: Service) -> Replica:
        """The first replica of a service."""
        return self.replicas[f"{service}-1"]

    @property
    def running_replicas(self) -> list[Replica]:
        """Those that have not left."""
        return [one for one in self.replicas.values() if one.runs]

    async def _watch_memory(self) -> None:
        while True:
            for replica in self.running_replicas:
                replica.look()
            await asyncio.sleep(MEMORY_EVERY)

    async def until_healed(self, within: float = HEAL_WITHIN) -> float:
        """Waits until all is ready, handled, sent and read; returns after how many seconds."""
        begun = time.monotonic()
        waits = "an answer"
        while time.monotonic() - begun < within:
            with contextlib.suppress(KafkaError, DatabaseError, OSError, TimeoutError):
                waits = await asyncio.wait_for(self._waits_for(), within)
                if not waits:
                    return time.monotonic() - begun
            await asyncio.sleep(LOOK)
        raise TimeoutError(f"D: not healed in {within:.0f} s: {waits}")

    async def _waits_for(self) -> str:
        """What keeps the installation from being at rest; empty where nothing does."""
        for replica in self.running_replicas:
            causes = await replica.causes()
            if causes != {}:
                return f"{replica.name}: {causes or 'no answer'}"
        for service, database in self.databases.items():
            if rows := await database["outbox"].count_documents({}):
                return f"{service}: {rows} rows in the outbox"
        if lag := await self.lag():
            return f"lag of {lag}"
        behind = await self.observer.behind()
        return f"the observer, {behind} partitions behind" if behind else ""

    async def lag(self) -> dict[str, int]:
        """Last stable offset less committed offset, of all groups, where it is not 0."""
        ends = await self.observer.ends()
        found: dict[str, int] = {}
        admin = AIOKafkaAdminClient(bootstrap_servers=self.servers.kafka)
        await admin.start()
        try:
            for service in self.services:
                for stem in READS[service]:
                    group = f"{self.prefix}{service}.{stem.partition('.')[0]}"
                    committed = await admin.list_consumer_group_offsets(group)
                    for partition, end in ends.items():
                        if partition.topic.startswith(self.prefix + stem):
                            at = committed.get(partition)
                            behind = end - max(0, at.offset if at is not None else 0)
                            if behind:
                                found[f"{group} {partition.topic}/{partition.partition}"] = behind
        finally:
            await admin.close()
        return found

    async def begin_anew(self, topic: str, data: Path) -> None:
        """Says to the stopped observer that a topic is deleted. `data` holds the broker's logs."""
        reached = {
            service: {
                partition: row["next_offset"]
                for (name, partition), row in (await counters(database)).items()
                if name == self.prefix + topic
            }
            for service, database in self.databases.items()
            if topic.startswith(READS[service])
        }
        self.observer.begin_anew(topic, data, reached)

    async def outcomes(self) -> Counter[str]:
        """Of all records that any service has read, since the last call."""
        total: Counter[str] = Counter()
        for database in self.databases.values():
            total.update(await totals(database, self.prefix))
        total["in"] = sum(
            count for place, count in self.observer.records.items() if place[0].startswith("settlements.")
        )
        since = Counter({name: count - self._before[name] for name, count in total.items()})
        self._before = total
        return since

    async def check(self) -> Verdict:
        """A, B, C, E and F, at rest."""
        verdict = await Checker(self.observer, self.databases, self.keys["case"]).check()
        lost = [
            f"{topic}/{offset}"
            for topic, offset in self.load.acknowledged
            if not self.observer.has_settlement(topic.removeprefix(self.prefix), offset)
        ]
        verdict.missing("A", "acknowledged settlements", lost)
        verdict.broken("E", "personal data in logs", self.logs.leaks())
        told = [one.name for one in self.running_replicas if canary_in((await one.metrics()).encode())]
        verdict.broken("E", "personal data in metrics", told)
        fat = [
            f"{one.name} {one.memory // 1024 // 1024} MB"
            for one in self.replicas.values()
            if one.memory > CAP
        ]
        verdict.broken("F", "memory over its cap", fat)
        return verdict

    @property
    def settlements(self) -> list[str]:
        """The names of the municipalities' topics."""
        return [topics.SETTLEMENTS.named(one, self.prefix) for one in self.municipalities]
