"""A real Kafka and a real MongoDB, for as long as they are needed.

In order: the addresses in the environment (`KOBLING_KAFKA` and `KOBLING_MONGODB`); local processes;
containers. `KOBLING_STACK` set to `processes` or `containers` allows one of the last two alone.

What is started here belongs to a supervisor process (`deploy.local.supervisor`), not to the caller: so
it is stopped when the caller ends in any way, and its data with it.
"""

import asyncio
import fcntl
import os
import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from datetime import timedelta
from pathlib import Path

from deploy.local.addresses import Addresses, StackError
from deploy.local.choice import check_reachable, choose_way, environment_addresses
from deploy.local.jars import kafka_jars
from deploy.local.supervision import (
    forget_outcome,
    is_supervised,
    last_words,
    read_outcome,
    spawn_supervisor,
    supervisor_pid,
)

__all__ = ["Addresses", "StackError", "running_stack", "shared_stack", "stop_shared_stack"]

_STOP = timedelta(seconds=40)
_LOOK = timedelta(milliseconds=20)
"""Between two looks at another process's lock, whose end nothing tells."""


@contextmanager
def running_stack(directory: Path, *, secure: bool = False) -> Iterator[Addresses]:
    """A ready stack with its data and logs below `directory`; logs stay there, data does not.

    Blocks until both servers are ready: some 4 s as processes, 10 s more where jars are fetched first.
    Addresses from the environment are checked, and nothing is started or stopped.
    Raises StackError when no way works.
    """
    try:
        yield shared_stack(directory, owner=os.getpid(), secure=secure)
    finally:
        stop_shared_stack(directory)


def shared_stack(directory: Path, *, owner: int, discard: bool = False, secure: bool = False) -> Addresses:
    """The stack of `directory`, started by whoever asks first; it ends with the process `owner`.

    discard: remove the whole directory at the end, logs too. secure: clients log in, under TLS, and may do
    what they are granted; of local processes alone.
    Raises StackError, the same one to everybody, when no way works.
    """
    given = environment_addresses()
    if given is not None:
        # In a thread of its own: the caller's may run an event loop.
        with ThreadPoolExecutor(max_workers=1) as thread:
            thread.submit(asyncio.run, check_reachable(given)).result()
        return given
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        addresses = read_outcome(directory)
        if addresses is None or not is_supervised(directory):
            forget_outcome(directory)
            way = choose_way(secure=secure)
            if way == "processes":
                kafka_jars()
            spawn_supervisor(directory, owner=owner, way=way, discard=discard, secure=secure)
            addresses = read_outcome(directory)
    if addresses is None:
        raise StackError(f"the stack's supervisor ended early:\n{last_words(directory)}")
    return addresses


def stop_shared_stack(directory: Path) -> None:
    """Stop what `shared_stack` started for this directory, and wait until it is gone."""
    pid = supervisor_pid(directory)
    if pid is not None and is_supervised(directory):
        os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP.total_seconds()
    while is_supervised(directory):
        if time.monotonic() > deadline:
            raise StackError(f"the stack in {directory} did not stop in {_STOP}")
        # Between looks at a process that may be another's child, so that nothing tells of its end.
        time.sleep(_LOOK.total_seconds())
    if pid is not None:
        # Our own child, unless another test worker started it.
        with suppress(ChildProcessError):
            os.waitpid(pid, 0)
    forget_outcome(directory)
