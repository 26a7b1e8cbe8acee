"""A crash at every single await of a batch and of a relay, each followed by what comes after a crash."""

import asyncio

import pytest

from tests.property.checks import check, check_drained
from tests.property.model import Entry
from tests.property.process import Cut
from tests.property.world import World


def story(world: World, example: str) -> dict[str, list[Entry]]:
    """Two topics with every kind of record: new, next, repeated, collided, late, refused, withdrawn."""
    here, there = (f"{world.corner.prefix}settlements.{example}-{owner}.v1" for owner in "ab")
    case, other = f"{example}-1", f"{example}-2"
    return {
        here: [
            Entry(here, case, "first", 10),
            Entry(here, case, "first", 10),
            Entry(here, case, "first", 10, text="b"),
            Entry(here, case, "second", 11, "withdrawn"),
            Entry(here, case, "late", 5),
            Entry(here, case, "third", 12),
        ],
        there: [
            Entry(there, other, "first", 10, "refused"),
            Entry(there, other, "first", 10),
            Entry(there, other, "none", 0, "nonsense"),
            Entry(there, other, "second", 10),
        ],
    }


@pytest.mark.parametrize("end", ["killed", "cancelled", "cancelled in flight", "overtaken"])
def test_a_batch_stops_at_each_await(runner: asyncio.Runner, world: World, end: str) -> None:
    async def all_points() -> int:
        await world.open(kafka=False)
        first, second = world.replicas
        at = 0
        while True:
            at += 1
            logs = story(world, await world.begin())
            batch = [entry.raw(offset) for log in logs.values() for offset, entry in enumerate(log)]
            ended = await world.deliver(first, batch, Cut(at, answered=end != "cancelled in flight"))
            if not ended:
                match end:
                    case "killed":
                        await world.kill_batch(first)
                    case "overtaken":
                        assert await world.deliver(second, batch)
                        await check(world, logs)
                        await world.resume(first)
                    case _:
                        await world.cancel(first)
            if not ended and end == "killed":
                upto = await check(world, logs)
                assert set(upto.values()) == {0} or upto == {topic: len(log) for topic, log in logs.items()}
            assert await world.deliver(second, batch)
            assert await check(world, logs) == {topic: len(log) for topic, log in logs.items()}
            if ended:
                return at - 1

    print(f"{end} at each of {runner.run(all_points())} awaits of a batch")


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "asked"])
def test_a_relay_stops_at_each_await(runner: asyncio.Runner, world: World, answered: bool) -> None:
    """Another one takes over and sends newer revisions and a tombstone; then the first one wakes."""

    async def all_points() -> int:
        await world.open(kafka=True)
        first, second = world.replicas
        at = 0
        while True:
            at += 1
            logs = story(world, await world.begin())
            batch = [entry.raw(offset) for log in logs.values() for offset, entry in enumerate(log)]
            (here, log), _ = logs.items()
            await world.deliver(first, batch)
            ended = await world.relay(first, Cut(at, answered=answered))
            log.append(Entry(here, log[0].subject, "fourth", 13))
            log.append(Entry(here, log[0].subject, "fifth", 14, "withdrawn"))
            await world.deliver(second, [entry.raw(offset) for offset, entry in enumerate(log)])
            assert await world.relay(second)
            await check_drained(world, logs)
            if ended:
                return at - 1
            await world.wake(first)
            await check_drained(world, logs)

    print(f"{runner.run(all_points())} awaits of a relay")
