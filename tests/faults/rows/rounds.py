"""Row 32: consent is withdrawn, a guide lapses, capacity is taken, while rounds write."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from typing import Any, Final

from aiokafka import AIOKafkaProducer

from shared.contracts import topics
from shared.ids import new_subject
from tests.faults.load import OPERATOR
from tests.faults.people import envelope, record
from tests.faults.registry import Run, row
from tests.faults.world import PROGRAMME, World
from tests.support.cluster import Record, event, wait_until

ROUNDS: Final = 6
REFUGEES, GUIDES = 60, 40
CAPACITY: Final = 2


def _state(world: World, status: str, **more: Any) -> dict[str, Any]:
    return {
        "municipality": world.municipalities[0],
        "status": status,
        "participations": [
            {"programme": PROGRAMME, "pack_version": "1.0", "status": "ready", "ready_since": "2016-06-02"}
        ],
        "birth_year": 1985,
        "gender": "female",
        "languages": [{"code": "en", "level": "fluent"}],
        "household": {"adults": 1, "minors": 0},
        "availability": {"weekday_evening": 4},
        **more,
    }


class People:
    """Refugees and guides as intake would publish them, and who of them has left."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.revisions: dict[str, int] = {}
        self.gone: set[str] = set()

    def here(self, subject: str, capacity: int = CAPACITY) -> Record:
        """Ready, or approved with a capacity."""
        self.revisions[subject] = revision = self.revisions.get(subject, 0) + 1
        now = datetime.now(UTC)
        if subject.startswith("refugee"):
            return event("RefugeeReady", subject, _state(self.world, "ready"), now, revision=revision)
        state = _state(self.world, "approved", capacity=capacity)
        return event("VolunteerApproved", subject, state, now, revision=revision)

    def erased(self, subject: str) -> Record:
        """A null value."""
        self.gone.add(subject)
        return (topics.REFUGEES if subject.startswith("refugee") else topics.VOLUNTEERS), subject, None

    def left(self, subject: str) -> Record:
        """Consent withdrawn, or approval lapsed: whoever it is may not be paired from now on."""
        self.gone.add(subject)
        self.revisions[subject] = revision = self.revisions[subject] + 1
        name, status = (
            ("RefugeeWithdrawn", "withdrawn")
            if subject.startswith("refugee")
            else ("VolunteerUpdated", "lapsed")
        )
        state = {**_state(self.world, status), "participations": []}
        return event(name, subject, state, datetime.now(UTC), revision=revision)


@row(32, "consent withdrawn, guide lapsed, capacity taken while a round writes", "beside")
async def races(run: Run) -> None:
    async with run.own("matching", more={"PROPOSALS_PER_TRANSACTION": "5", "AGAIN_AFTER": "PT1S"}) as world:
        second = await world.add("matching")
        await second.until_ready()
        producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka)
        await producer.start()
        people = People(world)
        try:
            for _ in range(ROUNDS):
                refugees = [new_subject("refugee") for _ in range(REFUGEES)]
                guides = [new_subject("volunteer") for _ in range(GUIDES)]
                await _send(world, producer, [people.here(one) for one in (*refugees, *guides)])
                await world.until_healed()
                # Two rounds at once, on two replicas, while some of both sides leave or have less room.
                asked = [await _ask_round(world, producer) for _ in range(2)]
                for one in range(0, GUIDES, 4):
                    await _send(world, producer, [people.left(refugees[one]), people.left(guides[one])])
                    await _send(world, producer, [people.here(guides[one + 1], capacity=1)])
                    await _send(world, producer, [people.erased(refugees[one + 2])])
                    await asyncio.sleep(run.chance.uniform(0, 0.1))
                await _answered(world, asked)
        finally:
            await producer.stop()
        await world.until_healed()
        await _no_forbidden_pair(run, world, people)


async def _send(world: World, producer: AIOKafkaProducer, records: list[Record]) -> None:
    for topic, key, value in records:
        await producer.send_and_wait(world.prefix + topic.name, value, key.encode())


def round_asked(world: World, operator: str = OPERATOR) -> dict[str, Any]:
    """A command that asks for a round of the first municipality's pool."""
    municipality = world.municipalities[0]
    said = {"reason": "routine", "municipality": municipality, "programme": PROGRAMME}
    asked = envelope("", f"{municipality}/{PROGRAMME}", datetime.now(UTC), "command.RunRound", said)
    return {**asked, "source": f"/operators/{operator}"}


async def _ask_round(world: World, producer: AIOKafkaProducer) -> str:
    asked = round_asked(world)
    sent = record("", asked)
    topic = topics.COMMANDS["matching"].named(OPERATOR, world.prefix)
    await producer.send_and_wait(topic, sent.value, sent.key, headers=list(sent.headers))
    return str(asked["id"])


async def _answered(world: World, asked: list[str]) -> None:
    async def final() -> bool:
        replies = [set(world.observer.replies.get(one, {}).values()) for one in asked]
        return all("no.kobling.CommandAccepted.v1" in one for one in replies)

    await wait_until(final, "the rounds' replies", within=60)


async def _no_forbidden_pair(run: Run, world: World, people: People) -> None:
    pairs = [one async for one in world.databases["matching"]["pairs"].find({"open": True})]
    receiving = Counter(one["receiving"] for one in pairs)
    giving = Counter(one["giving"] for one in pairs)
    verdict = run.result.verdict
    verdict.broken("pairs", "with somebody who left", sorted((receiving | giving).keys() & people.gone))
    verdict.twice("pairs", "a refugee", [one for one, count in receiving.items() if count > 1])
    # Capacity that falls ends no pair that was proposed before.
    verdict.twice("pairs", "a guide's capacity", [one for one, count in giving.items() if count > CAPACITY])
    run.must(len(pairs) > REFUGEES, f"only {len(pairs)} pairs: the rounds hardly raced")
    run.did(f"{ROUNDS} x 2 rounds, {len(people.gone)} left, {len(pairs)} pairs open")
