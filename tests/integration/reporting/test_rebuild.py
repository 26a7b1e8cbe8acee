"""Reporting's database is lost after a close: what was published stands, and nothing counts twice."""

import asyncio

import pytest

from deploy.local.kafka_tools import KafkaTools
from services.reporting.consumers import subscriptions
from services.reporting.service import Reporting
from services.reporting.state_hash import STATE
from services.reporting.store import Repository
from shared.messaging.state_hash import state_hash
from tests.integration.reporting.month import (
    BERGEN,
    GUIDE,
    JULY,
    JUNE,
    OF_BERGEN,
    OF_GUIDES,
    OF_OPEN,
    a_month,
    counted,
    happens,
    published,
    ready,
    reporting,
    ticked,
    until,
)
from tests.support.cluster import Corner, wait_until


async def lose(corner: Corner) -> None:
    """Drops the database, and deletes the groups."""
    database = corner.database()
    read = subscriptions(Reporting(Repository(database)))
    await database.drop()
    database.close()
    groups = [part for one in read for part in ("--group", f"{corner.prefix}reporting.{one.name}")]
    tools = KafkaTools(corner.addresses.cluster)
    await asyncio.to_thread(tools.consumer_groups, "--delete", *groups)


@pytest.mark.parametrize("closed", [False, True], ids=["June is open", "June is closed"])
async def test_what_was_published_stands_and_nothing_is_counted_twice(corner: Corner, closed: bool) -> None:
    june, now = f"{BERGEN}/{GUIDE}/2016-06", JULY if closed else JUNE
    records = a_month()
    async with reporting(corner, JUNE):
        await happens(corner, records)
        await until(corner, june, OF_OPEN)
        await until(corner, f"{BERGEN}/all/2016-06", OF_BERGEN)
    async with reporting(corner, now):
        await until(corner, june, OF_GUIDES if closed else OF_OPEN, closed=closed)
        await ticked(corner)
    database = corner.database()
    before, on_topic = await state_hash(database, STATE), await published(corner)
    await lose(corner)
    async with reporting(corner, now):
        await counted(corner, applied=len(records))
        await ticked(corner)
        assert await published(corner) == on_topic
        assert await state_hash(database, STATE) == before

        # Figures go on from their revisions; occurrences of a month that is closed count in the open one.
        month = "2016-07" if closed else "2016-06"
        await corner.produce([record for number in range(20, 26) for record in ready(number)])
        settled = 5 if closed else 20
        quiet = dict.fromkeys(OF_BERGEN) if closed else OF_BERGEN
        await until(corner, f"{BERGEN}/all/{month}", {**quiet, "settlements_registered": settled})
    database.close()


async def test_nothing_is_published_before_everything_was_read(corner: Corner) -> None:
    june = f"{BERGEN}/{GUIDE}/2016-06"
    async with reporting(corner, JUNE):
        await happens(corner, a_month())
        await until(corner, june, OF_OPEN)
        await until(corner, f"{BERGEN}/all/2016-06", OF_BERGEN)
        await ticked(corner)
    on_topic = await published(corner)
    await lose(corner)
    async with reporting(corner, JUNE) as app:

        async def looked() -> bool:
            return await app.resources.database["calendar"].find_one({"_id": "read"}) is not None

        await wait_until(looked, "figures were counted")
        assert await published(corner) == on_topic
