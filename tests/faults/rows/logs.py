"""Row 33: a log loses its end, and grows again."""

import asyncio
import re
import shutil
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from deploy.local.kafka import KafkaServer
from tests.faults.registry import Run, row
from tests.faults.world import World

TRUNCATED: Final = re.compile(r"^kobling_offsets_truncated_total\{.*\} ([0-9.e+]+)$", re.MULTILINE)
SECONDS: Final = 4.0


@row(33, "a log ends before what was committed, and grows past it", "beside")
async def log_truncated(run: Run) -> None:
    directory = run.bench.directory / "truncated"
    server = KafkaServer(directory / "kafka", directory / "logs")
    await server.start()
    try:
        async with run.own(kafka=server.address) as world:
            log = directory / "kafka" / "data" / f"{world.settlements[0]}-0"
            await _handled(run, world)
            running = await _lose_end(run, world, server, log)
            await _handled(run, world)
            intake = world.of("intake")
            stopped = await _lose_end(run, world, server, log, intake_runs=False)
            async with world.load.under(run.bench.rate, world.observer):
                # Longer than it was before intake looks.
                await asyncio.sleep(3 * SECONDS)
                await intake.start()
                await intake.until_ready()
            await world.until_healed()
            alarm = sum(float(count) for count in TRUNCATED.findall(await intake.metrics()))
            run.must(alarm == running + stopped, f"the alarm says {alarm}, lost were {running} + {stopped}")
            run.did(f"{running} offsets lost under a running service, {stopped} under one that was stopped")
    finally:
        await server.stop()


async def _handled(run: Run, world: World) -> None:
    async with world.load.under(run.bench.rate, world.observer):
        await asyncio.sleep(SECONDS)
    await world.until_healed()


async def _lose_end(
    run: Run, world: World, server: KafkaServer, log: Path, *, intake_runs: bool = True
) -> int:
    """Puts a partition back to before the last records, which were handled; returns how many these are.

    What an election of a replica that lagged leaves, or a broker whose disk came back from a backup: the
    group's offsets, which are in a log of their own, are kept.
    """
    backup = log.parents[2] / "backup"
    await server.stop()
    shutil.copytree(log, backup)
    await server.start()
    await world.until_healed()
    await _handled(run, world)
    before = await _end(world)
    if not intake_runs:
        await world.of("intake").leave()
    await world.observer.stop()
    await server.stop()
    shutil.rmtree(log)
    shutil.move(backup, log)
    await server.start()
    after = await _end(world)
    world.observer.truncated(world.settlements[0].removeprefix(world.prefix), after)
    await world.observer.start()
    return before - after


async def _end(world: World) -> int:
    """The settlements' log's end."""
    partition = TopicPartition(world.settlements[0], 0)
    consumer = AIOKafkaConsumer(bootstrap_servers=world.servers.kafka)
    await consumer.start()
    try:
        return int((await consumer.end_offsets([partition]))[partition])
    finally:
        await consumer.stop()
