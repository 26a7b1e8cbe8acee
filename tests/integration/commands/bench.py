"""A service on the run's MongoDB, to which operators' commands come as records; no broker."""

import asyncio
import itertools
from collections import Counter
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import orjson

from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.administrators import Operator, Role
from shared.contracts.programmes import ActiveProgramme
from shared.contracts.topics import Topic
from shared.messaging.reading.records import Raw
from shared.messaging.sending.outbox import Row as Sent
from shared.messaging.wiring import Resources, Wiring
from shared.mongo import Document
from shared.sealing import new_key_pair
from tests.integration.intake.world import GUIDE
from tests.integration.messaging.ledger import Commits
from tests.support.outbox import waiting_rows
from tests.support.wired import processor, processor_of, run_due
from tests.unit.messaging.records import STRUCTURED

BERGEN, TROMSO, ALTA = "no-4601", "no-5501", "no-5601"
NOW = datetime(2016, 6, 15, 12, tzinfo=UTC)
ROLES: tuple[Role, ...] = get_args(Role)
ASKER, ELSEWHERE, ROLELESS, EXPIRED, NOBODY = "asker-1", "alta-1", "roleless-1", "expired-1", "nobody-1"
WAITS = timedelta(seconds=31)
"""After that no command waits for its subject any more."""
UNTOLD = {"outbox", "inbox", "positions", "replies", "leases"}
"""Collections in which every record leaves something, whatever it says."""

_PUBLIC_KEY = new_key_pair()[1]


def operator(name: str, **changes: Any) -> Operator:
    """Somebody with every role in Bergen and Tromsø."""
    return Operator(
        operator=name,
        person=name.replace("-", "_"),
        organisation="red_cross_bergen",
        municipalities=[BERGEN, TROMSO],
        roles=list(ROLES),
        public_key=_PUBLIC_KEY,
        key_id="mine",
        valid_until=datetime(2030, 1, 1, tzinfo=UTC),
    ).model_copy(update=changes)


@dataclass(frozen=True, slots=True)
class Told:
    """What came of a record: the latest reply to it, and to the first command that it holds, all other
    records that were sent, how many replies were, and what the service knew before and after.
    """

    reply: dict[str, Any]
    held: dict[str, Any] | None
    events: tuple[dict[str, Any], ...]
    replies: int
    before: Mapping[str, list[Document]]
    after: Mapping[str, list[Document]]

    @property
    def kind(self) -> str:
        """The reply's name."""
        return _name(self.reply)

    @property
    def names(self) -> Counter[str]:
        """The other records' names."""
        return Counter(map(_name, self.events))

    @property
    def data(self) -> dict[str, Any]:
        """What the reply says."""
        data: dict[str, Any] = self.reply["data"]
        return data

    @property
    def result(self) -> dict[str, Any]:
        """What the reply answers."""
        return {"subject": self.data["about"], **self.data["result"]}


