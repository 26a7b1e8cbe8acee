"""The process that owns the servers: `python -m deploy.local.supervisor --directory D --parent PID`.

It ends, and the servers with it, on SIGTERM, on SIGINT, and when the parent ends, however that ends.
Should it be killed itself, the kernel kills its server processes and a guard removes its containers.
"""

import argparse
import asyncio
import logging
import os
import shutil
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import assert_never

from deploy.local.addresses import Addresses, StackError
from deploy.local.choice import Way, choose_way
from deploy.local.containers import running_containers
from deploy.local.servers import running_servers
from deploy.local.supervision import forget_outcome, supervisor_lock, write_outcome
from kobling.processes import lives

_LOOK = timedelta(milliseconds=250)


@dataclass(frozen=True)
class Task:
    """What a supervisor was asked.

    directory: where data and logs go. parent: the pid whose end ends the servers. way: None to choose.
    discard: remove the whole directory at the end. secure: clients log in and may do what they are granted.
    """

    directory: Path
    parent: int
    way: Way | None
    discard: bool
    secure: bool


def main() -> int:
    """Run until told to stop; 0 unless the servers could not be started."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--directory", type=Path, required=True)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--way", choices=["processes", "containers"])
    parser.add_argument("--discard", action="store_true")
    parser.add_argument("--secure", action="store_true")
    arguments = parser.parse_args()
    task = Task(
        directory=arguments.directory,
        parent=arguments.parent,
        way=arguments.way,
        discard=arguments.discard,
        secure=arguments.secure,
    )
    # It logs every try of a server that isn't up yet; the last refusal is in the StackError.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    with supervisor_lock(task.directory):
        return asyncio.run(supervise(task))


async def supervise(task: Task) -> int:
    """Serve until a signal or the parent's end; the servers are gone when this returns."""
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, ended.set)
    serving = asyncio.create_task(_serve(task))
    watching = asyncio.create_task(_watch(task.parent, ended))
    until_ended = asyncio.create_task(ended.wait())
    await asyncio.wait({serving, until_ended}, return_when=asyncio.FIRST_COMPLETED)
    serving.cancel()
    (result,) = await asyncio.gather(serving, return_exceptions=True)
    watching.cancel()
    until_ended.cancel()
    if task.discard:
        await asyncio.to_thread(shutil.rmtree, task.directory, ignore_errors=True)
    if isinstance(result, asyncio.CancelledError):
        return 0
    if isinstance(result, BaseException):
        sys.stderr.write(f"{result}\n")
    return 1


async def _serve(task: Task) -> None:
    """Start the servers, tell the outcome, and keep them until cancelled."""
    try:
        async with _servers(task) as addresses:
            write_outcome(task.directory, addresses)
            _close_standard_output()
            try:
                await asyncio.Event().wait()
            finally:
                forget_outcome(task.directory)
    except StackError as failure:
        write_outcome(task.directory, failure)
        raise


@asynccontextmanager
async def _servers(task: Task) -> AsyncIterator[Addresses]:
    way = task.way or choose_way(secure=task.secure)
    match way:
        case "processes":
            async with running_servers(task.directory, secure=task.secure) as servers:
                yield servers.addresses
        case "containers":
            async with running_containers() as addresses:
                yield addresses
        case _:
            assert_never(way)


def _close_standard_output() -> None:
    """Whoever started this process reads its output to the end before it looks at the outcome."""
    silence = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silence, sys.stdout.fileno())
    os.close(silence)


async def _watch(parent: int, ended: asyncio.Event) -> None:
    """Set `ended` when the parent has ended; its pid can't be mistaken for a later process's on Linux."""
    if sys.platform == "linux":
        try:
            handle = os.pidfd_open(parent)
        except ProcessLookupError:
            ended.set()
            return
        try:
            asyncio.get_running_loop().add_reader(handle, ended.set)
            await ended.wait()
        finally:
            asyncio.get_running_loop().remove_reader(handle)
            os.close(handle)
    else:
        while lives(parent):  # noqa: ASYNC110 - nobody announces the end of a process that isn't ours
            await asyncio.sleep(_LOOK.total_seconds())
        ended.set()


if __name__ == "__main__":
    sys.exit(main())
