"""Rows 1 to 6: processes are killed, stopped and multiplied."""

import asyncio
import signal
from collections.abc import Sequence
from typing import Final

from shared.contracts.topics import SERVICES, Service
from tests.faults.launcher import CONSUMER_POINTS, Flaw, Point
from tests.faults.registry import Run, row
from tests.faults.replica import Replica
from tests.faults.world import World

LEASE: Final = 10.0
SESSION: Final = 10.0
READERS: Final[tuple[Service, ...]] = ("intake", "notifications", "reporting")
STORM: Final = 30.0
EVERY: Final = 3.0


async def _dies_at(run: Run, world: World, service: Service, point: Point) -> None:
    """Restarts a service so that it kills itself at a point, and waits until it has been started again."""
    replica = world.of(service)
    revoked = point == "during_revoke"
    flaw = Flaw(point, passage=1 if revoked else run.chance.randint(1, 4))
    await replica.restart(flaw)
    starts = replica.starts
    if revoked:
        await replica.until_ready()
        second = await world.add(service)
        await replica.reached(starts + 1)
        await second.leave()
    else:
        await replica.reached(starts + 1)


@row(1, "a consumer is killed at a named point")
async def consumer_killed_at_points(run: Run) -> None:
    async with run.loaded() as world:

        async def at_each(service: Service, points: Sequence[Point]) -> None:
            for point in points:
                await _dies_at(run, world, service, point)

        # Matching takes long to start, and reads as the others do.
        few: Sequence[Point] = ("in_transaction", "during_revoke")
        backwards = CONSUMER_POINTS[::-1]
        await asyncio.gather(
            at_each("intake", CONSUMER_POINTS), at_each("reporting", backwards), at_each("matching", few)
        )
        run.did(f"{len(CONSUMER_POINTS)} points in 2 services, {len(few)} in a third")


@row(2, "kill -9 loop over every service")
async def kill_loop(run: Run) -> None:
    async with run.loaded() as world:
        for _ in range(run.bench.kills):
            await asyncio.sleep(run.chance.uniform(2, 5))
            await world.of(run.chance.choice(SERVICES)).kill()
        run.did(f"{run.bench.kills} kills")


@row(3, "the relay is killed: sent but not acknowledged, acknowledged but not deleted")
async def relay_killed(run: Run) -> None:
    points: tuple[Point, Point] = ("sent_not_acked", "acked_not_deleted")
    async with run.loaded() as world:
        for one, other in (points, points[::-1]):
            await asyncio.gather(
                _dies_at(run, world, "intake", one), _dies_at(run, world, "reporting", other)
            )
        run.did("4 kills")


async def _second(world: World, service: Service) -> Replica:
    replica = await world.add(service)
    await replica.until_ready()
    return replica


@row(4, "a relay is stopped past its lease and goes on")
async def relay_stopped(run: Run) -> None:
    async with run.loaded() as world:
        first = world.of("intake")
        second = await _second(world, "intake")
        await first.restart(Flaw("sent_not_acked", 3, signal.SIGSTOP))
        # Whoever leads now leaves, so that the flawed one does.
        await second.restart()
        await first.stopped()
        await asyncio.sleep(LEASE + 3)
        first.go_on()
        await asyncio.sleep(3)
        run.did(f"stopped in its transaction for {LEASE + 3:.0f} s")
        await second.leave()
        await first.restart()


@row(5, "a consumer is stopped past the session's end, in mid-batch")
async def consumer_stopped(run: Run) -> None:
    async with run.loaded() as world:
        first = world.of("intake")
        await first.restart(Flaw("before_commit", 4, signal.SIGSTOP))
        await first.stopped()
        second = await _second(world, "intake")
        await asyncio.sleep(SESSION + 4)
        first.go_on()
        await asyncio.sleep(3)
        run.did(f"stopped in its transaction for over {SESSION + 4:.0f} s")
        await second.leave()
        await first.restart()


@row(6, "rebalance storm: a replica joins or leaves")
async def rebalance_storm(run: Run) -> None:
    async with run.loaded() as world:
        extra: list[Replica] = []
        changes = 0
        for turn in range(int(STORM / EVERY)):
            service = READERS[turn % len(READERS)]
            leaving = next((one for one in extra if one.service == service), None)
            if leaving is None:
                extra.append(await world.add(service))
            else:
                extra.remove(leaving)
                await leaving.leave(killed=run.chance.random() < 0.5)
            changes += 1
            await asyncio.sleep(EVERY)
        await asyncio.gather(*(one.leave() for one in extra))
        run.did(f"{changes} changes, one every {EVERY:.0f} s")
