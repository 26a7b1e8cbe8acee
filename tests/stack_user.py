"""A process that uses a stack, for tests of what is left when it ends."""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.addresses import Addresses
from deploy.local.choice import WAY_VARIABLE, Way
from deploy.local.supervision import supervisor_pid

REPOSITORY = Path(__file__).parents[1]

PARENT = """
import json, signal, sys
from dataclasses import asdict
from pathlib import Path
from deploy.local.stack import running_stack
signal.signal(signal.SIGINT, signal.default_int_handler)
with running_stack(Path(sys.argv[1])) as addresses:
    print(json.dumps(asdict(addresses)), flush=True)
    signal.pause()
"""
"""In a shell's background tests inherit an ignored SIGINT; and one that comes just before `signal.pause()`
would be waited for in vain.
"""


@dataclass(frozen=True)
class Observed:
    """A process that can't be mistaken for a later one with the same pid."""

    pid: int
    started: str

    def lives(self) -> bool:
        stat = stat_fields(self.pid)
        return stat is not None and stat[19] == self.started and stat[0] not in {"Z", "X"}


@dataclass(frozen=True)
class User:
    """A process that uses a stack, and the processes that make up the stack.

    servers: the supervisor's children: Kafka and mongod, or the guard of the containers.
    """

    process: subprocess.Popen[str]
    addresses: Addresses
    supervisor: Observed
    servers: list[Observed]


@contextmanager
def user_of_a_stack(directory: Path, way: Way) -> Iterator[User]:
    """A process that has entered `running_stack`; killed at the end if it still runs."""
    command = ["env", f"{WAY_VARIABLE}={way}", sys.executable, "-c", PARENT, str(directory)]
    with start(command) as process:
        try:
            assert process.stdout is not None
            addresses = Addresses(**json.loads(process.stdout.readline()))
            assert addresses.origin == way
            supervisor = supervisor_pid(directory)
            assert supervisor is not None
            servers = [observe(pid) for pid in children(supervisor)]
            yield User(process, addresses, observe(supervisor), servers)
        finally:
            process.kill()


def start(command: list[str]) -> subprocess.Popen[str]:
    return subprocess.Popen(command, stdout=subprocess.PIPE, cwd=REPOSITORY, text=True)  # noqa: S603 (our own command)


def observe(pid: int) -> Observed:
    stat = stat_fields(pid)
    assert stat is not None
    return Observed(pid, stat[19])


def stat_fields(pid: int) -> list[str] | None:
    """The fields of /proc/PID/stat from the state on; None when there is no such process."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except (FileNotFoundError, ProcessLookupError):
        return None


def children(parent: int) -> list[int]:
    pids = [int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit()]
    return [pid for pid in pids if (stat := stat_fields(pid)) is not None and int(stat[1]) == parent]


def wait_until(condition: Callable[[], bool], what: str) -> None:
    deadline = time.monotonic() + 20
    while not condition():
        assert time.monotonic() < deadline, f"not in 20 s: {what}"
        # Between looks at processes and files, whose end nothing tells.
        time.sleep(0.02)
