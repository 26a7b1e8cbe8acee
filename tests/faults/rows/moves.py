"""Rows 34 and 35: all brokers come back elsewhere; for a while the database is no replica set."""

import asyncio
from pathlib import Path
from typing import Final

from deploy.local.mongodb import PARAMETERS, REPLICA_SET, find_mongod, initiate
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_mongodb
from tests.faults.proxy import Proxy
from tests.faults.registry import NotRun, Run, row
from tests.faults.rows.members import WITHIN
from tests.faults.world import World

BEFORE: Final = 3.0
SEEN_WITHIN: Final = 60.0


@row(34, "all brokers come back under another address", "alone")
async def brokers_move(run: Run) -> None:
    here, server = run.bench.wires["intake"].kafka, run.bench.kafka
    there = Proxy(target=here.target)
    # Both addresses, as a name would resolve to the one and later to the other.
    places = f"{LOOPBACK}:{here.port},{LOOPBACK}:{there.port}"
    try:
        async with run.own(more={"KAFKA": places}) as world:
            async with world.load.under(run.bench.rate, world.observer):
                await asyncio.sleep(BEFORE)
                starts = [one.starts for one in world.running_replicas]
                await here.stop()
                await server.kill()
                server.advertise(here.port, there.port)
                await there.start()
                await server.start()
                await asyncio.sleep(BEFORE)
            await world.until_healed()
            run.must(starts == [one.starts for one in world.running_replicas], "a service ended")
        run.did("1 move")
    finally:
        await there.stop()
        await server.stop()
        server.advertise(here.port, here.port)
        await here.start()
        await server.start()


@row(35, "the database's server is standalone, then outside its replica set, then mended", "beside")
async def server_without_its_set(run: Run) -> None:
    directory = run.bench.directory / "moves"
    (port,) = free_ports(1)
    uri = f"mongodb://{LOOPBACK}:{port}/?directConnection=true"
    in_set = ("--replSet", REPLICA_SET)
    first = await _start(directory, port, *in_set)
    servers = [first]
    try:
        await initiate(port)
        await wait_for_mongodb(uri, within=WITHIN)
        async with run.own(mongodb=uri) as world:
            async with world.load.under(run.bench.rate, world.observer):
                await asyncio.sleep(BEFORE)
                starts = [one.starts for one in world.running_replicas]
                for options, state in (((), "Standalone"), (("--replSet", "another"), "RSGhost")):
                    await servers[-1].kill()
                    servers.append(await _start(directory, port, *options))
                    await _until_named(run, world, f"{LOOPBACK}:{port} is {state}")
                await servers[-1].kill()
                servers.append(await _start(directory, port, *in_set))
                await wait_for_mongodb(uri, within=WITHIN)
            await world.until_healed()
            run.must(starts == [one.starts for one in world.running_replicas], "a service ended")
        run.did("2 servers")
    finally:
        for server in servers:
            await server.kill()


async def _start(directory: Path, port: int, *options: str) -> ServerProcess:
    binary = find_mongod()
    if binary is None:
        raise NotRun("mongod is missing")
    data = directory / "data"
    data.mkdir(parents=True, exist_ok=True)
    command = [str(binary), "--dbpath", str(data), "--bind_ip", LOOPBACK, "--port", str(port)]
    command += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", *PARAMETERS, *options]
    server = ServerProcess("mongod", command, directory / "mongod.log")
    await server.start()
    await server.listens(port, within=WITHIN)
    return server


async def _until_named(run: Run, world: World, what: str) -> None:
    """Waits until every service names the member and what is wrong with it."""
    unnamed = {one.name for one in world.running_replicas}
    loop = asyncio.get_running_loop()
    deadline = loop.time() + SEEN_WITHIN
    while unnamed and loop.time() < deadline:
        for one in world.running_replicas:
            if any(what in cause for cause in (await one.causes() or {}).values()):
                unnamed.discard(one.name)
        await asyncio.sleep(0.2)
    run.must(not unnamed, f"{what!r} was not named by {sorted(unnamed)}")
