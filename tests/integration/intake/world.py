"""Intake's handlers on the real MongoDB, without broker: batches in, outbox and stored replies out."""

import itertools
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson
from pydantic import SecretStr

from services.intake.app import create_app
from services.intake.settings import Settings
from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.reading.records import Headers, Raw
from shared.messaging.tracing.spans import Tracer
from shared.messaging.wiring import Resources
from shared.mongo import Database, Document
from shared.programmes import shipped_packs
from shared.sealing import encode, new_key_pair
from tests.integration.messaging.ledger import Commits
from tests.support.outbox import waiting_rows
from tests.support.wired import processor, run_due
from tests.unit.messaging.records import STRUCTURED, settlement

PACK = shipped_packs()["flyktningguide-bergen@1.0"]
GUIDE = PACK.name
BROKER_TIME = 1_466_000_000_000


def operator(name: str, organisation: str) -> Operator:
    return Operator(
        operator=name,
        person=name.replace("-", "_"),
        organisation=organisation,
        municipalities=["no-4601", "no-5501"],
        roles=["coordinator", "approver", "dead_letters"],
        valid_until=datetime(2100, 1, 1, tzinfo=UTC),
    )


def command(name: str, subject: str, id_: str, **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": id_,
        "source": "/test",
        "type": f"no.kobling.command.{name}.v1",
        "subject": subject,
        "time": "2016-06-15T07:00:00Z",
        "data": {"reason": "test", **data},
    }


def find(case: str, id_: str, subject: str | None = None) -> dict[str, Any]:
    return command("FindPerson", subject or case, id_, municipality="no-4601", case=case)


@dataclass
class World:
    """One intake. `offsets` number each topic's records."""

    database: Database
    clock: Clock = field(default_factory=Clock)
    tracer: Tracer | None = None
    _offsets: dict[str, "itertools.count[int]"] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.settings = Settings(
            master_key=_secret(b"m"), case_key=_secret(b"c"), card_public_key=new_key_pair()[1]
        )
        resources = Resources("intake", "", self.clock, self.database, tracer=self.tracer)
        self.wiring = create_app(self.settings, resources)
        for name, organisation in (
            ("red-1", "red_cross_bergen"),
            ("bergen-1", "introduction_programme_bergen"),
        ):
            resources.operators.put(name, operator(name, organisation))
        resources.programmes.put(f"{GUIDE}@{PACK.version}", PACK)
        active = ActiveProgramme(
            municipality="no-4601", programme=GUIDE, pack_version=PACK.version, districts=["Fana"]
        )
        resources.programmes.put(f"active/no-4601/{GUIDE}", active)
        self.settlements = processor(self.wiring, topics.SETTLEMENTS)
        self.commands = processor(self.wiring, topics.COMMANDS["intake"])

    async def ensure(self) -> None:
        await self.database.ensure(self.wiring.collections)

    async def settle(self, *records: tuple[str, dict[str, Any]]) -> None:
        """One batch of (municipality, settlement)."""
        await self.settlements.process(
            [
                self._raw(f"settlements.{owner}.v1", {**document, "source": f"/{owner}/case-system"})
                for owner, document in records
            ],
            Commits(),
        )

    async def send(self, *records: tuple[str, dict[str, Any]], headers: Headers = STRUCTURED) -> None:
        """One batch of (operator, command)."""
        await self.commands.process(
            [self._raw(f"commands.intake.{owner}.v1", document, headers) for owner, document in records],
            Commits(),
        )

    def _raw(self, topic: str, document: dict[str, Any], headers: Headers = STRUCTURED) -> Raw:
        offset = next(self._offsets.setdefault(topic, itertools.count()))
        return Raw(
            topic, 0, offset, BROKER_TIME, document["subject"].encode(), orjson.dumps(document), headers
        )

    async def run_due(self, later: timedelta) -> None:
        """Runs what is due by then."""
        clock = Clock(self.clock.offset + later)
        then = create_app(self.settings, replace(self.wiring.resources, clock=clock))
        while await run_due(then):
            pass

    async def sent(self, topic: str) -> list[Document]:
        """The outbox's records of a topic, in the order in which a relay sends them; None erases."""
        return [
            {"key": (row.key or b"").decode(), "value": row.value and orjson.loads(row.value)}
            for row in await waiting_rows(self.database, topic=topic)
        ]

    async def replies(self, owner: str, id_: str) -> list[tuple[str, int]]:
        """The (name, revision) of each reply to a command, in order."""
        return [
            (_name(row["value"]), row["value"]["revision"])
            for row in await self.sent(f"replies.{owner}.v1")
            if row["key"] == id_
        ]

    async def reply(self, owner: str, id_: str) -> dict[str, Any]:
        """The latest reply to a command."""
        rows = [row for row in await self.sent(f"replies.{owner}.v1") if row["key"] == id_]
        data: dict[str, Any] = rows[-1]["value"]["data"]
        return data

    async def public(self) -> dict[str, Document]:
        """What a compacted `refugees.v1` holds: the latest record by subject, without the erased."""
        latest = {row["key"]: row["value"] for row in await self.sent("refugees.v1")}
        return {subject: value for subject, value in latest.items() if value is not None}

    async def cases(self) -> list[int]:
        """How many cases each file has."""
        return sorted([len(row["cases"]) async for row in self.database["refugees"].find({})])

    async def dead(self) -> list[str]:
        """Why records were refused."""
        return [f"{row['code']}" async for row in self.database["quarantine"].find({})]


def _secret(letter: bytes) -> SecretStr:
    return SecretStr(encode(letter * 32))


def _name(value: dict[str, Any]) -> str:
    return str(value["type"]).split(".")[-2]


def settled(case: str, id_: str, hour: int = 7, **data: Any) -> dict[str, Any]:
    """A settlement record of a case at an hour of a day."""
    return {**settlement(case, **data), "id": id_, "time": f"2016-06-15T{hour:02}:00:00Z"}


def names(values: Sequence[Document]) -> list[str]:
    """The events' names; `erased` for null values."""
    return ["erased" if row["value"] is None else _name(row["value"]) for row in values]
