"""Rows 21 and 22: offsets are set back and set forward with Kafka's own tool."""

import asyncio
import os
import re
import sys
from typing import Final

from deploy.local.kafka_tools import KafkaTools
from shared.contracts.topics import Service
from tests.faults.invariants import READS
from tests.faults.registry import NotRun, Run, row
from tests.faults.world import World
from tests.support.cluster import wait_until

REPLAYS: Final = 2
SKIPPED: Final = re.compile(r"^kobling_offsets_skipped_total\{.*\} ([0-9.e+]+)$", re.MULTILINE)


async def _state_hash(world: World, service: Service) -> str:
    """What `kobling state-hash` says."""
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "kobling",
        "state-hash",
        service,
        env={**os.environ, **world.replicas[f"{service}-1"].settings},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    said, failed = await process.communicate()
    if b"invalid choice: 'state-hash'" in failed:
        raise NotRun("there is no command `kobling state-hash` yet")
    if process.returncode != 0:
        raise RuntimeError(failed.decode())
    return said.decode().strip()


async def _state_hashes(world: World) -> dict[Service, str]:
    return {service: await _state_hash(world, service) for service in world.services}


def _groups(world: World, service: Service) -> list[str]:
    return [f"{world.prefix}{service}.{stem.partition('.')[0]}" for stem in READS[service]]


async def _reset(world: World, groups: list[str], where: str) -> None:
    named = [word for group in groups for word in ("--group", group)]
    tools = KafkaTools(world.servers.cluster)
    await asyncio.to_thread(
        tools.consumer_groups, *named, "--reset-offsets", where, "--all-topics", "--execute"
    )


@row(21, "every topic is replayed twice with Kafka's own tool", "beside")
async def full_replay(run: Run) -> None:
    async with run.own() as world:
        before = await _state_hashes(world)
        async with world.load.under(run.bench.rate, world.observer):
            await asyncio.sleep(10)
        await world.until_healed()
        before = await _state_hashes(world)
        groups = [group for service in world.services for group in _groups(world, service)]
        for _ in range(REPLAYS):
            await asyncio.gather(*(one.leave() for one in world.running_replicas))
            await _reset(world, groups, "--to-earliest")
            await asyncio.gather(*(one.start() for one in world.replicas.values()))
            await asyncio.gather(*(one.until_ready() for one in world.replicas.values()))
            await world.until_healed()
            after = await _state_hashes(world)
            changed = [service for service in world.services if after[service] != before[service]]
            run.must(not changed, f"a replay changed the state of {', '.join(changed)}")
        run.did(f"{REPLAYS} replays of {len(groups)} groups")


@row(22, "offsets are skipped to the latest", "beside")
async def offsets_skipped(run: Run) -> None:
    world = run.world("intake", "matching")
    async with world.running():
        matching = world.of("matching")
        if "kobling_offsets_skipped_total" not in await matching.metrics():
            raise NotRun("there is no alarm `kobling_offsets_skipped_total` yet")
        async with world.load.under(run.bench.rate):
            await asyncio.sleep(4)
        await world.until_healed()
        await matching.leave()
        async with world.load.under(run.bench.rate):
            await asyncio.sleep(4)

        async def sent() -> bool:
            return await world.databases["intake"]["outbox"].count_documents({}) == 0

        await wait_until(sent, "an empty outbox")
        skipped = sum((await world.lag()).values())
        await _reset(world, _groups(world, "matching"), "--to-latest")
        await matching.start()
        await matching.until_ready()
        await world.until_healed()

        async def counted() -> float:
            return sum(float(count) for count in SKIPPED.findall(await matching.metrics()))

        await wait_until(counted, "the alarm")
        run.must(skipped > 0, "nothing was skipped")
        run.must(
            await counted() == skipped, f"{skipped} offsets were skipped, the alarm says {await counted()}"
        )
        run.result.outcomes += await world.outcomes()
        run.did(f"{skipped} offsets")
