"""Processes under measurement: the four services, or what they are compared with, each as real processes."""

import asyncio
import contextlib
import os
import secrets
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
from pymongo import AsyncMongoClient

from deploy.installation import service_environment
from deploy.local.addresses import Addresses
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from kobling.administration import ensure_topics
from kobling.keys import new_keys
from kobling.setup.carrying_out import carry_out
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import plan
from kobling.setup.plan import Wanted
from shared.contracts.topics import SERVICES
from tests.bench.pipeline.load import MUNICIPALITIES
from tests.bench.pipeline.machine import Cost, cost

READY_SECONDS = 60.0
GRACE = timedelta(seconds=15)
NO_SERVERS: Mapping[str, int] = {}
HURRIED = ("DUE_POLL", "PUBLISH_EVERY")
"""With these the example installation shows in seconds what takes hours; here a service's own apply."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Who does the work: a name, and the command of the process that plays a service."""

    name: str
    module: str

    def command(self, service: str) -> list[str]:
        """How a process of this kind is started in a service's place."""
        return [sys.executable, "-m", self.module.format(service=service)]


OURS = Kind("ours", "services.{service}")
NAIVE = Kind("naive", "tests.bench.pipeline.naive")
FLOOR = Kind("floor", "tests.bench.pipeline.floor")


@dataclass(slots=True)
class Fleet:
    """Processes of one kind in a corner of the servers of their own, by `service` or `service-replica`."""

    kind: Kind
    stack: Addresses
    directory: Path
    servers: Mapping[str, int] = field(default_factory=dict)
    """Pids of the servers, so that their cost is known too."""
    operators: Sequence[str] = ()
    """Who has topics for commands and replies."""
    municipalities: Sequence[str] = MUNICIPALITIES
    prefix: str = field(default_factory=lambda: f"b{secrets.token_hex(4)}.")
    _processes: dict[str, ServerProcess] = field(default_factory=dict, init=False)

    def database(self, service: str) -> str:
        """The database of a service."""
        return f"bench_{self.prefix.rstrip('.')}_{service}"

    async def start(self, services: Sequence[str], replicas: int = 1) -> None:
        """Makes the topics and starts the processes; returns when all are ready."""
        await ensure_topics(self.stack.cluster, self.municipalities, self.operators, prefix=self.prefix)
        await self.launch(services, replicas)

    async def launch(self, services: Sequence[str], replicas: int = 1) -> None:
        """Starts the processes; returns when all are ready."""
        passwords = await self._accounts()
        names = [(service, f"{service}-{number}") for service in services for number in range(replicas)]
        ports = dict(zip([name for _, name in names], free_ports(len(names)), strict=True))
        keys = new_keys()
        for service, name in names:
            environment = service_environment(
                service, self.stack, {service: ports[name], "mail": 1}, keys, timedelta(), passwords
            )
            upper = service.upper()
            for setting in HURRIED:
                environment.pop(f"{upper}_{setting}", None)
            environment |= {
                f"{upper}_TOPIC_PREFIX": self.prefix,
                f"{upper}_DATABASE": self.database(service),
                "BENCH_SERVICE": service,
            }
            log = self.directory / "logs" / f"{self.kind.name}-{self.prefix}{name}.log"
            process = ServerProcess(name, self.kind.command(service), log, {**os.environ, **environment})
            self._processes[name] = process
            await process.start()
        await asyncio.gather(*(self._ready(self._processes[name], ports[name]) for _, name in names))

    async def _accounts(self) -> Path | None:
        """Accounts of the services, with what they need in this corner, where the servers are secured; the
        directory with their passwords.
        """
        if not self.stack.cluster.with_account:
            return None
        passwords = self.directory / "secrets"
        databases = {service: self.database(service) for service in SERVICES}
        wanted = Wanted(
            self.stack.cluster,
            Secrets(passwords),
            prefix=self.prefix,
            replicas=1,
            uri=self.stack.mongodb,
            databases=databases,
        )
        await carry_out(await plan(wanted))
        return passwords

    @staticmethod
    async def _ready(process: ServerProcess, port: int) -> None:
        async with httpx.AsyncClient(timeout=2) as client, asyncio.timeout(READY_SECONDS):
            while True:
                process.check_running()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(f"http://{LOOPBACK}:{port}/health/ready")).is_success:
                        return
                await asyncio.sleep(0.1)

    def pid(self, name: str) -> int:
        """The process of a service's replica, such as `matching-0`."""
        return self._processes[name].pid

    def costs(self) -> dict[str, Cost]:
        """What each process has cost so far, the servers too."""
        pids = {name: process.pid for name, process in self._processes.items()}
        return {name: cost(pid) for name, pid in {**pids, **self.servers}.items()}

    async def halt(self) -> None:
        """Ends the processes in order; what they stored stays."""
        await asyncio.gather(*(process.stop(GRACE) for process in self._processes.values()))

    async def stop(self) -> None:
        """Ends the processes in order and drops what they stored, lest the next run pay for its upkeep."""
        await self.halt()
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self.stack.mongodb) as client:
            for service in SERVICES:
                await client.drop_database(self.database(service))


@asynccontextmanager
async def fleet(
    kind: Kind,
    stack: Addresses,
    directory: Path,
    services: Sequence[str] = SERVICES,
    replicas: int = 1,
    servers: Mapping[str, int] = NO_SERVERS,
    operators: Sequence[str] = (),
) -> AsyncIterator[Fleet]:
    """A started fleet that is stopped again."""
    made = Fleet(kind, stack, directory, servers, operators)
    try:
        await made.start(services, replicas)
        yield made
    finally:
        await made.stop()
