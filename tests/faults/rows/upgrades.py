"""Row 39: from a former release's own code to this one, replica by replica, and then to another division."""

import asyncio
import io
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from shared.contracts.topics import SERVICES, Service
from tests.faults.registry import NotRun, Run, row
from tests.faults.replica import Replica
from tests.faults.world import World

ROOT: Final = Path(__file__).parents[3]
FORMER: Final = "da54494a9f08f6acf5b6a049ec77e76f4359739e"
"""The last commit without accounts, access rules and migrations."""
MIXED: Final = 4.0
"""For how many seconds two releases, or two divisions, share the work of a service."""
RELAYS: Final = "2"


def former_release(into: Path) -> Path:
    """The former release's code. Raises NotRun where the checkout has no history that goes so far."""
    command = ["git", "archive", FORMER, "services", "shared", "kobling"]
    archive = subprocess.run(command, cwd=ROOT, capture_output=True, check=False)  # noqa: S603 (fixed words)
    if archive.returncode != 0:
        raise NotRun("the checkout's history lacks the former release")
    with tarfile.open(fileobj=io.BytesIO(archive.stdout)) as files:
        files.extractall(into, filter="data")
    return into


async def _succeeded(world: World, former: Replica, relays: str = "1") -> Replica:
    """Another replica beside a former one, which then leaves."""
    newer = await world.add(former.service, RELAY_SHARDS=relays)
    await newer.until_ready()
    await asyncio.sleep(MIXED)
    await former.leave()
    return newer


@row(39, "a rolling upgrade from a former release's code, and then to two relays, forth and back", "beside")
async def rolling_upgrade(run: Run) -> None:
    former = former_release(run.bench.directory / "former")
    async with run.own(former=former) as world, world.load.under(run.bench.rate, world.observer):
        await asyncio.sleep(MIXED)
        now: dict[Service, Replica] = {}
        for service in SERVICES:
            now[service] = await _succeeded(world, world.of(service))
        for relays in (RELAYS, "1"):
            for service in SERVICES:
                now[service] = await _succeeded(world, now[service], relays)
    run.did(f"{len(SERVICES)} services upgraded, their relays divided by {RELAYS} and joined again")
