"""Rows 18 and 19: the disk of a server is full, and then freed."""

import asyncio
import ctypes
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Final, Protocol

from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer
from deploy.local.process import ServerProcess
from tests.faults.registry import NotRun, Run, row
from tests.faults.world import World

MEBIBYTE: Final = 1024 * 1024
SIZE: Final = 768
"""Mebibytes of the disk."""
BEFORE: Final = 5.0
FULL: Final = 20.0
GIVES_UP: Final = timedelta(seconds=60)
CLONE_NEWNS: Final = 0x20000
MS_REC, MS_PRIVATE, MNT_DETACH = 0x4000, 1 << 18, 2
_LIBC: Final = ctypes.CDLL(None, use_errno=True)


class Server(Protocol):
    """A server that can be started again."""

    process: ServerProcess | None

    async def start(self) -> None:
        """Starts it."""

    async def stop(self) -> None:
        """Stops it."""


def own_mounts() -> None:
    """Gives this process a mount namespace of its own, where it may: what it mounts then ends with it.

    Before any thread is started, since each thread has its namespace from the one that started it.
    """
    if _LIBC.unshare(CLONE_NEWNS) == 0:
        _LIBC.mount(None, b"/", None, MS_REC | MS_PRIVATE, None)


@contextmanager
def small_disk(path: Path) -> Iterator[Path]:
    """A file system in memory."""
    path.mkdir(parents=True)
    if _LIBC.mount(b"tmpfs", bytes(path), b"tmpfs", 0, f"size={SIZE}m".encode()) != 0:
        raise NotRun(f"mounting a small disk: {os.strerror(ctypes.get_errno())}")
    try:
        yield path
    finally:
        _LIBC.umount2(bytes(path), MNT_DETACH)


def fill(disk: Path) -> Path:
    """A file that takes what is left."""
    filler = disk / "filler"
    with filler.open("ab", buffering=0) as file:
        try:
            while file.write(b"\0" * MEBIBYTE) == MEBIBYTE:
                pass
        except OSError:
            return filler
    return filler


@asynccontextmanager
async def _on_a_small_disk(server: Server) -> AsyncIterator[None]:
    await server.start()
    try:
        yield
    finally:
        await server.stop()


def _load(run: Run, world: World) -> AbstractAsyncContextManager[None]:
    return world.load.under(run.bench.rate, world.observer)


async def _fill_and_free(run: Run, server: Server, disk: Path) -> None:
    await asyncio.sleep(BEFORE)
    filler = fill(disk)
    loop = asyncio.get_running_loop()
    end = loop.time() + FULL
    while loop.time() < end:
        # What the servers free meanwhile is taken too.
        fill(disk)
        await asyncio.sleep(0.5)
    filler.unlink()
    ended = server.process is None or await _ended(server.process)
    if ended:
        await server.start()
    run.did(f"full for {FULL:.0f} s; the server {'ended' if ended else 'went on'}")


async def _ended(process: ServerProcess) -> bool:
    """Whether a server gives up: a broker whose only disk failed takes half a minute to end."""
    try:
        await asyncio.wait_for(process.wait(), GIVES_UP.total_seconds())
    except TimeoutError:
        return False
    return True


@row(18, "the database's disk is full, then freed", "beside")
async def database_disk_full(run: Run) -> None:
    with small_disk(run.bench.directory / "database-disk") as disk:
        server = MongoServer(disk / "mongodb", run.bench.directory / "database-disk-logs")
        async with _on_a_small_disk(server), run.own(mongodb=server.address) as world, _load(run, world):
            await _fill_and_free(run, server, disk)


@row(19, "the broker's disk is full, then freed", "beside")
async def broker_disk_full(run: Run) -> None:
    with small_disk(run.bench.directory / "broker-disk") as disk:
        server = KafkaServer(disk / "kafka", run.bench.directory / "broker-disk-logs")
        async with _on_a_small_disk(server), run.own(kafka=server.address) as world, _load(run, world):
            await _fill_and_free(run, server, disk)
