"""A town's intake and two replicas of its matching on the real MongoDB, and what is carried between them."""

import asyncio
import itertools
import random
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import SecretStr

from services.intake.app import create_app as create_intake
from services.intake.settings import Settings as IntakeSettings
from services.matching.app import create_app as create_matching
from services.matching.settings import Settings as MatchingSettings
from shared.clock import Clock, local_day
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.fields import format_instant
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.contracts.topics import Service, Topic
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.reading.records import Raw
from shared.messaging.sending.outbox import OLDEST_FIRST, Bundle
from shared.messaging.wiring import Resources, Wiring
from shared.mongo import Database, TransactionOutlived
from shared.programmes import shipped_packs
from shared.sealing import encode, new_key_pair
from tests.support.cluster import Corner
from tests.support.wired import processor, run_due
from tests.unit.messaging.records import STRUCTURED

HERE, THERE = "no-4601", "no-5501"
GUIDES = "flyktningguide-bergen"
POOL = f"{HERE}/{GUIDES}"
NOON = datetime(2016, 6, 15, 10, tzinfo=UTC)
OPERATORS = ("red-1", "red-2")
"""The first one's commands to matching go to its first replica, the other's to the second."""
STATES = {"refugee": topics.REFUGEES, "volunteer": topics.VOLUNTEERS}
DEADLINE_SECONDS = 120.0
ROUNDS_APART = timedelta(seconds=2)

Event = dict[str, Any]
Message = tuple[str, bytes | None]
"""A key and a value; None erases."""

PAIRING: dict[str, Any] = {
    "rules": [{"code": code} for code in ("self", "municipality", "age", "child_certificate")]
    + [{"code": "capacity"}, {"code": "excluded"}],
    "criteria": {"interests": 30, "age": 18},
    "answer_within": "P7D",
    "exclude_for": "P30D",
    "signatories": ["refugee", "guide"],
    "steps": ["introduction_meeting"],
    "duration": {"at_least": "P2M", "at_most": "P4M"},
    "completion": {"receiving": "waits", "giving": "waits_anew", "may_meet_again": True},
    "endings": [
        {"reason": "mismatched_expectations"},
        {"reason": "personal_giving", "giving": "rests", "may_meet_again": True},
        {"reason": "personal_receiving", "receiving": "rests", "giving": "waits_anew"},
    ],
    "milestones": [
        {
            "name": "one_month",
            "after": "P1M",
            "asks": ["receiving", "giving"],
            "questions": [{"code": "would_go_on", "kind": "yes_no"}],
        }
    ],
}
CONSENT = {"kind": "consent", "purpose": "matching"}
ADULT = {"kind": "age", "minimum": 18}
GIVING = [
    CONSENT,
    {"kind": "check", "check": "police_certificate", "valid_for": "P2M"},
    {"kind": "approval", "organisation": "red_cross_bergen"},
    ADULT,
]


def pack() -> ProgrammePack:
    """A programme in which much can happen in little time."""
    told = shipped_packs()[f"{GUIDES}@1.0"].model_dump(mode="json")
    told["pairing"] |= PAIRING
    told["sides"]["receiving"]["requirements"] = [CONSENT, ADULT]
    told["sides"]["giving"]["requirements"] = GIVING
    return ProgrammePack.model_validate(told)


@dataclass(slots=True)
class Carried:
    """What intake has sent of somebody, in order, and how much of it matching has got."""

    values: list[bytes | None] = field(default_factory=list)
    next: int = 0


