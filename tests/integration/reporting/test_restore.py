"""A whole service on a database that was restored from a dump, or emptied."""

import asyncio
import os
import re
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import httpx

from deploy.local.kafka_tools import KafkaTools
from services.reporting.app import create_app
from services.reporting.settings import Settings
from shared.messaging.places.admission import group_offsets
from shared.messaging.runtime import App
from shared.messaging.sending.outbox import Row, bundled
from shared.messaging.serving import http
from shared.messaging.wiring import Resources
from shared.mongo import Database, Document
from tests.integration.matching.world import refugee
from tests.support.cluster import Corner, wait_until

Dump = dict[str, list[Document]]


@asynccontextmanager
async def starting(corner: Corner) -> AsyncIterator[tuple[App, "asyncio.Task[None]"]]:
    """A replica that begins as soon as it may."""
    settings = Settings(**corner.settings)
    app = App(create_app(settings, Resources.of("reporting", settings)), settings)
    task = asyncio.create_task(app.start())
    try:
        yield app, task
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await app.stop()


async def applied(database: Database) -> int:
    return sum([row["applied"] async for row in database["positions"].find({})])


async def read_all(corner: Corner, count: int) -> None:
    """Runs the service until it has applied and committed so much in all."""
    database = corner.database()
    async with starting(corner):

        async def done() -> bool:
            return await applied(database) == count and sum(await committed(corner)) >= count

        await wait_until(done)
    database.close()


async def committed(corner: Corner) -> list[int]:
    group = f"{corner.prefix}reporting.refugees"
    offsets = await group_offsets(corner.addresses.cluster, [group])
    return [found.offset for found in offsets[group].values()]


async def dump(corner: Corner) -> Dump:
    database = corner.database()
    names = await database._database.list_collection_names()
    found = {name: await database[name].find({}).to_list(None) for name in names}
    database.close()
    return found


async def restore(corner: Corner, dumped: Dump) -> None:
    database = corner.database()
    await database.drop()
    for name, documents in dumped.items():
        if documents:
            await database[name].insert_many(documents)
    database.close()


async def kobling(corner: Corner, *command: str) -> tuple[int, str]:
    """The administrator's command; its exit code and what it said."""
    variables = {f"REPORTING_{name.upper()}": value for name, value in corner.settings.items()}
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("kobling")),
        *command,
        env={**os.environ, **variables},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    return process.returncode or 0, said.decode()


async def get(app: App, path: str) -> httpx.Response:
    async with httpx.AsyncClient(transport=httpx.ASGITransport(http(app)), base_url="http://test") as client:
        return await client.get(path)


NOTHING_SKIPPED = r'kobling_offsets_skipped_total\{partition="\d+",topic="refugees.v1"\} 0.0'


async def held_back(app: App) -> str:
    cause = app.resources.health.causes.get("offsets", "starting")
    return "" if cause == "starting" else cause


async def test_a_restored_database_does_nothing_until_the_administrator_says_so(corner: Corner) -> None:
    await corner.produce([refugee(number) for number in range(3)])
    await read_all(corner, 3)
    sent = Row(f"{corner.prefix}indicators.v1", b"k", b"{}", headers=(), order=0, slot=0)
    dumped = await dump(corner)
    dumped["outbox"] = bundled([sent])
    await corner.produce([refugee(number) for number in range(3, 6)])
    await read_all(corner, 6)
    before = sorted(await committed(corner))
    await restore(corner, dumped)
    database = corner.database()
    async with starting(corner) as (app, task):
        assert "kobling restore-done" in await wait_until(lambda: held_back(app))
        answer = await get(app, "/health/ready")
        assert answer.status_code == 503
        assert "older than" in answer.json()["causes"]["offsets"]
        # Its outbox was sent before, and its due rows have fired.
        assert (app._draining, app.relays.leads) == ([], False)
        assert await database["outbox"].count_documents({}) == 1
        assert sorted(await committed(corner)) == before
        code, said = await kobling(corner, "restore-done", "reporting")
        assert (code, said.count("reporting.refugees")) == (0, len(said.splitlines()) - 2)
        await wait_until(lambda: _done(task))

        async def again() -> bool:
            return await applied(database) == 6 and not app.resources.health.causes

        await wait_until(again)

        async def alarm() -> bool:
            # A page is made without the database where that is slower than a page may be.
            page = (await get(app, "/metrics")).text
            return re.search(NOTHING_SKIPPED, page) is not None

        await wait_until(alarm)
    database.close()


async def test_an_emptied_database_names_both_remedies_and_is_built_up_after_a_reset(corner: Corner) -> None:
    await corner.produce([refugee(number) for number in range(3)])
    await read_all(corner, 3)
    await restore(corner, {})
    database = corner.database()
    async with starting(corner) as (app, task):
        cause = await wait_until(lambda: held_back(app))
        assert ("restore-done" in cause, "--to-earliest" in cause) == (True, True)
        code, said = await kobling(corner, "restore-done", "reporting")
        assert code == 1
        assert "restore a dump first" in said
        assert not task.done()
        how = ["--all-topics", "--reset-offsets", "--to-earliest", "--execute"]
        KafkaTools(corner.addresses.cluster).consumer_groups(
            "--group", f"{corner.prefix}reporting.refugees", *how
        )
        await wait_until(lambda: _done(task))

        async def again() -> bool:
            return await applied(database) == 3

        await wait_until(again)
        assert "offsets" not in app.resources.health.causes
    database.close()


async def test_expired_unread_is_acknowledged_from_the_shell(corner: Corner) -> None:
    database = corner.database()
    await database["positions"].insert_one(
        {"_id": "refugees.v1/0", "topic": "refugees.v1", "partition": 0, "expired": 2, "unacknowledged": 2}
    )
    assert await kobling(corner, "acknowledge-expired", "reporting") == (0, '{\n  "refugees.v1/0": 2\n}\n')
    assert await kobling(corner, "acknowledge-expired", "reporting") == (0, "{}\n")
    database.close()


async def _done(task: "asyncio.Task[None]") -> bool:
    return task.done()
