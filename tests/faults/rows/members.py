"""Row 12: a replica set of three members whose primary steps down again and again."""

import asyncio
import shutil
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.mongodb import PARAMETERS, REPLICA_SET, find_mongod, until_primary
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_mongodb
from deploy.local.security import ADMINISTRATOR, Security
from tests.faults.registry import NotRun, Run, row

MEMBERS: Final = 3
EVERY: Final = 20.0
STEPS: Final = 3
AWAY: Final = 10
"""Seconds that a primary that stepped down may not be elected again."""
WITHIN: Final = timedelta(seconds=60)


@dataclass(frozen=True)
class Members:
    """A URI of the set, as its administrator reaches it, and its processes by `host:port`."""

    uri: str
    processes: Mapping[str, ServerProcess]

    async def kill_primary(self) -> None:
        """kill -9 of whichever is primary."""
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self.uri) as client:
            primary = (await client.admin.command("hello"))["primary"]
        await self.processes[primary].kill()


@asynccontextmanager
async def three_members(directory: Path, security: Security | None = None) -> AsyncIterator[Members]:
    """A set that speaks TLS and asks who comes, if it has `security`; its data goes at the end."""
    binary = find_mongod()
    if binary is None:
        raise NotRun("mongod is missing")
    hosts = [f"{LOOPBACK}:{port}" for port in free_ports(MEMBERS)]
    processes: dict[str, ServerProcess] = {}
    for host in hosts:
        port = host.rpartition(":")[2]
        data = directory / f"member-{port}"
        data.mkdir(parents=True)
        command = [str(binary), "--dbpath", str(data), "--replSet", REPLICA_SET, "--bind_ip", LOOPBACK]
        command += ["--port", port, "--nounixsocket", "--wiredTigerCacheSizeGB", "0.25"]
        command += ["--oplogSize", "200", *PARAMETERS, *(security.member_options() if security else ())]
        processes[host] = ServerProcess(f"mongod-{port}", command, directory / f"mongod-{port}.log")
    options = f"replicaSet={REPLICA_SET}"
    where = ",".join(hosts)
    uri = security.uri(where, options) if security else f"mongodb://{where}/?{options}"
    try:
        for host, process in processes.items():
            await process.start()
            await process.listens(int(host.rpartition(":")[2]), within=WITHIN)
        await _initiate(hosts, security)
        await wait_for_mongodb(uri, within=WITHIN)
        yield Members(uri, processes)
    finally:
        await asyncio.gather(*(process.kill() for process in processes.values()))
        await asyncio.to_thread(shutil.rmtree, directory, ignore_errors=True)


async def _initiate(hosts: Sequence[str], security: Security | None) -> None:
    """Makes the set, and its administrator where it asks who comes."""
    tls: dict[str, Any] = {"tls": True, "tlsCAFile": str(security.authority.ca_file)} if security else {}
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(hosts[0], directConnection=True, **tls) as client:
        # The first is to be primary: whoever comes from the same machine may make the first user there.
        said = [
            {"_id": number, "host": host, "priority": 1 if number else 2} for number, host in enumerate(hosts)
        ]
        await client.admin.command("replSetInitiate", {"_id": REPLICA_SET, "members": said})
        if security is not None:
            await until_primary(client)
            roles = [{"role": "root", "db": "admin"}]
            await client.admin.command("createUser", ADMINISTRATOR, pwd=security.password, roles=roles)


@row(12, "the primary steps down every 20 s (three members)", "beside")
async def primary_steps_down(run: Run) -> None:
    members = three_members(run.bench.directory / "members")
    async with members as found, run.own(mongodb=found.uri) as world:
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(found.uri) as client, world.load.under(run.bench.rate, world.observer):
            for _ in range(STEPS):
                await asyncio.sleep(EVERY / 2)
                # It answers by closing the connection.
                with suppress(PyMongoError):
                    await client.admin.command("replSetStepDown", AWAY)
                await asyncio.sleep(EVERY / 2)
        run.did(f"{STEPS} times")