class Town:
    """Time stands still but for `moment`. Each example begins with nothing in either database."""

    def __init__(self, corner: Corner) -> None:
        self.moment = NOON
        self.chance = random.Random()  # noqa: S311 (references that come again with an example)
        self._name = corner.database_name
        self._uri = corner.addresses.mongodb
        clock = Clock(source=lambda: self.moment)
        self._databases: list[Database] = []
        self.intake = self._wire_intake(clock)
        self.matching = [self._wire_matching(clock, corner) for _ in range(2)]
        self._relaying = asyncio.Lock()
        self._offsets = itertools.count()
        self._ids = itertools.count()
        self._processors: dict[tuple[int, str], BatchProcessor] = {}
        self.carried: dict[Topic, dict[str, Carried]] = {}
        self.replies: dict[str, list[Event]] = {}
        self.pairs: dict[str, list[Event | None]] = {}
        self.commands: dict[str, tuple[Service, str, Event]] = {}

    def _wire_intake(self, clock: Clock) -> Wiring:
        def secret(letter: bytes) -> SecretStr:
            return SecretStr(encode(letter * 32))

        settings = IntakeSettings(
            master_key=secret(b"m"), case_key=secret(b"c"), card_public_key=new_key_pair()[1]
        )
        return create_intake(settings, self._resources("intake", clock))

    def _wire_matching(self, clock: Clock, corner: Corner) -> Wiring:
        settings = MatchingSettings(
            **{**corner.settings, "topic_prefix": ""},
            again_after=timedelta(seconds=1),
            proposals_per_transaction=2,
        )
        return create_matching(settings, self._resources("matching", clock))

    def _resources(self, service: Service, clock: Clock) -> Resources:
        database = Database(self._uri, f"{self._name}_{service}")
        self._databases.append(database)
        resources = Resources(service, "", clock, database)
        for name in OPERATORS:
            resources.operators.put(name, _operator(name))
        resources.programmes.put(f"{GUIDES}@1.0", pack())
        for place in (HERE, THERE):
            active = ActiveProgramme(municipality=place, programme=GUIDES, pack_version="1.0")
            resources.programmes.put(f"active/{place}/{GUIDES}", active)
        return resources

    @property
    def database(self) -> Database:
        """Matching's."""
        return self.matching[0].resources.database

    @property
    def today(self) -> Any:
        """The day by the town's clock."""
        return local_day(self.moment, HERE)

    async def open(self) -> None:
        """Makes the collections."""
        for wiring in (self.intake, self.matching[0]):
            await wiring.resources.database.ensure(wiring.collections)

    async def close(self) -> None:
        """Lets everything go."""
        for database in self._databases:
            await database.drop()
            database.close()

    async def begin(self) -> None:
        """Another example: nobody is known, nothing was sent."""
        self.moment, self._ids = NOON, itertools.count()
        self.chance.seed(0)
        for wiring in (self.intake, self.matching[0]):
            for name in wiring.collections:
                await wiring.resources.database[name].delete_many({})
        self.carried = {topic: defaultdict(Carried) for topic in STATES.values()}
        self.replies, self.pairs, self.commands = {}, {}, {}

    # What comes in

    async def settle(self, place: str, *documents: Event) -> None:
        """A municipality's records."""
        topic = f"settlements.{place}.v1"
        records = [self._raw(topic, one["subject"], orjson.dumps(one)) for one in documents]
        await self._processor(0, topics.SETTLEMENTS, self.intake).process(records, _no_commit)
        await self._collect()

    def settlement(self, name: str, case: str, place: str, data: Event) -> Event:
        """A record of a case system."""
        return self._event(f"no.kobling.{name}.v1", case, data) | {"source": f"/{place}/cases"}

    def command(
        self, service: Service, operator: str, name: str, subject: str, *, dry: bool = False, **data: Any
    ) -> Event:
        """A command, known by its id from now on."""
        told = self._event(f"no.kobling.command.{name}.v1", subject, {"reason": "told", **data})
        document = {**told, "dryrun": True} if dry else told
        self.commands[document["id"]] = service, operator, document
        return document

    async def order(self, *documents: Event, replica: int = 0) -> None:
        """One batch of commands to one service, by one operator."""
        service, operator, _ = self.commands[documents[0]["id"]]
        records = [
            self._raw(f"commands.{service}.{operator}.v1", one["subject"], orjson.dumps(one))
            for one in documents
        ]
        wiring = self.intake if service == "intake" else self.matching[replica]
        await self._processor(replica, topics.COMMANDS[service], wiring).process(records, _no_commit)
        await self._collect()

    async def carry(self, topic: Topic, messages: Sequence[Message], replica: int = 0) -> None:
        """One batch of states to matching."""
        records = [self._raw(topic.name, key, value) for key, value in messages]
        await self._processor(replica, topic, self.matching[replica]).process(records, _no_commit)
        await self._collect()

    async def run_due(self, service: Service, replica: int = 0) -> None:
        """Runs what is due at this moment; again where the database has ended a long transaction."""
        wiring = self.intake if service == "intake" else self.matching[replica]
        async with asyncio.timeout(DEADLINE_SECONDS):
            while True:
                try:
                    if not await run_due(wiring):
                        break
                except TransactionOutlived:
                    continue
        await self._collect()

    def _processor(self, replica: int, topic: Topic, wiring: Wiring) -> BatchProcessor:
        place = replica, topic.name
        if place not in self._processors:
            self._processors[place] = processor(wiring, topic)
        return self._processors[place]

    def _event(self, kind: str, subject: str, data: Event) -> Event:
        number = next(self._ids)
        return {
            "specversion": "1.0",
            "id": f"00000000-0000-4000-8000-{number:012x}",
            "source": "/test",
            "type": kind,
            "subject": subject,
            # Each record is later than the one before.
            "time": format_instant(self.moment + timedelta(milliseconds=number)),
            "data": data,
        }

    def _raw(self, topic: str, key: str, value: bytes | None) -> Raw:
        at = int((self.moment + timedelta(minutes=2)).timestamp() * 1000)
        return Raw(topic, 0, next(self._offsets), at, key.encode(), value, STRUCTURED)

    # What goes out

    async def _collect(self) -> None:
        """Takes what waits in both outboxes, as relays do: one at a time."""
        async with self._relaying:
            for wiring in (self.intake, self.matching[0]):
                outbox = wiring.resources.database["outbox"]
                bundles = await outbox.find({}, sort=OLDEST_FIRST).to_list(None)
                if bundles:
                    await outbox.delete_many({"_id": {"$in": [one["_id"] for one in bundles]}})
                for row in (row for one in bundles for row in Bundle.of(one).rows):
                    self._take(row.topic, (row.key or b"").decode(), row.value)

    def _take(self, topic: str, key: str, value: bytes | None) -> None:
        found = next((one for one in STATES.values() if one.name == topic), None)
        if found is not None:
            self.carried[found][key].values.append(value)
        elif topic == topics.PAIRS.name:
            self.pairs.setdefault(key, []).append(orjson.loads(value) if value else None)
        elif topic.startswith("replies."):
            self.replies.setdefault(key, []).append(orjson.loads(value or b"{}"))


def _operator(name: str) -> Operator:
    return Operator(
        operator=name,
        person=name.replace("-", "_"),
        organisation="red_cross_bergen",
        municipalities=[HERE, THERE],
        roles=["coordinator", "approver"],
        valid_until=datetime(2100, 1, 1, tzinfo=UTC),
    )


async def _no_commit(_: Any) -> None:
    """There is no group."""
