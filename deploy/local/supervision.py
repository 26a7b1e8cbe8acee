"""The files by which a supervisor and those who use its servers know of each other.

Below the stack's directory: `supervisor.lock`, held by the supervisor while it lives, contains its pid
(so a pid is used only while it is surely the supervisor's); `outcome.json` holds the addresses or the
reason why there are none; `logs/` the servers' and the supervisor's own output.
"""

import fcntl
import json
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

from deploy.local.addresses import Addresses, StackError

_REPOSITORY = Path(__file__).parents[2]


@contextmanager
def supervisor_lock(directory: Path) -> Iterator[None]:
    """Be the supervisor of this directory; waits for one that is still stopping."""
    with (directory / "supervisor.lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def is_supervised(directory: Path) -> bool:
    """True while a supervisor lives; what it started is gone when it is."""
    try:
        with (directory / "supervisor.lock").open() as lock:
            fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False


def supervisor_pid(directory: Path) -> int | None:
    """The supervisor's pid, meaningful while `is_supervised`; None when it is not written yet."""
    try:
        written = (directory / "supervisor.lock").read_text()
    except FileNotFoundError:
        return None
    return int(written) if written else None


def write_outcome(directory: Path, read_end: Addresses | StackError) -> None:
    """Tell all who wait where the servers are, or why they are not."""
    shown = asdict(read_end) if isinstance(read_end, Addresses) else {"error": str(read_end)}
    # Renamed, so that nobody reads half of it.
    partial = directory / "outcome.partial"
    partial.write_text(json.dumps(shown))
    partial.rename(directory / "outcome.json")


def read_outcome(directory: Path) -> Addresses | None:
    """The addresses; None before there is an outcome. Raises StackError when that is a failure."""
    try:
        shown = json.loads((directory / "outcome.json").read_text())
    except FileNotFoundError:
        return None
    if "error" in shown:
        raise StackError(shown["error"])
    return Addresses(**shown)


def forget_outcome(directory: Path) -> None:
    """The next to ask starts anew."""
    (directory / "outcome.json").unlink(missing_ok=True)


def spawn_supervisor(directory: Path, *, owner: int, way: str, discard: bool, secure: bool) -> None:
    """Start a supervisor in a session of its own and return when there is an outcome, or none to come."""
    log = directory / "logs" / "supervisor.log"
    log.parent.mkdir(exist_ok=True)
    command = [sys.executable, "-m", "deploy.local.supervisor", "--directory", str(directory)]
    command += ["--parent", str(owner), "--way", way]
    command += [*(["--discard"] if discard else []), *(["--secure"] if secure else [])]
    path = os.pathsep.join(filter(None, [str(_REPOSITORY), os.environ.get("PYTHONPATH")]))
    read_end, write_end = os.pipe()
    try:
        # Not `subprocess`: the supervisor may outlive its starter (a test worker that happened to be first).
        os.posix_spawn(
            sys.executable,
            command,
            {**os.environ, "PYTHONPATH": path},
            setsid=True,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
                (os.POSIX_SPAWN_DUP2, write_end, 1),
                (os.POSIX_SPAWN_OPEN, 2, str(log), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644),
            ],
        )
        os.close(write_end)
        write_end = -1
        # The supervisor closes its standard output once there is an outcome, and its end closes it too.
        os.read(read_end, 1)
    finally:
        os.close(read_end)
        if write_end != -1:
            os.close(write_end)


def last_words(directory: Path) -> str:
    """The end of a supervisor's log, for one that left no outcome."""
    log = directory / "logs" / "supervisor.log"
    return "\n".join(log.read_text(errors="replace").splitlines()[-20:]) if log.exists() else "(no output)"
