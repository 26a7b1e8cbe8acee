"""Matching on the run's MongoDB: records go in as batches, due rows run when a test says so."""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import orjson

from services.matching.app import create_app
from services.matching.settings import Settings
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.contracts.commands import Command
from shared.contracts.matching.commands.pools import RunRound
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.commands.answers import Answer, CommandRef, Request
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Cause, Raw, Received
from shared.messaging.runtime import App
from shared.messaging.tracing.spans import Tracer
from shared.messaging.wiring import Resources, Wiring
from shared.messaging.work import Work
from shared.mongo import Database, Document, Session
from shared.programmes import shipped_packs
from tests.support.cluster import Corner, Record, event
from tests.support.outbox import waiting_rows
from tests.support.wired import processor, run_due
from tests.unit.messaging.records import STRUCTURED

BERGEN, GUIDES = "no-4601", "flyktningguide-bergen"
POOL = f"{BERGEN}/{GUIDES}"
NOW = datetime(2016, 6, 15, 8, tzinfo=UTC)
OPERATOR = Operator(
    operator="bergen-1",
    person="person_1",
    organisation="red_cross_bergen",
    municipalities=[BERGEN],
    roles=["coordinator"],
    valid_until=datetime(2030, 1, 1, tzinfo=UTC),
)

_PERSON = {
    "municipality": BERGEN,
    "participations": [
        {"programme": GUIDES, "pack_version": "1.0", "status": "ready", "ready_since": "2016-06-02"}
    ],
    "birth_year": 1985,
    "gender": "female",
    "languages": [{"code": "en", "level": "fluent"}],
    "household": {"adults": 1, "minors": 0},
    "availability": {"weekday_evening": 4},
}


def who(kind: str, number: int) -> str:
    """The subject of somebody, or of a pair, by number."""
    return f"{kind}-{number:0>20}"


def refugee(number: int, revision: int = 1, status: str = "ready") -> Record:
    """A refugee's state; one who isn't ready has left."""
    name = "RefugeeReady" if status == "ready" else "RefugeeWithdrawn"
    return event(name, who("refugee", number), {**_PERSON, "status": status}, NOW, revision=revision)


def elsewhere(number: int, revision: int, status: str = "ready") -> Record:
    """A refugee's state in another municipality, where they are matched if they are ready."""
    state = {**_PERSON, "status": status, "municipality": "no-5501"}
    if status != "ready":
        state["participations"] = []
    name = "RefugeeReady" if status == "ready" else "RefugeeSettled"
    return event(name, who("refugee", number), state, NOW, revision=revision)


def moved(number: int, revision: int) -> Record:
    """The state of a refugee who has left for another municipality."""
    left = [{"programme": GUIDES, "pack_version": "1.0", "status": "left"}]
    state = {**_PERSON, "status": "moved", "participations": left}
    return event("RefugeeMoved", who("refugee", number), state, NOW, revision=revision)


def guide(number: int, revision: int = 1, capacity: int = 1) -> Record:
    """An approved guide's state."""
    state = {**_PERSON, "status": "approved", "capacity": capacity}
    return event("VolunteerApproved", who("volunteer", number), state, NOW, revision=revision)


def away(number: int, revision: int) -> Record:
    """The state of a guide who is away for a while."""
    return event(
        "VolunteerPaused", who("volunteer", number), {**_PERSON, "status": "paused"}, NOW, revision=revision
    )


def erased(kind: str, number: int) -> Record:
    """A tombstone."""
    return (topics.REFUGEES if kind == "refugee" else topics.VOLUNTEERS), who(kind, number), None


@dataclass
class Offsets:
    """Where the next record of the one partition stands."""

    next: int = 0


