"""Row 12: a replica set of three members whose primary steps down again and again."""

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.mongodb import PARAMETERS, REPLICA_SET, find_mongod
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_mongodb
from tests.faults.registry import NotRun, Run, row

MEMBERS: Final = 3
EVERY: Final = 20.0
STEPS: Final = 3
AWAY: Final = 10
"""Seconds that a primary that stepped down may not be elected again."""
WITHIN: Final = timedelta(seconds=60)


@asynccontextmanager
async def three_members(directory: Path) -> AsyncIterator[str]:
    """A URI of the set; its data goes at the end."""
    binary = find_mongod()
    if binary is None:
        raise NotRun("mongod is missing")
    ports = free_ports(MEMBERS)
    hosts = [f"{LOOPBACK}:{port}" for port in ports]
    members = []
    for port in ports:
        data = directory / f"member-{port}"
        data.mkdir(parents=True)
        command = [str(binary), "--dbpath", str(data), "--replSet", REPLICA_SET, "--bind_ip", LOOPBACK]
        command += ["--port", str(port), "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--oplogSize", "200", *PARAMETERS]
        members.append(ServerProcess(f"mongod-{port}", command, directory / f"mongod-{port}.log"))
    uri = f"mongodb://{','.join(hosts)}/?replicaSet={REPLICA_SET}"
    try:
        for member, port in zip(members, ports, strict=True):
            await member.start()
            await member.listens(port, within=WITHIN)
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(hosts[0], directConnection=True) as client:
            said = [{"_id": number, "host": host} for number, host in enumerate(hosts)]
            await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": said})
        await wait_for_mongodb(uri, within=WITHIN)
        yield uri
    finally:
        await asyncio.gather(*(member.kill() for member in members))
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


@row(12, "the primary steps down every 20 s (three members)", "beside")
async def primary_steps_down(run: Run) -> None:
    async with three_members(run.bench.directory / "members") as uri, run.own(mongodb=uri) as world:
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(uri) as client, world.load.under(run.bench.rate, world.observer):
            for _ in range(STEPS):
                await asyncio.sleep(EVERY / 2)
                # It answers by closing the connection.
                with suppress(PyMongoError):
                    await client.admin.command("replSetStepDown", AWAY)
                await asyncio.sleep(EVERY / 2)
        run.did(f"{STEPS} times")
