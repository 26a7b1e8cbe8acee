"""The load: municipalities' case systems and an operator, at a bounded rate, from a seed."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal, Protocol

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError

from shared.contracts import topics
from shared.contracts.fields import format_instant
from tests.faults.people import Sent, envelope, record, settlement
from tests.faults.poison import MUST_DIE, MUST_LIVE

Kind = Literal[
    "new", "correction", "duplicate", "stale", "withdrawn", "protected", "minor", "collision", "poison"
]
SHARES: dict[Kind, int] = {
    "new": 58,
    "correction": 20,
    "duplicate": 8,
    "stale": 5,
    "withdrawn": 3,
    "protected": 2,
    "minor": 2,
    "collision": 1,
    "poison": 1,
}
"""Of a hundred records."""
FRESH = frozenset({"new", "protected", "minor", "poison"})


@dataclass(slots=True)
class Town:
    """A municipality's case system: what it has sent, and what it may send next."""

    municipality: str
    chance: random.Random
    open: list[dict[str, Any]] = field(default_factory=list)
    _cases: int = 0

    def fresh(self) -> dict[str, Any]:
        """A settlement of somebody who has not been there, for whoever sends it changed."""
        return settlement(self.municipality, self._case(), datetime.now(UTC), self.chance)

    def _case(self) -> str:
        self._cases += 1
        # Letters: a digit among digits could make a personal number by chance.
        return f"{self.municipality.upper()}-{''.join(self.chance.choices('abcdefgh', k=12))}-{self._cases}"

    def next(self, kind: Kind) -> Sent:
        """A record of this kind; a new person where it needs one that is there and nobody is."""
        now = datetime.now(UTC)
        if kind in FRESH or not self.open:
            return self._new(kind, now)
        place = self.chance.randrange(max(0, len(self.open) - 500), len(self.open))
        last = self.open[place]
        case = last["subject"]
        changed = settlement(self.municipality, case, now, self.chance)
        match kind:
            case "duplicate":
                return record(self.municipality, last)
            case "stale":
                changed["time"] = format_instant(now - timedelta(days=400))
                return record(self.municipality, changed)
            case "collision":
                return record(self.municipality, {**changed, "id": last["id"]}).expecting("id_collision")
            case "withdrawn":
                self.open.pop(place)
                gone = envelope(self.municipality, case, now, "SettlementWithdrawn", {"reason": "left"})
                return record(self.municipality, gone)
            case _:
                self.open[place] = changed
                return record(self.municipality, changed)

    def _new(self, kind: Kind, now: datetime) -> Sent:
        document = settlement(self.municipality, self._case(), now, self.chance)
        if kind == "poison":
            return self.chance.choice(MUST_DIE).made_of(self.municipality, document)
        if kind == "protected":
            document["data"]["protection"] = "confidential"
        elif kind == "minor":
            document["data"]["unaccompanied_minor"] = True
        else:
            self.open.append(document)
        return record(self.municipality, document)


OPERATOR = "faults-1"
CONSENTING = 0.2
"""Consents for each settlement."""
SEND_WITHIN = 20.0


class Known(Protocol):
    """Refugees that somebody has seen on their topic."""

    def newest(self) -> Iterator[str]:
        """Their subjects, the newest first."""


