"""Starts an installation that goes on by itself, finds it again, and stops it."""

import json
import os
import signal
import subprocess
import sys
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from deploy.installation import addresses_file
from deploy.local.addresses import StackError
from deploy.local.supervision import is_supervised, supervisor_pid

DIRECTORY = Path(os.environ.get("KOBLING_RUN") or Path(__file__).parents[1] / ".run").resolve()
"""Where the one installation of this checkout lives; `KOBLING_RUN` names another place."""
SECURE = os.environ.get("SECURE") == "1"
"""Whether clients of the servers log in, under TLS, and may do what they are granted alone."""
STOP_WITHIN = timedelta(seconds=60)
_LOOK = 0.05
"""Seconds between two looks at another process's lock, whose end nothing tells."""


def running(directory: Path = DIRECTORY) -> dict[str, Any] | None:
    """The addresses of the installation that runs, if one does and is ready."""
    if not is_supervised(directory):
        return None
    try:
        found: dict[str, Any] = json.loads(addresses_file(directory).read_text())
    except FileNotFoundError:
        return None
    # One that was killed leaves its addresses to the next, which removes them.
    return found if found["pid"] == supervisor_pid(directory) else None


def start(
    directory: Path = DIRECTORY,
    *,
    as_of: datetime | None = None,
    parent: int | None = None,
    secure: bool = SECURE,
) -> dict[str, Any]:
    """Starts an installation and returns its addresses once it is ready; it ends with `parent`, if given.

    Raises StackError with the reason where it can't start.
    """
    directory.mkdir(parents=True, exist_ok=True)
    log = directory / "installation.log"
    # Another one may run: until this one has the lock it only adds.
    with log.open("ab") as sink:
        begin = sink.tell()
        process = subprocess.Popen(  # noqa: S603 (our own interpreter and module)
            _command(directory, as_of, parent, secure=secure),
            stdin=subprocess.DEVNULL,
            stdout=sink,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            cwd=Path(__file__).parents[1],
        )
    try:
        while process.poll() is None:
            found = running(directory)
            if found is not None:
                if supervisor_pid(directory) != process.pid:
                    # Another one was first; this one would come up when that one is stopped.
                    _end(process)
                return found
            # Between looks at another process's file: nothing tells when it is written.
            time.sleep(_LOOK)
    except BaseException:
        # It may not have begun yet, and so be no installation that `stop` could find.
        _end(process)
        raise
    words = log.read_bytes()[begin:].decode(errors="replace").strip()
    raise StackError(words or f"the installation ended with {process.returncode}")


def _command(directory: Path, as_of: datetime | None, parent: int | None, *, secure: bool) -> list[str]:
    command = [sys.executable, "-m", "deploy.installation", "--directory", str(directory)]
    command += ["--as-of", as_of.isoformat()] if as_of else []
    command += ["--parent", str(parent)] if parent else []
    return [*command, *(["--secure"] if secure else [])]


def _end(process: "subprocess.Popen[bytes]") -> None:
    process.terminate()
    process.wait(STOP_WITHIN.total_seconds())


def stop(directory: Path = DIRECTORY) -> bool:
    """Stops the installation and waits until it is gone; False where none ran."""
    pid = supervisor_pid(directory)
    if pid is None or not is_supervised(directory):
        return False
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + STOP_WITHIN.total_seconds()
    while is_supervised(directory):
        if time.monotonic() > deadline:
            raise StackError(f"the installation (process {pid}) did not stop in {STOP_WITHIN}")
        # Between looks at a process that is no child of this one, so that nothing tells of its end.
        time.sleep(_LOOK)
    return True