@dataclass
class World:
    """One replica at one time of day; `later` and `beside` are others on the same database."""

    corner: Corner
    now: datetime = NOW
    options: dict[str, Any] = field(default_factory=dict)
    offsets: Offsets = field(default_factory=Offsets)
    resources: Resources | None = None
    """Of its own, unless it is given some."""
    settings: Settings = field(init=False)
    wiring: Wiring = field(init=False)

    def __post_init__(self) -> None:
        settings = {"again_after": timedelta(hours=1), **self.corner.settings, **self.options}
        self.settings = Settings(**settings, clock_offset=self.now - datetime.now(UTC))
        self.wiring = create_app(self.settings, self.resources or Resources.of("matching", self.settings))
        programmes = self.wiring.resources.programmes
        for key, pack in shipped_packs().items():
            programmes.put(key, pack)
        active = ActiveProgramme(municipality=BERGEN, programme=GUIDES, pack_version="1.0")
        programmes.put(f"active/{BERGEN}/{GUIDES}", active)

    @property
    def tracer(self) -> Tracer | None:
        """What takes its spans, if anything does."""
        return self.wiring.resources.tracer

    @property
    def database(self) -> Database:
        """The replica's own client."""
        return self.wiring.resources.database

    async def ensure(self) -> None:
        """Creates the collections."""
        await self.database.ensure(self.wiring.collections)

    def later(self, span: timedelta, **options: Any) -> "World":
        """A replica whose clock is ahead by `span`."""
        return World(self.corner, self.now + span, {**self.options, **options}, self.offsets)

    async def apply(self, *records: Record) -> None:
        """Handles records as batches, in the order given; each stands at an offset of its own."""
        for topic, key, value in records:
            await processor(self.wiring, topic).process([self._raw(topic, key, value)], _no_commit)

    async def apply_batch(self, records: Sequence[Record]) -> None:
        """Handles records of one topic in one batch."""
        topic = records[0][0]
        await processor(self.wiring, topic).process([self._raw(*record) for record in records], _no_commit)

    def _raw(self, topic: topics.Topic, key: str, value: bytes | None) -> Raw:
        self.offsets.next += 1
        name = self.corner.prefix + topic.name
        return Raw(name, 0, self.offsets.next, int(NOW.timestamp() * 1000), key.encode(), value, STRUCTURED)

    async def decide(self, command: Command, subject: str, **options: Any) -> Answer:
        """Decides one command in a transaction."""
        (answer,) = await self._decide([_request(command, subject, **options)])
        return answer

    async def decide_all(self, *commands: tuple[Command, str]) -> Sequence[Answer]:
        """Decides commands in one batch; each is given with its subject."""
        return await self._decide(
            [_request(command, subject, id=str(number)) for number, (command, subject) in enumerate(commands)]
        )

    async def _decide(self, requests: Sequence[Request]) -> Sequence[Answer]:
        async def body(session: Session) -> tuple[Sequence[Answer], Work]:
            now = self.wiring.resources.clock.now()
            work = Work(session, self.database, "matching", self.corner.prefix, now, self.tracer)
            answers = await self.wiring.decisions.decide(requests, work)
            await work.flush()
            return answers, work

        answers, work = await self.database.transact(body)
        for span in work.spans:
            span.end()
        return answers

    async def reply(self, name: str, subject: str, operator: Operator, **fields: Any) -> str:
        """The code with which an operator's command is rejected, read from its record as from the topic."""
        self.wiring.resources.operators.put(operator.operator, operator)
        _, _, value = event(name, subject, {"reason": "told", **fields}, NOW)
        document = orjson.loads(value or b"")
        del document["dataschema"]
        topic = self.corner.prefix + topics.COMMANDS["matching"].named(operator.operator)
        raw = Raw(
            topic, 0, 0, int(NOW.timestamp() * 1000), subject.encode(), orjson.dumps(document), STRUCTURED
        )
        record = Parser(topics.COMMANDS["matching"], self.corner.prefix).parse(raw)
        assert isinstance(record, Received), record

        async def body(session: Session) -> None:
            now = self.wiring.resources.clock.now()
            work = Work(session, self.database, "matching", self.corner.prefix, now, self.tracer)
            await self.wiring.commands.apply([record], work)
            await work.flush()

        await self.database.transact(body)
        (*_, reply) = await self.sent(f"replies.{operator.operator}.v1")
        code: str = reply["data"]["code"]
        return code

    async def ask_round(self, id_: str = "round-1", **options: Any) -> None:
        """Asks for a round; `run_due` runs it."""
        asked = RunRound(reason="new_people", municipality=BERGEN, programme=GUIDES)
        await self.decide(asked, POOL, id=id_, **options)

    async def run_round(self, id_: str = "round-1", **options: Any) -> None:
        """Asks for a round and runs what is due."""
        await self.ask_round(id_, **options)
        await self.run_due()

    async def run_due(self) -> None:
        """Runs what is due."""
        await run_due(self.wiring)

    async def rebuild(self) -> None:
        """Does what the start of a replica does about a lost database."""
        await App(self.wiring, self.settings).rebuild.run()

    async def rows(self, collection: str, **wanted: Any) -> list[Document]:
        """A collection's documents."""
        return await self.database[collection].find(wanted, sort=[("_id", 1)]).to_list(None)

    async def couples(self, **wanted: Any) -> list[tuple[str, str]]:
        """Pairs by their people, in order."""
        return sorted((one["receiving"], one["giving"]) for one in await self.rows("pairs", **wanted))

    async def sent(self, topic: str) -> list[dict[str, Any]]:
        """The envelopes that wait in the outbox for a topic; an empty one erases."""
        found = await waiting_rows(self.database, topic=self.corner.prefix + topic)
        return [orjson.loads(one.value or b"{}") for one in found]

    def close(self) -> None:
        """Closes the database's client."""
        self.database.close()


def _request(command: Command, subject: str, **options: Any) -> Request:
    operator, id_ = options.get("operator", OPERATOR), options.get("id", "command-1")
    return Request(
        CommandRef(operator.operator, id_, subject, id_),
        operator,
        command,
        subject,
        options.get("dry_run", False),
        options.get("expected_revision"),
        Cause(id_, id_, options.get("traceparent"), "traceparent" in options),
    )


async def _no_commit(_: Any) -> None:
    """There is no group."""


def couple(refugee_number: int, guide_number: int) -> tuple[str, str]:
    """Two people, as `couples` names them."""
    return who("refugee", refugee_number), who("volunteer", guide_number)


Meanwhile = Callable[[], Awaitable[None]]
"""What happens between the reading of a pool and the writing of its proposals."""
