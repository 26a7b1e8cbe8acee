"""A service on three members with TLS and users, while their primary steps down and is killed."""

from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.security import Security
from deploy.local.stack import Addresses
from tests.faults.rows.members import AWAY, Members, three_members
from tests.integration.reporting.test_restore import applied, starting
from tests.integration.reporting.test_verifying import settled
from tests.support.cluster import Corner, wait_until

PART = 40


@pytest.fixture
async def members(tmp_path: Path) -> AsyncIterator[Members]:
    async with three_members(tmp_path / "members", Security.made(tmp_path / "security")) as found:
        yield found


@pytest.fixture
async def corner(stack: Addresses, members: Members) -> AsyncIterator[Corner]:
    made = Corner(replace(stack, mongodb=members.uri))
    yield made
    await made.remove()


async def test_a_secured_set_loses_its_primary_and_no_record(corner: Corner, members: Members) -> None:
    await corner.create_topics(service="intake")
    await corner.create_topics(service="reporting")
    database = corner.database()

    async def all_of(count: int) -> bool:
        with suppress(PyMongoError):
            return await applied(database) == count
        return False

    client: AsyncMongoClient[dict[str, Any]]
    async with starting(corner), AsyncMongoClient(members.uri) as client:
        await corner.produce([settled(number) for number in range(PART)])
        await wait_until(lambda: all_of(PART))
        with suppress(PyMongoError):
            await client.admin.command("replSetStepDown", AWAY)
        await corner.produce([settled(number) for number in range(PART, 2 * PART)])
        await wait_until(lambda: all_of(2 * PART), within=60)
        await members.kill_primary()
        await corner.produce([settled(number) for number in range(2 * PART, 3 * PART)])
        await wait_until(lambda: all_of(3 * PART), within=60)
        assert await database["refugees"].count_documents({}) == 3 * PART
    database.close()
