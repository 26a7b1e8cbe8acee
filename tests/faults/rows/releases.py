"""Rows 20, 27, 30 and 31: replicas that differ in clock or release, and what is not built yet."""

import asyncio
import time
from typing import Final

from shared.contracts.topics import SERVICES, Service
from tests.faults.launcher import Flaw
from tests.faults.registry import NotRun, Run, row
from tests.faults.replica import Replica

SKEWS: Final = ("PT10M", "-PT10M")
TURNS: Final = 4
TURN: Final = 4.0
HALT_WITHIN: Final = 120.0


@row(20, "replicas' clocks are 10 min ahead and behind")
async def skewed_clocks(run: Run) -> None:
    async with run.loaded() as world:
        skewed = [await world.add("intake", CLOCK_OFFSET=skew) for skew in SKEWS]
        await asyncio.gather(*(one.until_ready() for one in skewed))
        for turn in range(TURNS):
            # Whoever leaves hands its cases to one with another clock.
            await [world.of("intake"), *skewed][turn % 3].restart()
            await asyncio.sleep(TURN)
        await asyncio.gather(*(one.leave() for one in skewed))
        run.did(f"3 replicas, {TURNS} changes of hands")


@row(27, "old and new schema versions mixed, in a rolling restart")
async def mixed_versions(run: Run) -> None:
    async with run.loaded() as world:
        for service in SERVICES:
            newer = await world.add(service, Flaw(newer=True))
            await newer.until_ready()
            await asyncio.sleep(2)
            await world.of(service).restart()
            await newer.leave()
    newer_records = world.observer.from_newer
    run.must(newer_records > 0, "nothing was written by the newer release")
    run.did(f"{len(SERVICES)} services forth and back, {newer_records} records of a newer release")


@row(30, "erasure in flight, then replay and an old dump")
async def erasure(run: Run) -> None:
    raise NotRun("there is no command ErasePerson and no topic erasures.v1 yet")


async def _until_halted(replica: Replica, subscription: str) -> None:
    deadline = time.monotonic() + HALT_WITHIN
    while "died" not in (await replica.causes() or {}).get(subscription, ""):
        if time.monotonic() > deadline:
            raise TimeoutError(f"{replica.name} did not halt {subscription}")
        await asyncio.sleep(0.2)


@row(31, "a release that raises on every record")
async def bad_release(run: Run) -> None:
    async with run.loaded() as world:
        # Matching first: a halted intake sends it nothing.
        bad: tuple[tuple[Service, str], ...] = (("matching", "refugees"), ("intake", "settlements"))
        for service, subscription in bad:
            await world.of(service).restart(Flaw(raises="*"))
            await _until_halted(world.of(service), subscription)
        await asyncio.gather(*(world.of(service).restart() for service, _ in bad))
        run.did(f"{len(bad)} services halted")
