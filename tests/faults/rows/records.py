"""Rows 23 to 26: poison, collisions, dead letters that are run again, and a topic made anew."""

import asyncio
from datetime import UTC, datetime, timedelta
from statistics import median
from typing import Any, Final

from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient

from kobling.administration import ensure_topics
from shared.contracts import topics
from shared.contracts.fields import format_instant
from tests.faults.launcher import Flaw, Point
from tests.faults.load import OPERATOR
from tests.faults.observer import DeadLetter
from tests.faults.people import envelope, record
from tests.faults.registry import Run, row
from tests.faults.world import ORGANISATIONS, World
from tests.support.cluster import event, wait_until

BETWEEN: Final = 99
"""Sound records after each of poison."""
BEHIND_POISON: Final = 5.0
"""Seconds by which poison may delay what stands behind it."""
PACE: Final = 150.0
"""Records a second."""
FLAWED: Final = "FLAWED"


@row(23, "a topic is deleted and made again under load", "beside")
async def topic_made_anew(run: Run) -> None:
    async with run.own() as world:
        async with world.load.under(run.bench.rate, world.observer):
            await asyncio.sleep(5)
        await world.until_healed()
        doomed = [world.settlements[0], f"{world.prefix}refugees.v1"]
        left = world.load.only(world.municipalities[1:])
        await world.observer.stop()
        async with left.under(run.bench.rate):
            await _delete(world, doomed)
            await asyncio.sleep(5)
            for name in doomed:
                await world.begin_anew(name.removeprefix(world.prefix), run.bench.kafka.data)
            await ensure_topics(
                world.servers.cluster, world.municipalities, list(ORGANISATIONS), prefix=world.prefix
            )
            await world.observer.start()
            async with world.load.under(run.bench.rate, world.observer):
                await asyncio.sleep(8)
        unread = {service: len(records) for service, records in world.observer.unread.items()}
        told = ", ".join(f"{service} {count}" for service, count in unread.items()) or "none"
        run.did(f"a municipality's topic and refugees.v1; records deleted unread: {told}")


async def _delete(world: World, names: list[str]) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=world.servers.kafka)
    await admin.start()
    try:
        await admin.delete_topics(names)
    finally:
        await admin.close()


@row(24, "the poison corpus, one record in 100")
async def poison_corpus(run: Run) -> None:
    async with run.shared() as world:
        before = set(world.observer.oracle.expected)
        async with world.load.producer() as producer:
            for poison in [*world.load.poison(), *world.load.odd()]:
                await world.load.send(producer, [poison])
                for one in world.load.some(BETWEEN):
                    await world.load.send(producer, [one])
                    await asyncio.sleep(1 / PACE)
        await world.until_healed()
        observer = world.observer
        fresh = {place: one for place, one in observer.oracle.expected.items() if place not in before}
        dead = [place for place, one in fresh.items() if one.outcome == "rejected"]
        behind = {(topic, offset + 1) for topic, offset in dead}
        worst = max(observer.delays.get(place, 0.0) for place in behind)
        usual = median(observer.delays[place] for place in fresh.keys() - behind if place in observer.delays)
        run.must(worst - usual < BEHIND_POISON, f"poison delayed what was behind it by {worst - usual:.1f} s")
        run.did(f"{len(dead)} dead; receipts behind one within {worst:.2f} s, half of all in {usual:.2f} s")


@row(25, "dead letters are run again, and the service is killed meanwhile", "beside")
async def redrive_killed(run: Run) -> None:
    points: tuple[Point, ...] = ("in_transaction", "before_commit", "after_commit", "sent_not_acked")
    async with run.own() as world:
        intake = world.of("intake")
        await intake.restart(Flaw(raises=FLAWED))
        events = await _flawed_settlements(world, len(points))

        async def died() -> list[str]:
            found = [
                id_ for id_, letter in world.observer.dead.items() if letter.code == "unhandled_exception"
            ]
            return found if len(found) == len(points) else []

        letters = await wait_until(died, "the flawed records' dead letters")
        commands = []
        for letter, point in zip(letters, points, strict=True):
            await intake.restart(Flaw(point))
            starts = intake.starts
            commands.append(await _send_command(world, "RedriveDeadLetter", letter, {"reason": "mended"}))
            await intake.reached(starts + 1)

        async def answered() -> bool:
            return all(world.observer.replies.get(id_) for id_ in commands)

        await wait_until(answered, "replies", within=60)
        replies = [set(world.observer.replies[id_].values()) for id_ in commands]
        run.must(all(one == {"no.kobling.CommandAccepted.v1"} for one in replies), f"replies {replies}")
        caused = [len(world.observer.caused.get(id_, ())) for id_ in events]
        run.result.verdict.lost += caused.count(0)
        run.result.verdict.doubled += sum(count > 1 for count in caused)
        run.must(caused == [1] * len(events), f"states caused by what was run again: {caused}")
        run.did(f"{len(points)} redrives, killed at {', '.join(points)}")


