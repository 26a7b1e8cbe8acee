"""A service's process told to stop, whatever holds it up: real signals, and a socket that is never read."""

import asyncio
import os
import signal
import socket
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from deploy.local.ports import LOOPBACK, free_ports
from shared.mongo import Database
from tests.faults.replica import reads_nothing
from tests.support.cluster import Corner, wait_until

REPORTING = [sys.executable, "-m", "services.reporting"]
BLOCKED = """
import asyncio, pathlib, runpy, sys, time
from shared.messaging.runtime import App

async def stop(_):
    pathlib.Path(sys.argv[1]).touch()
    {wait}

App.stop = stop
runpy.run_module("services.reporting", run_name="__main__")
"""
HANGS = "time.sleep(600)"
"""What keeps the process's loop for longer than any test waits: only a signal ends it."""


@asynccontextmanager
async def process(corner: Corner, command: list[str], drain: str) -> AsyncIterator[tuple[Process, int]]:
    """A process of reporting that answers over HTTP, and its port."""
    (port,) = free_ports(1)
    given = {
        "KAFKA": corner.addresses.kafka,
        **{name.upper(): value for name, value in corner.addresses.account.items()},
        "MONGODB": corner.addresses.mongodb,
        "DATABASE": corner.database_name,
        "TOPIC_PREFIX": corner.prefix,
        "HTTP_PORT": str(port),
        "DRAIN": drain,
    }
    environment = {**os.environ, **{f"REPORTING_{name}": value for name, value in given.items()}}
    running = await asyncio.create_subprocess_exec(
        *command, env=environment, stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL
    )

    async def answers() -> bool:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            return False
        writer.close()
        return True

    try:
        await wait_until(answers)
        yield running, port
    finally:
        if running.returncode is None:
            running.kill()
        await running.wait()


def blocked(marker: Path, wait: str) -> list[str]:
    """Reporting with a drain that never ends; it makes the marker when it begins."""
    return [sys.executable, "-c", BLOCKED.format(wait=wait), str(marker)]


async def made(marker: Path) -> None:
    await wait_until(lambda: asyncio.to_thread(marker.exists))


async def ended(running: Process) -> int:
    """Its exit status; TimeoutError where it lives beyond `DRAIN`, which is a second here, and five more."""
    return await asyncio.wait_for(running.wait(), 1 + 5 + 1)


async def test_who_reads_no_answer_does_not_hold_up_the_drain(corner: Corner, database: Database) -> None:
    await corner.create_topics()
    figures: list[dict[str, Any]] = [{"name": f"figure_{number}", "value": number} for number in range(10)]
    await database["indicators"].insert_many(
        [
            {
                "_id": f"no-4601/all/{number:04}",
                "closed": True,
                "data": {"municipality": "no-4601", "programme": "all", "period": f"{number:04}"}
                | {"closed": True, "figures": figures},
            }
            for number in range(1000)
        ]
    )
    async with process(corner, REPORTING, "PT1S") as (running, port):
        with reads_nothing(port, "/indicators?limit=1000") as waiting:
            await wait_until(waiting)
            running.send_signal(signal.SIGTERM)
            assert await ended(running) == 0


async def test_half_a_request_does_not_hold_up_the_drain(corner: Corner) -> None:
    async with process(corner, REPORTING, "PT1S") as (running, port):
        with socket.create_connection((LOOPBACK, port)) as half:
            half.sendall(b"GET /health/live HTTP/1.1\r\nHost:")
            running.send_signal(signal.SIGTERM)
            assert await ended(running) == 0


@pytest.mark.parametrize("wait", ["await asyncio.Event().wait()", HANGS])
async def test_a_drain_that_does_not_end_is_ended(corner: Corner, tmp_path: Path, wait: str) -> None:
    """Where the loop waits for ever, and where it is blocked."""
    async with process(corner, blocked(tmp_path / "begun", wait), "PT1S") as (running, _):
        running.send_signal(signal.SIGTERM)
        await made(tmp_path / "begun")
        assert await ended(running) == -signal.SIGALRM


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_a_second_signal_ends_it_at_once(
    corner: Corner, tmp_path: Path, number: signal.Signals
) -> None:
    async with process(corner, blocked(tmp_path / "begun", HANGS), "PT10M") as (running, _):
        running.send_signal(number)
        await made(tmp_path / "begun")
        running.send_signal(number)
        assert await ended(running) == -number


async def test_sigterm_after_sigint_lets_it_drain_on(corner: Corner, tmp_path: Path) -> None:
    """As from a terminal's Ctrl-C, and then from whoever started it."""
    wait = "await asyncio.sleep(1)"
    async with process(corner, blocked(tmp_path / "begun", wait), "PT10M") as (running, _):
        running.send_signal(signal.SIGINT)
        await made(tmp_path / "begun")
        running.send_signal(signal.SIGTERM)
        assert await ended(running) == 0
