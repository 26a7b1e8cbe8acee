"""One server process that never outlives the process that started it."""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from pathlib import Path

from deploy.local.addresses import StackError
from deploy.local.ports import listening

_PR_SET_PDEATHSIG = 1  # linux/prctl.h
_TAIL_LINES = 20
_PAUSE = timedelta(milliseconds=20)


class ServerProcess:
    """A server with its output in a log file.

    It is killed by the kernel when the *thread* that called `start` ends, so start it from a thread that
    lives as long as the server should (an event loop in the main thread).
    """

    def __init__(
        self, name: str, command: Sequence[str], log: Path, environment: Mapping[str, str] | None = None
    ) -> None:
        self.name = name
        self._command = command
        self._log = log
        self._environment = environment
        self._process: asyncio.subprocess.Process | None = None

    @property
    def pid(self) -> int:
        """The process id; raises StackError when it was never started."""
        if self._process is None:
            raise StackError(f"{self.name} was not started")
        return self._process.pid

    @property
    def runs(self) -> bool:
        """Whether it was started and has not ended, so that its pid is nobody else's."""
        return self._process is not None and self._process.returncode is None

    async def start(self) -> None:
        """Start the process; it is not ready yet."""
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with self._log.open("ab") as sink:
            self._process = await asyncio.create_subprocess_exec(
                *self._command,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=sink,
                stderr=asyncio.subprocess.STDOUT,
                env=self._environment,
                # Ctrl-C in the terminal must reach the owner only, which then stops servers in order.
                start_new_session=True,
                preexec_fn=dies_with(os.getpid()),
            )

    def check_running(self) -> None:
        """Raise StackError with the log's end if the process has ended."""
        if self._process is not None and self._process.returncode is not None:
            status = self._process.returncode
            raise StackError(f"{self.name} ended with status {status}; its last words:\n{self.last_words()}")

    async def listens(self, port: int, *, within: timedelta) -> None:
        """Wait until this very process listens on the port; raise StackError when it ends or is late.

        That somebody answers there proves nothing: another stack may have taken the port first.
        """
        deadline = time.monotonic() + within.total_seconds()
        while port not in {number for _, number in listening(self.pid)}:
            self.check_running()
            if time.monotonic() > deadline:
                raise StackError(f"{self.name} does not listen on port {port} after {within}")
            await asyncio.sleep(_PAUSE.total_seconds())

    async def wait(self) -> int:
        """Wait for the end, whatever brings it; the exit status."""
        if self._process is None:
            raise StackError(f"{self.name} was not started")
        return await self._process.wait()

    async def finish(self) -> None:
        """Wait for a process that is expected to end; raise StackError unless it succeeded."""
        if self._process is not None and await self._process.wait() != 0:
            self.check_running()

    def last_words(self) -> str:
        """The end of the log."""
        if not self._log.exists():
            return "(no output)"
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-_TAIL_LINES:])

    def signal(self, number: signal.Signals) -> None:
        """Send a signal (SIGSTOP and SIGCONT for faults); nothing happens if the process has ended."""
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)

    async def kill(self) -> None:
        """kill -9, and wait for the end."""
        self.signal(signal.SIGKILL)
        if self._process is not None:
            await self._process.wait()

    async def stop(self, grace: timedelta) -> bool:
        """Ask to end, wait for `grace`, then kill; true if it ended when asked."""
        # A stopped process handles no SIGTERM until it is continued.
        self.signal(signal.SIGCONT)
        self.signal(signal.SIGTERM)
        if self._process is None:
            return False
        try:
            await asyncio.wait_for(self._process.wait(), grace.total_seconds())
        except TimeoutError:
            await self.kill()
            return False
        return True


def dies_with(parent: int) -> Callable[[], None]:
    """A `preexec_fn` after which the kernel kills the child when `parent` ends, however it ends.

    Outside Linux there is no such request: the child then ends only when it is stopped.
    """
    if sys.platform != "linux":
        return lambda: None
    libc = ctypes.CDLL(None, use_errno=True)

    def prepare() -> None:
        refused = libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL) != 0
        # The parent may have ended before the request: then no signal will ever come.
        if refused or os.getppid() != parent:
            os._exit(127)

    return prepare
