"""Intake goes on from a dump: the same people, ascending revisions, and nothing of old sent again."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import pytest

from services.intake.app import create_app
from services.intake.settings import Settings
from shared.contracts import topics
from shared.messaging.runtime import App
from shared.messaging.wiring import Resources
from shared.sealing import encode, new_key_pair
from tests.integration.reporting.test_restore import dump, restore
from tests.support.cluster import Corner, Record, wait_until
from tests.unit.messaging.records import settlement

TOWN = "no-4601"
KEYS: dict[str, Any] = {
    "master_key": encode(b"m" * 32),
    "case_key": encode(b"c" * 32),
    "card_public_key": new_key_pair()[1],
}


@pytest.fixture
async def town(corner: Corner) -> Corner:
    await corner.create_topics([TOWN], service="intake")
    return corner


def settled(case: str, number: int) -> Record:
    """A case's record; each later one corrects it."""
    document = {
        **settlement(case, household={"adults": 1, "minors": number}),
        "id": f"event-{number}",
        "source": f"/municipalities/{TOWN}/case-system",
        "time": f"2016-06-15T07:00:{number:02}Z",
    }
    return replace(topics.SETTLEMENTS, name=f"settlements.{TOWN}.v1"), case, orjson.dumps(document)


@asynccontextmanager
async def starting(corner: Corner) -> AsyncIterator[App]:
    """A replica that begins as soon as it may."""
    settings = Settings(**corner.settings, **KEYS)
    app = App(create_app(settings, Resources.of("intake", settings)), settings)
    task = asyncio.create_task(app.start())
    try:
        yield app
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
        await app.stop()


async def handled(corner: Corner, count: int) -> None:
    """Waits until so many records of the town's are handled, and all that came of them is sent."""
    database = corner.database()

    async def done() -> bool:
        found = await database["positions"].find_one({"topic": f"{corner.prefix}settlements.{TOWN}.v1"}) or {}
        return found.get("next_offset") == count and await database["outbox"].count_documents({}) == 0

    await wait_until(done, f"{count} records are handled")
    database.close()


async def revisions(corner: Corner) -> dict[str, list[int]]:
    """Of each refugee, in the order of their topic."""
    found: dict[str, list[int]] = {}
    for record in await corner.read(topics.REFUGEES.name):
        key, value = record.key or b"", record.value or b"{}"
        found.setdefault(key.decode(), []).append(orjson.loads(value)["revision"])
    return found


async def restore_done(corner: Corner, app: App) -> None:
    """What the administrator does, once the service says that it is held back."""

    async def held_back() -> bool:
        return "restore-done" in (app.resources.health.causes.get("offsets") or "")

    await wait_until(held_back)
    settings = {f"INTAKE_{name.upper()}": value for name, value in (corner.settings | KEYS).items()}
    process = await asyncio.create_subprocess_exec(
        str(Path(sys.executable).with_name("kobling")),
        "restore-done",
        "intake",
        env={**os.environ, **settings},
    )
    assert await process.wait() == 0


async def test_a_restored_intake_goes_on_where_it_was(town: Corner) -> None:
    await town.produce([settled("BER-2016-0001", 1)])
    async with starting(town):
        await handled(town, 1)
    dumped = await dump(town)
    (sent,) = await town.read(topics.REFUGEES.name)
    database = town.database()
    async with starting(town):
        await town.produce(
            [settled("BER-2016-0001", 2), settled("BER-2016-0002", 3), settled("BER-2016-0002", 4)]
        )
        await handled(town, 4)
    before = await revisions(town)
    assert sorted(before.values()) == [[1, 2], [1, 2]]

    # The dump was made before its relay had deleted what it had sent.
    row: dict[str, Any] = {"topic": f"{town.prefix}refugees.v1", "headers": [], "order": 1, "slot": 0}
    dumped["outbox"] = [row | {"rows": [[sent.key, sent.value]]}]
    await restore(town, dumped)
    async with starting(town) as app:
        await restore_done(town, app)
        await handled(town, 4)
        await town.produce([settled("BER-2016-0001", 5), settled("BER-2016-0002", 6)])
        await handled(town, 6)
    # The first had one record after the dump, and one now; the second two and one.
    first, second = before
    if before[first] != [1, 2] or sent.key != first.encode():
        first, second = second, first
    assert await revisions(town) == {first: [1, 2, 3, 4], second: [1, 2, 3, 4, 5]}
    database.close()


async def test_what_was_not_sent_before_the_dump_goes_out(town: Corner) -> None:
    await town.produce([settled("BER-2016-0001", 1)])
    async with starting(town):
        await handled(town, 1)
    dumped = await dump(town)
    (sent,) = await town.read(topics.REFUGEES.name)
    document = orjson.loads(sent.value or b"")
    unsent = orjson.dumps(document | {"revision": 2, "id": "unsent"})
    row: dict[str, Any] = {"topic": f"{town.prefix}refugees.v1", "headers": [], "order": 1, "slot": 0}
    dumped["outbox"] = [
        row | {"rows": [[sent.key, sent.value]]},
        row | {"rows": [[sent.key, unsent]], "order": 2},
    ]
    (file,) = dumped["refugees"]
    file["state"] = [2, file["state"][1]]
    await town.produce([settled("BER-2016-0003", 2)])
    async with starting(town):
        await handled(town, 2)
    await restore(town, dumped)
    async with starting(town) as app:
        await restore_done(town, app)
        await handled(town, 2)
    found = await revisions(town)
    assert found.pop((sent.key or b"").decode()) == [1, 2]
    assert list(found.values()) == [[1, 2]]
