"""Documents of a former release, changed while its replicas and new ones write."""

import asyncio
import math
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.notifications.indexes import MIGRATIONS
from shared.messaging.migrations import AT_ONCE, COLLECTION, REPLICAS, Migration, Migrator, older_replicas
from shared.messaging.sending.lease import Lease
from shared.mongo import Database
from tests.support.cluster import Corner, wait_until

RENAMED = Migration(
    2,
    "messages.ended_at",
    "messages",
    {"settled_at": {"$exists": True}},
    [{"$set": {"ended_at": {"$ifNull": ["$ended_at", "$settled_at"]}}}, {"$unset": "settled_at"}],
)
ALONE = Migration(
    2, "messages.form", "messages", {"form": {"$exists": False}}, [{"$set": {"form": 2}}], alone=True
)
DAY = datetime(2026, 1, 2, tzinfo=UTC)


@pytest.fixture
async def database(corner: Corner) -> AsyncIterator[Database]:
    opened = corner.database()
    yield opened
    await opened.drop()
    opened.close()


def migrator(database: Database, *migrations: Migration, form: int = 2) -> Migrator:
    return Migrator(database, migrations, form, timedelta(milliseconds=50))


async def former(database: Database, count: int, first: int = 0) -> None:
    """Messages as the former release stores them."""
    await database["messages"].insert_many(
        [{"_id": f"message-{first + number:05}", "settled_at": DAY} for number in range(count)]
    )


async def left(database: Database) -> int:
    return await database["messages"].count_documents(RENAMED.where)


async def done(database: Database) -> bool:
    return await database[COLLECTION].count_documents({}) == 1


class Replica:
    """A release that runs until the block ends; then it counts as gone at once."""

    def __init__(self, made: Migrator) -> None:
        self.made = made

    async def __aenter__(self) -> Migrator:
        await self.made.announce()
        self.task = asyncio.create_task(self.made.run())
        return self.made

    async def __aexit__(self, *_: Any) -> None:
        self.task.cancel()
        await asyncio.wait([self.task])
        await self.made.database[REPLICAS].update_one({"_id": self.made.replica}, {"$set": {"until": DAY}})


async def test_what_the_former_release_wrote_is_changed_and_nothing_else(database: Database) -> None:
    await former(database, AT_ONCE + 3)
    await database["messages"].insert_one({"_id": "new", "ended_at": DAY + timedelta(days=1), "code": "sent"})
    async with Replica(migrator(database, RENAMED)):
        await wait_until(lambda: done(database))
    assert await left(database) == 0
    assert await database["messages"].count_documents({"ended_at": DAY}) == AT_ONCE + 3
    assert await database["messages"].find_one({"_id": "new"}) == {
        "_id": "new",
        "ended_at": DAY + timedelta(days=1),
        "code": "sent",
    }


async def test_a_migration_is_not_done_while_the_former_release_runs(database: Database) -> None:
    await former(database, 3)
    async with Replica(migrator(database, RENAMED)) as new:
        async with Replica(migrator(database, form=1)):
            for first in (100, 200):
                await former(database, 2, first)
                await wait_until(lambda: _is(left(database), 0))
            for _ in range(3):
                await new.migrate()
            assert not await done(database), "what runs may write the former form once more"
            await former(database, 2, 300)
        await wait_until(lambda: done(database))
    assert await left(database) == 0


async def test_what_the_former_release_could_not_read_waits_until_it_is_gone(database: Database) -> None:
    await former(database, 3)
    async with Replica(migrator(database, ALONE)) as new:
        async with Replica(migrator(database, form=1)):
            await new.migrate()
            await wait_until(lambda: _is(older_replicas(database, 2), 1))
            assert await database["messages"].count_documents(ALONE.where) == 3
        await wait_until(lambda: done(database))
    assert await database["messages"].count_documents({"form": 2}) == 3


async def test_of_two_replicas_one_migrates_and_the_other_goes_on_when_it_is_killed(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.lease.LENGTH", timedelta(seconds=1))
    monkeypatch.setattr("shared.messaging.migrations.AT_ONCE", 1)
    await former(database, 300)
    first, second = migrator(database, RENAMED), migrator(database, RENAMED)
    killed = asyncio.create_task(first.run())
    await wait_until(lambda: _between(left(database), 1, 299))
    await second.migrate()
    assert await left(database) > 0, "it waits for the first"
    killed.cancel()
    await asyncio.wait([killed])
    async with Replica(second):
        await wait_until(lambda: done(database))
    assert await left(database) == 0


async def test_a_change_that_comes_meanwhile_is_kept(database: Database) -> None:
    """Each document is changed at once: nobody's write is overwritten."""
    await former(database, 200)

    async def write() -> None:
        for number in range(200):
            await database["messages"].update_one({"_id": f"message-{number:05}"}, {"$set": {"code": number}})

    async with Replica(migrator(database, RENAMED)):
        await write()
        await wait_until(lambda: done(database))
    found = await database["messages"].find({}, sort=[("_id", 1)]).to_list(None)
    assert [(one["code"], one["ended_at"]) for one in found] == [(number, DAY) for number in range(200)]


def test_shipped_migrations_have_names_of_their_own() -> None:
    names = [one.name for one in MIGRATIONS]
    assert len(set(names)) == len(names) > 0


async def _is(count: Any, expected: int) -> bool:
    return bool(await count == expected)


async def _between(count: Any, least: int, most: int) -> bool:
    return bool(least <= await count <= most)


async def test_who_loses_the_lease_in_a_pass_does_not_call_it_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another replica has changed what this one found: it has changed nothing, and not looked further."""
    await former(database, 3)
    monkeypatch.setattr("shared.messaging.migrations.AT_ONCE", 1)
    monkeypatch.setattr(Lease, "needs_renewal", True)
    unchanging = replace(RENAMED, change=[{"$set": {"settled_at": "$settled_at"}}])
    made = migrator(database, unchanging)
    taking = Lease.acquire
    asked = 0

    async def once(lease: Lease) -> bool:
        nonlocal asked
        asked += 1
        if asked > 1:
            lease._renewed = -math.inf
            return False
        return await taking(lease)

    monkeypatch.setattr(Lease, "acquire", once)
    await made.migrate()
    assert (asked, await done(database)) == (2, False)