async def _flawed_settlements(world: World, count: int) -> list[str]:
    """Sends settlements that a flawed release can't handle; returns their events' ids."""
    (town, *_) = world.load.towns
    documents = [{**town.fresh(), "subject": f"{FLAWED}-{number}"} for number in range(count)]
    async with world.load.producer() as producer:
        sent = [record(town.municipality, one).expecting("unhandled_exception") for one in documents]
        await world.load.send(producer, sent)
        await world.load.send(producer, world.load.some(20, "new"))
    return [one["id"] for one in documents]


async def _send_command(world: World, name: str, subject: str, data: dict[str, Any]) -> str:
    command = envelope("", subject, datetime.now(UTC), f"command.{name}", data)
    command["source"] = f"/operators/{OPERATOR}"
    sent = record("", command)
    async with world.load.producer() as producer:
        topic = topics.COMMANDS["intake"].named(OPERATOR, world.prefix)
        await producer.send_and_wait(topic, sent.value, sent.key, headers=list(sent.headers))
    return str(command["id"])


@row(26, "id collisions, stale revisions, dates ahead")
async def collisions(run: Run) -> None:
    async with run.shared() as world:
        (town, *_) = world.load.towns
        tomorrow = (datetime.now(UTC) + timedelta(days=2)).date().isoformat()
        ahead = town.fresh()
        ahead["data"]["settled_on"] = tomorrow
        future = town.fresh()
        future["time"] = format_instant(datetime.now(UTC) + timedelta(minutes=6))
        async with world.load.producer() as producer:
            for kind in ("new", "collision", "stale", "duplicate"):
                await world.load.send(producer, world.load.some(20, kind))
            await world.load.send(
                producer,
                [
                    record(town.municipality, ahead).expecting("date_in_future"),
                    record(town.municipality, future).expecting("time_in_future"),
                ],
            )
    await _rogue_writer(run)
    run.did("20 collisions, 20 stale, 2 ahead; an older revision, a collision on a log topic")


async def _rogue_writer(run: Run) -> None:
    """A writer that breaks the rules of internal topics: readers hold, and say so by dead letters."""
    world = run.world("reporting")
    now = datetime.now(UTC)
    subject = "refugee-aaaaaaaaaaaaaaaaaaaaaaaa"
    state = {"municipality": world.municipalities[0], "status": "settled"}
    newer, older = (event("RefugeeSettled", subject, state, now, revision=revision) for revision in (2, 1))
    pool = f"{world.municipalities[0]}/flyktningguide-bergen"
    said = {
        "round": "round-aaaaaaaaaaaaaaaaaaaaaaaa",
        "municipality": world.municipalities[0],
        "programme": "flyktningguide-bergen",
        "pack_version": "1.0",
    }
    async with world.running():
        producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka)
        await producer.start()
        try:
            for topic, key, value in (newer, older):
                await producer.send_and_wait(world.prefix + topic.name, value, key.encode())
            for started in (1, 2):
                topic, key, value = event(
                    "RoundCompleted", pool, {**said, "total": started}, now, event_id="same"
                )
                await producer.send_and_wait(world.prefix + topic.name, value, key.encode())
        finally:
            await producer.stop()
        await world.until_healed()
        outcomes = await world.outcomes()
        run.result.outcomes += outcomes
        run.must((outcomes["applied"], outcomes["stale"]) == (1, 1), f"an older revision: {dict(outcomes)}")
        letters: list[DeadLetter] = list(world.observer.dead.values())
        run.must(bool(letters), "no dead letter raised the alarm")
