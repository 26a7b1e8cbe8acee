"""Kafka, MongoDB, a mail sink, and a checkout's four services in front of them."""

import asyncio
import contextlib
import os
import sys
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx

from deploy.installation import service_environment
from deploy.local.addresses import Addresses
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.stack import running_stack
from kobling.keys import new_keys

SERVICES = ("intake", "matching", "notifications", "reporting")
PREFIX = "equality."
"""The same in every recording, since receipts and dead letters name topics."""
READY_SECONDS = 120.0
GRACE = timedelta(seconds=20)


@dataclass(slots=True)
class Fleet:
    """The services of the checkout `tree`, by its own environment where it has one."""

    tree: Path
    directory: Path
    stack: Addresses
    keys: dict[str, str] = field(default_factory=new_keys)
    ports: dict[str, int] = field(init=False)
    offset: timedelta = field(default=timedelta(), init=False)
    _running: dict[str, ServerProcess] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        self.ports = dict(zip((*SERVICES, "mail"), free_ports(len(SERVICES) + 1), strict=True))

    @property
    def mails(self) -> Path:
        """Where the mail sink leaves messages, a file each."""
        return self.directory / "mail"

    def now(self) -> datetime:
        """The services' time."""
        return datetime.now(UTC) + self.offset

    def database(self, service: str) -> str:
        """The database of a service."""
        return f"equality_{service}"

    async def start(self, *services: str) -> None:
        """Starts services at the time that `at` set last; returns when they are ready."""
        for service in services:
            environment = service_environment(service, self.stack, self.ports, self.keys, self.offset)
            upper = service.upper()
            environment |= {f"{upper}_TOPIC_PREFIX": PREFIX, f"{upper}_DATABASE": self.database(service)}
            await self._run(service, ["-m", f"services.{service}"], environment)
        await asyncio.gather(*(self._ready(service) for service in services))

    def at(self, moment: datetime) -> None:
        """Sets the clock of the services that are started from now on."""
        self.offset = moment - datetime.now(UTC)

    async def start_mail(self) -> None:
        """Starts the mail sink."""
        handler = ["-c", "aiosmtpd.handlers.Mailbox", str(self.mails)]
        where = f"{LOOPBACK}:{self.ports['mail']}"
        await self._run("mail", ["-m", "aiosmtpd", "-n", "-l", where, *handler], {})

    async def stop(self, *services: str) -> None:
        """Ends processes in order: all without names."""
        names = services or tuple(self._running)
        await asyncio.gather(*(self._running.pop(name).stop(GRACE) for name in names))

    async def _run(self, name: str, arguments: Sequence[str], settings: dict[str, str]) -> None:
        own = self.tree / ".venv" / "bin" / "python"
        python = str(own) if own.exists() else sys.executable
        command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.tree), python, *arguments]
        environment = {**os.environ, "PYTHONPATH": str(self.tree), **settings}
        process = ServerProcess(name, command, self.directory / "logs" / f"{name}.log", environment)
        await process.start()
        self._running[name] = process

    async def _ready(self, service: str) -> None:
        process = self._running[service]
        url = f"http://{LOOPBACK}:{self.ports[service]}/health/ready"
        async with httpx.AsyncClient(timeout=2) as client, asyncio.timeout(READY_SECONDS):
            while True:
                process.check_running()
                with contextlib.suppress(httpx.TransportError):
                    if (await client.get(url)).is_success:
                        return
                await asyncio.sleep(0.1)


@asynccontextmanager
async def running_fleet(tree: Path, directory: Path) -> AsyncIterator[Fleet]:
    """A fleet with its servers and its mail sink; no service runs yet. Logs stay below `directory`."""
    with running_stack(directory / "stack") as stack:
        fleet = Fleet(tree, directory, stack)
        try:
            await fleet.start_mail()
            yield fleet
        finally:
            await fleet.stop()
