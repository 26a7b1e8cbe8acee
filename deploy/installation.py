"""A whole installation on this machine: `python -m deploy.installation --directory D`.

Broker, database, mail sink and the four services, on free ports of the loopback interface. A service that
ends is started again, as an orchestrator would. `addresses.json` in the directory says where everything is,
once everything is ready; it is written again whenever a service ends or starts, so that no pid in it is
another process's, and goes when the installation goes.
"""

import argparse
import asyncio
import contextlib
import json
import os
import shutil
import signal
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from pydantic import TypeAdapter

from deploy.accounts import service_settings, set_up
from deploy.examples import BERGEN, Example
from deploy.keys import check_keys, given_keys
from deploy.local.addresses import Addresses, StackError
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.stack import shared_stack, stop_shared_stack
from deploy.local.supervision import supervisor_lock
from kobling.administration import ensure_topics, publish
from kobling.keys import new_keys
from shared.contracts.topics import SERVICES
from shared.mongo import Database

READY_WITHIN = timedelta(seconds=60)
GRACE = timedelta(seconds=15)
RESTART_AFTER = timedelta(milliseconds=500)
_SPAN = TypeAdapter(timedelta)
"""Spans stand in the environment as ISO 8601: PT0.2S."""
CARD_KEY_ID = "notifications-1"


def addresses_file(directory: Path) -> Path:
    """Where an installation says where it is."""
    return directory / "addresses.json"


def service_environment(
    service: str,
    stack: Addresses,
    ports: Mapping[str, int],
    keys: Mapping[str, str],
    offset: timedelta,
    secrets: Path | None = None,
) -> dict[str, str]:
    """The settings of one service, as its process gets them; `secrets` has the passwords, if any."""
    prefix = service.upper()
    common = {
        **service_settings(service, stack, secrets),
        "HTTP_PORT": str(ports[service]),
        "CLOCK_OFFSET": _SPAN.dump_python(offset, mode="json"),
        "DUE_POLL": "PT0.5S",
        # One replica of each service, which wakes its own relay.
        "RELAY_POLL": "PT1S",
    }
    own: dict[str, dict[str, str]] = {
        "intake": {
            "MASTER_KEY": keys["master"],
            "CASE_KEY": keys["case"],
            "CARD_KEY_ID": CARD_KEY_ID,
            "CARD_PUBLIC_KEY": keys["card_public"],
        },
        "notifications": {
            "CARD_KEY_ID": CARD_KEY_ID,
            "CARD_PRIVATE_KEY": keys["card_private"],
            "SMTP_HOST": LOOPBACK,
            "SMTP_PORT": str(ports["mail"]),
            "SMTP_STARTTLS": "false",
        },
        "reporting": {"PUBLISH_EVERY": "PT1S"},
    }
    settings = common | own.get(service, {})
    return {f"{prefix}_{name}": value for name, value in settings.items()}


