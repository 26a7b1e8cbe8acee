"""Setting up on servers where anybody may come: topics and indexes alone."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest

from kobling.operators import Directory, Registration
from kobling.setup.carrying_out import carry_out, revoke
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import known_principals, plan
from kobling.setup.plan import Wanted
from shared.contracts.access import Principal
from shared.contracts.topics import SERVICES
from shared.messaging.migrations import FORM, REPLICAS, Migrator
from shared.mongo import Database
from tests.conftest import SECURE
from tests.support.cluster import Corner

pytestmark = pytest.mark.skipif(SECURE, reason="tests/security is of servers with accounts")

TOWN, OPERATOR = Principal("municipality", "no-4601"), Principal("operator", "bergen-redcross-1")


@pytest.fixture
async def wanted(corner: Corner, tmp_path: Path) -> AsyncIterator[Wanted]:
    """A municipality and an operator; the databases go again."""
    databases = {service: f"{corner.database_name}_{service}" for service in SERVICES}
    yield Wanted(
        corner.addresses.cluster,
        Secrets(tmp_path / "secrets"),
        frozenset([TOWN, OPERATOR]),
        corner.prefix,
        1,
        corner.addresses.mongodb,
        databases,
    )
    for name in databases.values():
        database = Database(corner.addresses.mongodb, name)
        await database.drop()
        database.close()


async def test_what_is_set_up_needs_nothing_more(wanted: Wanted) -> None:
    first = await plan(wanted)
    assert not first.guarded
    assert {change.area for change in first.changes()} == {"topic", "index"}
    await carry_out(first)
    assert (await plan(wanted)).changes() == []
    # Nobody logs in here, so there is no password to hand over.
    assert not wanted.secrets.directory.exists()


async def test_what_is_missing_again_is_made_again(wanted: Wanted, corner: Corner) -> None:
    await carry_out(await plan(wanted))
    await corner.delete_topic("receipts.no-4601.v1")
    found = await plan(wanted)
    assert [str(change) for change in found.changes()] == [
        f"create topic: {corner.prefix}receipts.no-4601.v1"
    ]
    await carry_out(found)
    assert (await plan(wanted)).changes() == []


async def test_who_is_there_is_known_by_records_and_municipalities_by_their_topics(wanted: Wanted) -> None:
    await carry_out(await plan(replace(wanted, uri=None)))
    assert await known_principals(wanted.kafka, wanted.prefix) == {TOWN}
    directory = Directory(wanted.kafka, wanted.prefix)
    said = Registration(OPERATOR.name, "red_cross_bergen", [TOWN.name], ["coordinator", "dead_letters"])
    await directory.register(await directory.checked(said, wanted.secrets))
    assert await known_principals(wanted.kafka, wanted.prefix) == {TOWN, replace(OPERATOR, dead_letters=True)}
    await directory.forget(OPERATOR.name)
    await asyncio.to_thread(revoke, wanted.kafka, wanted.secrets, OPERATOR)
    assert await known_principals(wanted.kafka, wanted.prefix) == {TOWN}
    assert list(wanted.secrets.directory.iterdir()) == []


async def test_what_former_releases_had_is_removed_once_their_last_replica_is_gone(wanted: Wanted) -> None:
    await carry_out(await plan(wanted))
    assert wanted.uri is not None
    notifications = Database(wanted.uri, wanted.databases["notifications"])
    reporting = Database(wanted.uri, wanted.databases["reporting"])
    try:
        await notifications["messages"].create_index([("settled_at", 1)])
        await reporting["unplaced"].create_index([("month", 1)])
        former, new = Migrator(notifications, (), FORM - 1), Migrator(notifications, ())
        await former.announce()
        await new.announce()
        found = await plan(wanted)
        assert found.kept == {"notifications": 1}
        assert [str(change) for change in found.changes()] == ["remove index: reporting.unplaced"]
        await carry_out(found)
        await notifications[REPLICAS].delete_one({"_id": former.replica})
        found = await plan(wanted)
        assert [str(change) for change in found.changes()] == [
            "remove index: notifications.messages settled_at_1"
        ]
        await carry_out(found)
        # Killed before it said so, it is carried out once more.
        await carry_out(found)
        assert (await plan(wanted)).changes() == []
        assert "settled_at_1" not in await notifications["messages"].index_information()
        assert "unplaced" not in await reporting["unplaced"].database.list_collection_names()
    finally:
        notifications.close()
        reporting.close()
