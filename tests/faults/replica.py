"""One process of a service: started, killed, stopped, continued, and kept running."""

import asyncio
import json
import os
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from shared.contracts.topics import Service
from tests.faults.launcher import SOUND, Flaw

READY_WITHIN = 180.0
GRACE = timedelta(seconds=20)
LOOK = 0.1
ANSWER_WITHIN = 5.0
OK = 200
RESTART_AFTER = 0.5
UNREAD_FOR = 3.0


async def _get(port: int, path: str) -> tuple[int, str] | None:
    """Status and body of an answer; None where there is none. An HTTP client would cost more than it asks."""
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            reader, writer = await asyncio.open_connection(LOOPBACK, port)
            writer.write(f"GET {path} HTTP/1.0\r\nHost: {LOOPBACK}\r\n\r\n".encode())
            head, _, body = (await reader.read()).decode().partition("\r\n\r\n")
            writer.close()
            return int(head.split()[1]), body
    except (OSError, TimeoutError, IndexError):
        return None


@contextmanager
def reads_nothing(port: int, path: str) -> Iterator[Callable[[], Awaitable[bool]]]:
    """A client that asks for a page again and again and reads no answer.

    Yields a condition: whether the service has taken none of its requests for a while, since answers wait
    to be sent: the kernel takes megabytes of them first.
    """
    request = f"GET {path} HTTP/1.1\r\nHost: {LOOPBACK}\r\n\r\n".encode()
    with socket.socket() as asking:
        asking.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        asking.connect((LOOPBACK, port))
        asking.setblocking(False)
        taken = time.monotonic()

        async def waiting() -> bool:
            nonlocal taken
            with suppress(BlockingIOError):
                while asking.send(request * 100):
                    taken = time.monotonic()
            return time.monotonic() - taken > UNREAD_FOR

        yield waiting


def memory_of(pid: int) -> int:
    """The most resident memory that a process has had, in bytes; 0 where it has ended."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM")), 0)


def state_of(pid: int) -> str:
    """The kernel's letter for a process, such as `T` for stopped; `X` where it has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return "X"


@dataclass(slots=True)
class Replica:
    """A replica by its name, such as `intake-1`. `settings` are its service's whole environment; `tree` is
    another checkout whose code it runs.
    """

    service: Service
    name: str
    settings: Mapping[str, str]
    logs: Path
    tree: Path | None = None
    flaw: Flaw = SOUND
    keep: bool = True
    memory: int = 0
    starts: int = 0
    _port: int = 0
    _process: ServerProcess | None = None
    _keeper: asyncio.Task[None] | None = None
    _launching: asyncio.Lock = field(default_factory=asyncio.Lock)

    @property
    def pid(self) -> int:
        """Of the process that runs now."""
        if self._process is None:
            raise RuntimeError(f"{self.name} was not started")
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it is started and not asked to end."""
        return self._process is not None

    async def start(self, flaw: Flaw = SOUND) -> None:
        """Starts it, for once with a flaw; whenever it ends it is started again without."""
        self.flaw = flaw
        await self._launch(flaw)
        if self.keep:
            self._keeper = asyncio.create_task(self._keep())

    async def _launch(self, flaw: Flaw) -> None:
        (self._port,) = free_ports(1)
        module = ["tests.faults.launcher", self.service] if flaw.environment else [f"services.{self.service}"]
        environment = {
            **os.environ,
            **self.settings,
            f"{self.service.upper()}_HTTP_PORT": str(self._port),
            **flaw.environment,
        }
        command = [sys.executable, "-m", *module]
        if self.tree is not None:
            command = ["/bin/sh", "-c", 'cd "$0" && exec "$@"', str(self.tree), *command]
            environment["PYTHONPATH"] = str(self.tree)
        log = self.logs / f"{self.name}.log"
        process = ServerProcess(self.name, command, log, environment)
        self.starts += 1
        await process.start()
        self._process = process

    async def _keep(self) -> None:
        while self._process is not None:
            await self._process.wait()
            await asyncio.sleep(RESTART_AFTER)
            async with self._launching:
                await self._launch(SOUND)

    def look(self) -> int:
        """Takes note of the memory in use; returns the most that was seen of any of its processes."""
        if self._process is not None:
            self.memory = max(self.memory, memory_of(self._process.pid))
        return self.memory

    @property
    def port(self) -> int:
        """Where it answers over HTTP."""
        return self._port

    async def kill(self) -> None:
        """kill -9; the keeper starts it again."""
        self.look()
        if self._process is not None:
            await self._process.kill()

    def stop(self) -> None:
        """SIGSTOP."""
        if self._process is not None:
            self._process.signal(signal.SIGSTOP)

    def go_on(self) -> None:
        """SIGCONT."""
        if self._process is not None:
            self._process.signal(signal.SIGCONT)

    async def leave(self, *, killed: bool = False) -> None:
        """Ends it for good: it drains, or is killed."""
        self.look()
        # Not while it is being started again: that process would be left to nobody.
        async with self._launching:
            if self._keeper is not None:
                self._keeper.cancel()
                await asyncio.gather(self._keeper, return_exceptions=True)
            process, self._process = self._process, None
        if process is not None:
            await (process.kill() if killed else process.stop(GRACE))

    async def restart(self, flaw: Flaw = SOUND, *, killed: bool = False) -> None:
        """Ends it and starts it again."""
        await self.leave(killed=killed)
        await self.start(flaw)

    async def reached(self, starts: int) -> None:
        """Waits until it has been started so often: a flaw has killed it."""
        await self._until(lambda: self.starts >= starts, "did not end")

    async def stopped(self) -> None:
        """Waits until the process has stopped itself."""
        await self._until(lambda: state_of(self.pid) == "T", "did not stop")

    async def _until(self, condition: Callable[[], bool], failing: str) -> None:
        deadline = time.monotonic() + READY_WITHIN
        while not condition():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} {failing} at {self.flaw.point or 'no point'}")
            await asyncio.sleep(LOOK)

    async def causes(self) -> dict[str, str] | None:
        """Why it isn't ready; empty if it is, None where it does not answer."""
        answer = await _get(self._port, "/health/ready")
        if answer is None:
            return None
        causes: dict[str, str] = json.loads(answer[1])["causes"]
        return causes

    async def metrics(self) -> str:
        """What it says to whoever collects metrics; empty where it says nothing."""
        answer = await _get(self._port, "/metrics")
        return answer[1] if answer is not None and answer[0] == OK else ""

    async def until_ready(self, within: float = READY_WITHIN) -> None:
        """Waits until it is ready; raises TimeoutError with what it waits for."""
        deadline = time.monotonic() + within
        while (causes := await self.causes()) != {}:
            if time.monotonic() > deadline:
                raise TimeoutError(f"{self.name} is not ready: {causes or 'no answer'}")
            await asyncio.sleep(LOOK)