@dataclass(slots=True)
class Load:
    """Sends while `under` is entered. Records that the broker acknowledged are in `acknowledged`."""

    kafka: str
    prefix: str
    municipalities: tuple[str, ...]
    seed: str
    acknowledged: set[tuple[str, int]] = field(default_factory=set)
    sent: Counter[Kind] = field(default_factory=Counter)
    consented: set[str] = field(default_factory=set)
    commands: list[str] = field(default_factory=list)
    towns: list[Town] = field(default_factory=list)
    _chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self._chance = random.Random(self.seed)  # noqa: S311 (a schedule, to be had again)
        self.towns = [
            Town(name, random.Random(f"{self.seed}/{name}"))  # noqa: S311 (repeatable, and guards nothing)
            for name in self.municipalities
        ]

    def only(self, municipalities: tuple[str, ...]) -> "Load":
        """A load of these municipalities' case systems alone, which share what they have sent."""
        part = Load(self.kafka, self.prefix, (), self.seed, self.acknowledged)
        part.towns = [town for town in self.towns if town.municipality in municipalities]
        return part

    @asynccontextmanager
    async def under(self, rate: float, known: Known | None = None) -> AsyncIterator[None]:
        """Sends `rate` settlements a second, and consents to some of the refugees that get known."""
        sending = asyncio.create_task(self._send_for_ever(rate, known))
        try:
            yield
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)

    async def _send_for_ever(self, rate: float, known: Known | None) -> None:
        async with self.producer() as producer:
            loop = asyncio.get_running_loop()
            due = loop.time()
            while True:
                await self.send(producer, [self._next()])
                if known is not None and self._chance.random() < CONSENTING:
                    await self._consent(producer, known)
                # After an outage it goes on, and does not catch up.
                due = max(due + 1 / rate, loop.time() - 1)
                await asyncio.sleep(max(0.0, due - loop.time()))

    def _next(self) -> Sent:
        (kind,) = self._chance.choices(list(SHARES), list(SHARES.values()))
        self.sent[kind] += 1
        return self._chance.choice(self.towns).next(kind)

    def some(self, count: int, kind: Kind | None = None) -> list[Sent]:
        """So many records of the load, or of one kind."""
        return [self._chance.choice(self.towns).next(kind) if kind else self._next() for _ in range(count)]

    def odd(self) -> list[Sent]:
        """Every record of the corpus that must live."""
        return [self._odd(one) for one in MUST_LIVE]

    def poison(self) -> list[Sent]:
        """Every record of the corpus that must die."""
        return [self._odd(one) for one in MUST_DIE]

    def _odd(self, one: Any) -> Sent:
        town = self._chance.choice(self.towns)
        made: Sent = one.made_of(town.municipality, town.fresh())
        return made

    @asynccontextmanager
    async def producer(self) -> AsyncIterator[AIOKafkaProducer]:
        """A municipality's producer; what is under way at the end is sent, or the broker is away."""
        producer = AIOKafkaProducer(
            bootstrap_servers=self.kafka, acks="all", enable_idempotence=True, linger_ms=5
        )
        await producer.start()
        try:
            yield producer
        finally:
            with suppress(TimeoutError, KafkaError):
                await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(producer.stop())), SEND_WITHIN)

    async def send(self, producer: AIOKafkaProducer, records: list[Sent]) -> None:
        """Hands records to the producer, in order; notes which of them the broker has."""
        for one in records:
            topic = topics.SETTLEMENTS.named(one.municipality, self.prefix)
            try:
                sending = await producer.send(topic, one.value, one.key, headers=list(one.headers))
            except KafkaError:
                continue
            sending.add_done_callback(self._acknowledge)

    def _acknowledge(self, sending: "asyncio.Future[Any]") -> None:
        if not sending.cancelled() and sending.exception() is None:
            metadata = sending.result()
            self.acknowledged.add((metadata.topic, metadata.offset))

    async def _consent(self, producer: AIOKafkaProducer, known: Known) -> None:
        subject = next((one for one in known.newest() if one not in self.consented), None)
        if subject is None:
            return
        self.consented.add(subject)
        now = datetime.now(UTC)
        said = {
            "reason": "consent_given",
            "purpose": "contact",
            "text_version": "1",
            "given_on": str(now.date()),
        }
        command = envelope("", subject, now, "command.RecordConsent", said)
        command["source"] = f"/operators/{OPERATOR}"
        self.commands.append(command["id"])
        topic = topics.COMMANDS["intake"].named(OPERATOR, self.prefix)
        sent = record("", command)
        with suppress(KafkaError):
            await producer.send(topic, sent.value, sent.key, headers=list(sent.headers))