@dataclass(slots=True)
class Installation:
    """The processes of one installation and the files by which others find it."""

    directory: Path
    as_of: datetime | None = None
    example: Example = BERGEN
    secure: bool = False
    _processes: dict[str, ServerProcess] = field(default_factory=dict, init=False)
    _watching: list[asyncio.Task[None]] = field(default_factory=list, init=False)
    _addresses: dict[str, Any] = field(default_factory=dict, init=False)
    """Empty before everything is ready."""

    def clear(self) -> None:
        """Removes what an installation before this one left: it had other keys and another database."""
        addresses_file(self.directory).unlink(missing_ok=True)
        for leftover in ("mail", "logs", "secrets"):
            shutil.rmtree(self.directory / leftover, ignore_errors=True)

    async def start(self) -> None:
        """Starts everything; returns when all services are ready. Raises StackError."""
        stack = await asyncio.to_thread(
            shared_stack, self.directory / "stack", owner=os.getpid(), secure=self.secure
        )
        keys = await _keys(stack)
        ports = dict(zip((*SERVICES, "mail"), free_ports(len(SERVICES) + 1), strict=True))
        await self._administer(stack)
        offset = timedelta() if self.as_of is None else self.as_of - datetime.now(UTC)
        await self._run("mail", _mail_sink(ports["mail"], self.directory / "mail"), {})
        for service in SERVICES:
            environment = service_environment(service, stack, ports, keys, offset, self.secrets)
            await self._run(service, [sys.executable, "-m", f"services.{service}"], environment)
        await self._until_ready({service: ports[service] for service in SERVICES})
        self._addresses = self._found(stack, ports)
        self._announce()

    @property
    def secrets(self) -> Path | None:
        """Where everybody's passwords are, if the installation is secured."""
        return self.directory / "secrets" if self.secure else None

    async def _administer(self, stack: Addresses) -> None:
        if self.secrets is None:
            await ensure_topics(stack.cluster, self.example.municipalities, self.example.operators)
        else:
            await set_up(stack, self.example, self.secrets)
        await publish(stack.cluster, self.example.administration())

    async def _run(self, name: str, command: Sequence[str], settings: Mapping[str, str]) -> None:
        log = self.directory / "logs" / f"{name}.log"
        process = ServerProcess(name, command, log, {**os.environ, **settings})
        await process.start()
        self._processes[name] = process
        self._watching.append(asyncio.create_task(self._keep(process)))

    async def _keep(self, process: ServerProcess) -> None:
        while True:
            await process.wait()
            self._announce()
            await asyncio.sleep(RESTART_AFTER.total_seconds())
            await process.start()
            self._announce()

    async def _until_ready(self, ports: Mapping[str, int]) -> None:
        waiting = dict(ports)
        causes: dict[str, Any] = {}
        async with httpx.AsyncClient(timeout=2, trust_env=False) as client:
            try:
                async with asyncio.timeout(READY_WITHIN.total_seconds()):
                    while waiting:
                        for service, port in list(waiting.items()):
                            with contextlib.suppress(httpx.TransportError):
                                answer = await client.get(f"http://{LOOPBACK}:{port}/health/ready")
                                causes[service] = answer.json()["causes"]
                                if answer.is_success:
                                    del waiting[service]
                        await asyncio.sleep(0.05)
            except TimeoutError:
                service = next(iter(waiting))
                words = self._processes[service].last_words()
                raise StackError(
                    f"{service} is not ready: {causes.get(service, 'no answer')}\n{words}"
                ) from None

    def _found(self, stack: Addresses, ports: Mapping[str, int]) -> dict[str, Any]:
        return {
            "pid": os.getpid(),
            **stack.cluster.settings(),
            "certified": stack.certified or None,
            "mongodb": stack.mongodb,
            "secrets": None if self.secrets is None else str(self.secrets),
            "reporting": f"http://{LOOPBACK}:{ports['reporting']}",
            "mail": f"{LOOPBACK}:{ports['mail']}",
            "mail_directory": str(self.directory / "mail"),
            "logs": str(self.directory / "logs"),
            "as_of": self.as_of.isoformat() if self.as_of else None,
            "services": {
                service: {"pid": None, "health": f"http://{LOOPBACK}:{ports[service]}/health"}
                for service in SERVICES
            },
        }

    def _announce(self) -> None:
        """Writes the addresses, once there are any; a service that is down has no pid."""
        if not self._addresses:
            return
        for service, found in self._addresses["services"].items():
            process = self._processes[service]
            found["pid"] = process.pid if process.runs else None
        # Renamed, so that nobody reads half of it.
        partial = self.directory / "addresses.partial"
        partial.write_text(json.dumps(self._addresses, indent=2) + "\n")
        partial.rename(addresses_file(self.directory))

    async def stop(self) -> None:
        """Stops services first, so that they drain, then the servers."""
        addresses_file(self.directory).unlink(missing_ok=True)
        for task in self._watching:
            task.cancel()
        await asyncio.gather(*self._watching, return_exceptions=True)
        await asyncio.gather(*(process.stop(GRACE) for process in self._processes.values()))
        await asyncio.to_thread(stop_shared_stack, self.directory / "stack")


async def _keys(stack: Addresses) -> dict[str, str]:
    """The environment's keys, else new ones; raises StackError where the database was written with others."""
    given = given_keys(os.environ)
    database = Database(stack.mongodb, os.environ.get("INTAKE_DATABASE") or "intake")
    try:
        await check_keys(database, given)
    finally:
        database.close()
    return given or new_keys()


def _mail_sink(port: int, directory: Path) -> list[str]:
    """aiosmtpd's own command, which takes addresses beyond ASCII and keeps each message as a file."""
    handler = ["-c", "aiosmtpd.handlers.Mailbox", str(directory)]
    return [sys.executable, "-m", "aiosmtpd", "-n", "-u", "-l", f"{LOOPBACK}:{port}", *handler]


async def run(directory: Path, as_of: datetime | None, parent: int | None, *, secure: bool) -> None:
    """Runs an installation until SIGTERM, SIGINT or the end of `parent`."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    if parent is not None:
        handle = os.pidfd_open(parent)
        loop.add_reader(handle, ended.set)
    installation = Installation(directory, as_of, secure=secure)
    installation.clear()
    starting = asyncio.create_task(installation.start())
    until_ended = asyncio.create_task(ended.wait())
    try:
        await asyncio.wait({starting, until_ended}, return_when=asyncio.FIRST_COMPLETED)
        if not until_ended.done():
            await starting
            await until_ended
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        await installation.stop()


def main() -> int:
    """Runs until told to stop; 1 with the reason on standard error where it can't start."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--as-of", type=datetime.fromisoformat, default=None)
    parser.add_argument("--parent", type=int, default=None)
    parser.add_argument("--secure", action="store_true")
    given = parser.parse_args()
    given.directory.mkdir(parents=True, exist_ok=True)
    directory = given.directory.resolve()
    try:
        with supervisor_lock(directory):
            asyncio.run(run(directory, given.as_of, given.parent, secure=given.secure))
    except StackError as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
