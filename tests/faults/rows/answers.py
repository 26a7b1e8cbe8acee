"""Row 38: a thousand answers come while rounds run on two replicas, and both are killed again and again."""

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from signal import SIGKILL
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from shared.clock import local_day
from shared.contracts import topics
from shared.ids import new_subject
from tests.faults.answered import Told, check_answers, read_events
from tests.faults.launcher import Flaw, Point
from tests.faults.people import envelope, record
from tests.faults.registry import Run, row
from tests.faults.rows.rounds import CAPACITY, People, round_asked
from tests.faults.world import ORGANISATIONS, World
from tests.support.cluster import wait_until

REFUGEES, GUIDES = 620, 330
FIRST_PROPOSALS, ANSWERS, KILLS = 500, 1_000, 8
BURST: Final = 25
"""Answers that are in flight at once, each operator's on a topic of its own."""
EVERY: Final = 0.4
LATECOMERS: Final = 6
POINTS: tuple[Point, ...] = ("in_transaction", "before_commit", "after_commit", "sent_not_acked")
SETTINGS: Final = {"PROPOSALS_PER_TRANSACTION": "20", "AGAIN_AFTER": "PT1S"}
ALL_WITHIN: Final = 240.0
DIES_WITHIN: Final = 12.0


@dataclass(slots=True)
class _Answering:
    """Operators who answer each proposal that they find for both sides, and ask for rounds meanwhile."""

    run: Run
    world: World
    producer: AIOKafkaProducer
    people: People
    told: Told = field(default_factory=Told)
    _seen: set[str] = field(default_factory=set)
    _waiting: list[tuple[str, dict[str, Any]]] = field(default_factory=list)

    async def send(self, operator: str, command: dict[str, Any]) -> None:
        """Hands a command to the producer, and does not wait for the broker."""
        self.told.commands[command["id"]] = command
        sent = record("", command)
        topic = topics.COMMANDS["matching"].named(operator, self.world.prefix)
        await self.producer.send(topic, sent.value, sent.key, headers=list(sent.headers))

    async def ask_round(self) -> None:
        """Asks for a round, as any operator."""
        operator = self.run.chance.choice(list(ORGANISATIONS))
        await self.send(operator, round_asked(self.world, operator))

    async def come(self, refugees: int, guides: int) -> None:
        """New people wait."""
        fresh = [new_subject("refugee") for _ in range(refugees)]
        fresh += [new_subject("volunteer") for _ in range(guides)]
        for topic, key, value in map(self.people.here, fresh):
            await self.producer.send(self.world.prefix + topic.name, value, key.encode())
        await self.producer.flush()

    async def go_on(self) -> None:
        """Finds new proposals, and sends the next answers."""
        pairs = self.world.databases["matching"]["pairs"]
        async for pair in pairs.find({"status": "proposed"}, {"_id": 1}):
            if pair["_id"] not in self._seen:
                self._seen.add(pair["_id"])
                self._waiting += self._answers(pair["_id"])
        self.run.chance.shuffle(self._waiting)
        now, self._waiting = self._waiting[:BURST], self._waiting[BURST:]
        for operator, command in now:
            await self.send(operator, command)

    def _answers(self, pair: str) -> list[tuple[str, dict[str, Any]]]:
        """Both sides' answers; some are sent twice, and of some sides both a yes and a no."""
        chance, found = self.run.chance, []
        for side in ("receiving", "giving"):
            accept = chance.random() < 0.85
            said = [accept, not accept] if chance.random() < 0.05 else [accept]
            for accepts in said:
                operator = chance.choice(list(ORGANISATIONS))
                command = _answer(pair, operator, side, accept=accepts)
                found += [(operator, command)] * (2 if chance.random() < 0.1 else 1)
        return found


def _answer(pair: str, operator: str, side: str, *, accept: bool) -> dict[str, Any]:
    now = datetime.now(UTC)
    said = {"reason": "told", "side": side, "accept": accept, "answered_on": str(local_day(now))}
    return {**envelope("", pair, now, "command.AnswerProposal", said), "source": f"/operators/{operator}"}


@row(38, "a thousand answers while two replicas run rounds, both killed again and again", "beside")
async def answers_under_kills(run: Run) -> None:
    async with run.own("matching", more=SETTINGS) as world:
        second = await world.add("matching")
        await second.until_ready()
        producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka, acks="all", linger_ms=2)
        await producer.start()
        answering = _Answering(run, world, producer, People(world))
        try:
            await answering.come(REFUGEES, GUIDES)
            await world.until_healed()
            await _answer_while_killed(run, answering)
        finally:
            await producer.stop()
        await _until_answered(world, answering.told)
        await world.until_healed()
        told = answering.told
        told.replies = await read_events(world, [topics.REPLIES.named(one) for one in ORGANISATIONS])
        told.states = await read_events(world, [topics.PAIRS.name])
        pairs = [one async for one in world.databases["matching"]["pairs"].find({})]
        check_answers(run.result.verdict, told, pairs, CAPACITY)
        run.must(len(told.answers()) >= ANSWERS, f"only {len(told.answers())} answers")
        run.did(f"{len(told.answers())} answers, {len(told.rounds())} rounds, {len(pairs)} proposals")
        run.did(f"{sum(one.starts - 1 for one in world.replicas.values())} kills")


async def _answer_while_killed(run: Run, answering: _Answering) -> None:
    """Two rounds at once, then answers with further rounds, as kills go on."""
    world, told, loop = answering.world, answering.told, asyncio.get_running_loop()
    killing = asyncio.create_task(_kill(run, world))
    deadline = loop.time() + ALL_WITHIN
    try:
        for _ in range(2):
            await answering.ask_round()

        async def many() -> bool:
            return await world.databases["matching"]["pairs"].count_documents({}) >= FIRST_PROPOSALS

        await wait_until(many, "the first proposals", within=ALL_WITHIN)
        while loop.time() < deadline and (len(told.answers()) < ANSWERS or not killing.done()):
            await answering.go_on()
            if run.chance.random() < 0.15:
                await answering.come(LATECOMERS, LATECOMERS // 2)
                await answering.ask_round()
            await asyncio.sleep(EVERY)
        await killing
    finally:
        killing.cancel()
        await asyncio.gather(killing, return_exceptions=True)


async def _kill(run: Run, world: World) -> None:
    """Kills either replica, and every other time what is started then too, at a passage of a named point."""
    for number in range(KILLS):
        await asyncio.sleep(run.chance.uniform(1, 4))
        replica = run.chance.choice(world.running_replicas)
        if number % 2:
            await replica.kill()
        else:
            starts = replica.starts
            flaw = Flaw(run.chance.choice(POINTS), run.chance.randint(1, 6), SIGKILL)
            await replica.restart(flaw, killed=True)
            with suppress(TimeoutError):
                async with asyncio.timeout(DIES_WITHIN):
                    await replica.reached(starts + 2)


async def _until_answered(world: World, told: Told) -> None:
    """Waits until every command has a reply that is not `CommandPending`."""
    pending = "no.kobling.CommandPending.v1"

    async def final() -> bool:
        seen = world.observer.replies
        return all(set(seen.get(one, {}).values()) - {pending} for one in told.commands)

    await wait_until(final, "the replies to all commands", within=ALL_WITHIN)