class Bench:
    """One service. `wire` makes it anew, at another time of day; `wiring` is it as it is now."""

    def __init__(self, wire: Callable[[Resources], Wiring], resources: Resources) -> None:
        self._wire, self.resources = wire, resources
        self.wiring = wire(resources)
        self._offsets = itertools.count(1_000)
        for one in (
            operator(ASKER),
            operator(ELSEWHERE, municipalities=[ALTA]),
            operator(EXPIRED, valid_until=NOW - timedelta(days=1)),
        ):
            resources.operators.put(one.operator, one)
        active = ActiveProgramme(municipality=ALTA, programme=GUIDE, pack_version="1.0")
        resources.programmes.put(f"active/{ALTA}/{GUIDE}", active)

    def without_role(self, role: Role) -> str:
        """An operator who has every role but one."""
        others = operator(ROLELESS, roles=[other for other in ROLES if other != role])
        self.resources.operators.put(ROLELESS, others)
        return ROLELESS

    def later(self, span: timedelta) -> None:
        """Moves the clock on."""
        self.resources = replace(self.resources, clock=Clock(self.resources.clock.offset + span))
        self.wiring = self._wire(self.resources)

    async def send(
        self, name: str, subject: str, data: Mapping[str, Any], id_: str = "command-1", **options: Any
    ) -> Told:
        """Sends one command and runs what is due; where it waits for its subject, as long as it may wait."""
        by = options.pop("operator", ASKER)
        document = {
            "specversion": "1.0",
            "id": id_,
            "source": f"/operators/{by}",
            "type": f"no.kobling.command.{name}.v1",
            "subject": subject,
            "time": NOW.isoformat(),
            "data": {"reason": "told", **data},
            **options,
        }
        topic = topics.COMMANDS[self.resources.service]
        before, sent = await self.held(), await self._sent()
        record = self.raw(topic.named(by), subject, orjson.dumps(document))
        await processor(self.wiring, topic).process([record], Commits())
        await self.run_due()
        if any(_name(one) == "CommandPending" for one in map(_read, _beyond(await self._sent(), sent))):
            self.later(WAITS)
            await self.run_due()
        return self._outcome(_beyond(await self._sent(), sent), by, id_, before, await self.held())

    async def break_on(self, topic: Topic, name: str, key: str, value: bytes) -> str:
        """Has a release that can't handle it refuse a record; gives its dead letter's id."""
        transaction = self.wiring.transaction(topic)
        broken = replace(transaction.subscription, apply=_raises)
        await processor_of(replace(transaction, subscription=broken)).process(
            [self.raw(name, key, value)], Commits()
        )
        (letter,) = await self.rows("quarantine")
        id_: str = letter["_id"]
        return id_

    def raw(self, topic: str, key: str, value: bytes) -> Raw:
        """A record as it comes from the broker now."""
        at = int(self.resources.clock.now().timestamp() * 1000)
        name = self.resources.prefix + topic
        return Raw(name, 0, next(self._offsets), at, key.encode(), value, STRUCTURED)

    async def run_due(self) -> None:
        """Runs all that is due."""
        while await run_due(self.wiring):
            pass

    async def rows(self, collection: str) -> list[Document]:
        """A collection's documents."""
        return await self.resources.database[collection].find({}, sort=[("_id", 1)]).to_list(None)

    async def held(self) -> dict[str, list[Document]]:
        """All that the service knows."""
        return await self.dump(set(self.wiring.collections) - UNTOLD)

    async def revisions(self) -> dict[tuple[str, str], int]:
        """The highest revision of each subject on each topic."""
        found: dict[tuple[str, str], int] = {}
        for row in await self._sent():
            envelope = _read(row)
            if "revision" in envelope:
                place = row.topic, envelope["subject"]
                found[place] = max(found.get(place, 0), envelope["revision"])
        return found

    async def dump(self, collections: Collection[str]) -> dict[str, list[Document]]:
        """These collections' documents."""
        return dict(zip(collections, await asyncio.gather(*map(self.rows, collections)), strict=True))

    async def put_back(self, resources: Resources, documents: Mapping[str, list[Document]]) -> None:
        """Is as it was with these resources, and has these documents and no others."""
        resources.operators.put(ROLELESS, None)
        self.resources, self.wiring = resources, self._wire(resources)
        await asyncio.gather(*[self._become(name, documents.get(name)) for name in self.wiring.collections])

    async def _become(self, name: str, documents: list[Document] | None) -> None:
        collection = self.resources.database[name]
        if await collection.find_one({}, {"_id": 1}) is not None:
            await collection.delete_many({})
        if documents:
            await collection.insert_many(documents)

    async def _sent(self) -> list[Sent]:
        return await waiting_rows(self.resources.database)

    def _replies_to(self, by: str) -> str:
        return self.resources.prefix + topics.REPLIES.named(by)

    def _outcome(
        self, new: list[Sent], by: str, id_: str, before: dict[str, Any], after: dict[str, Any]
    ) -> Told:
        replies = [row for row in new if row.topic == self._replies_to(by)]
        latest = {row.key: _read(row) for row in replies}
        others = tuple(_read(row) | {"topic": row.topic} for row in new if row not in replies)
        held = latest.get(f"{id_}.1".encode())
        return Told(latest[id_.encode()], held, others, len(replies), before, after)


async def _raises(*_: Any) -> Any:
    raise KeyError("this release can't")


def _beyond(now: list[Sent], before: list[Sent]) -> list[Sent]:
    """What was sent since then."""
    return [row for row in now if row not in before]


def _read(row: Sent) -> dict[str, Any]:
    """A record's envelope; of what is none, what it is."""
    if row.value is None:
        return {"type": "erased"}
    if ".dlq." in row.topic:
        return {"type": "dead letter"}
    document: dict[str, Any] = orjson.loads(row.value)
    return document


def _name(envelope: Mapping[str, Any]) -> str:
    """An envelope's message by name, and a notice's code."""
    name = str(envelope["type"]).removeprefix("no.kobling.").split(".")[0]
    return f"{name} {envelope['data']['code']}" if name == "NoticeGiven" else name
