"""A crash at every single await of a batch and of a relay, each followed by what comes after a crash."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from itertools import count

import pytest

from tests.property.checks import check, check_drained
from tests.property.model import Entry
from tests.property.process import Cut
from tests.property.scale import SCALE
from tests.property.world import World

LANES = 4


def story(world: World, example: str) -> dict[str, list[Entry]]:
    """Two topics with every kind of record: new, next, repeated, collided, late, refused, withdrawn."""
    here, there = world.topics()
    case, other = f"{example}-1", f"{example}-2"
    return {
        here: [
            Entry(here, case, "first", 10),
            Entry(here, case, "first", 10),
            Entry(here, case, "first", 10, text="b"),
            Entry(here, case, "second", 11, "withdrawn"),
            Entry(here, case, "late", 5),
        ],
        there: [
            Entry(there, other, "first", 10, "refused"),
            Entry(there, other, "first", 10),
            Entry(there, other, "none", 0, "nonsense"),
            Entry(there, other, "second", 10),
        ],
    }


async def sweep(
    worlds: Sequence[World], trial: Callable[[World, int], Awaitable[bool]], step: int = 1
) -> int:
    """Cuts trials at 1, 2, 3 … until as many as there are worlds end uncut; returns how many were cut.

    Several worlds share the numbers: a trial mostly waits for the servers. aiokafka waits now once more, now
    once less, so the first trial that ends is not always the last that could be cut.
    """
    numbers, ended, cut = count(1, step), 0, 0

    async def lane(world: World) -> None:
        nonlocal ended, cut
        while ended < len(worlds):
            if await trial(world, next(numbers)):
                ended += 1
            else:
                cut += 1

    async with asyncio.TaskGroup() as group:
        for world in worlds:
            group.create_task(lane(world))
    return cut


@pytest.mark.parametrize("end", ["killed", "cancelled", "cancelled in flight", "overtaken"])
def test_a_batch_stops_at_each_await(
    runner: asyncio.Runner, new_world: Callable[[], World], end: str
) -> None:
    async def trial(world: World, at: int) -> bool:
        first, second = world.replicas
        logs = story(world, await world.begin())
        whole = {topic: len(log) for topic, log in logs.items()}
        batch = [entry.raw(offset) for log in logs.values() for offset, entry in enumerate(log)]
        ended = await world.deliver(first, batch, Cut(at, answered=end != "cancelled in flight"))
        if not ended:
            match end:
                case "killed":
                    await world.kill_batch(first)
                    assert await check(world, logs) in (whole, dict.fromkeys(logs, 0))
                case "overtaken":
                    assert await world.deliver(second, batch)
                    await world.resume(first)
                case _:
                    await world.cancel(first)
        assert await world.deliver(second, batch)
        assert await check(world, logs) == whole
        return ended

    async def all_points() -> int:
        worlds = await opened(new_world, kafka=False)
        return await sweep(worlds, trial)

    points = runner.run(all_points())
    assert points > 10
    print(f"a batch {end} at each of {points} awaits")  # noqa: T201 (the figure)


@pytest.mark.parametrize("answered", [True, False], ids=["answered", "asked"])
def test_a_relay_stops_at_each_await(
    runner: asyncio.Runner, new_world: Callable[[], World], answered: bool
) -> None:
    """Another one takes over and sends newer revisions and a tombstone; then the first one wakes."""

    async def trial(world: World, at: int) -> bool:
        first, second = world.replicas
        logs = story(world, await world.begin())
        batch = [entry.raw(offset) for log in logs.values() for offset, entry in enumerate(log)]
        (here, log), _ = logs.items()
        await world.deliver(first, batch)
        ended = await world.relay(first, Cut(at, answered=answered))
        log.append(Entry(here, log[0].subject, "third", 13))
        log.append(Entry(here, log[0].subject, "fourth", 14, "withdrawn"))
        await world.deliver(second, [entry.raw(offset) for offset, entry in enumerate(log)])
        assert await world.relay(second)
        await check_drained(world, logs)
        if not ended:
            await world.wake(first)
            await check_drained(world, logs)
        return ended

    async def all_points() -> int:
        return await sweep(await opened(new_world, kafka=True), trial, step)

    # To have asked MongoDB is to be answered by it; only what waits in aiokafka's queues makes a difference.
    step = 1 if answered or SCALE > 1 else 3
    points = runner.run(all_points())
    assert points > 30 // step
    print(f"a relay that has {'been answered' if answered else 'asked'} at each of {points} awaits")  # noqa: T201 (the figure)


async def opened(new_world: Callable[[], World], *, kafka: bool) -> list[World]:
    worlds = [new_world() for _ in range(LANES)]
    for world in worlds:
        await world.open(kafka=kafka)
    return worlds
