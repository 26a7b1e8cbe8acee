"""Rows 7 to 11: broker and database are killed, stopped and away."""

import asyncio
import signal
from typing import Final

from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer
from tests.faults.registry import Run, row

BEFORE: Final = 3.0
AWAY: Final = 120.0
FROZEN: Final = 90.0


@row(7, "the broker is killed and started again", "alone")
async def broker_killed(run: Run) -> None:
    await _killed(run, run.bench.kafka, 2)


@row(8, "the broker is stopped in order and started again", "alone")
async def broker_stopped(run: Run) -> None:
    async with run.loaded():
        await asyncio.sleep(BEFORE)
        await run.bench.kafka.stop()
        await run.bench.kafka.start()
        run.did("1 stop")


@row(9, "the broker is away for minutes", "alone")
async def broker_away(run: Run) -> None:
    async with run.loaded() as world:
        await asyncio.sleep(BEFORE)
        await run.bench.kafka.kill()
        starts = [one.starts for one in world.running_replicas]
        await asyncio.sleep(AWAY)
        run.must(starts == [one.starts for one in world.running_replicas], "a service ended")
        await run.bench.kafka.start()
        run.did(f"{AWAY:.0f} s")


@row(10, "the database is killed in a transaction", "alone")
async def database_killed(run: Run) -> None:
    await _killed(run, run.bench.mongodb, 3)


@row(11, "the database is stopped for 90 s in a transaction", "alone")
async def database_frozen(run: Run) -> None:
    async with run.loaded():
        await asyncio.sleep(BEFORE)
        process = run.bench.mongodb.process
        if process is None:
            raise RuntimeError("the database does not run")
        process.signal(signal.SIGSTOP)
        await asyncio.sleep(FROZEN)
        process.signal(signal.SIGCONT)
        run.did(f"{FROZEN:.0f} s")


async def _killed(run: Run, server: KafkaServer | MongoServer, times: int) -> None:
    async with run.loaded():
        for _ in range(times):
            await asyncio.sleep(BEFORE)
            await server.kill()
            await server.start()
        run.did(f"{times} kills")
