"""`kobling verify` on intake: what it has sent is held against what it keeps of people and of their cards."""

from datetime import timedelta

from kobling.verifying import Difference, Finding, Verification
from shared.mongo import Database
from tests.integration.intake.test_restored import handled, settled, starting, town
from tests.support.cluster import Corner

__all__ = ["town"]


def looking(corner: Corner, database: Database) -> Verification:
    again = timedelta(milliseconds=100)
    return Verification("intake", corner.addresses.cluster, corner.prefix, database, again)


async def wrong(verification: Verification) -> list[Finding]:
    return [one for one in await verification.findings() if not one.good]


async def test_who_differs_from_what_was_sent_is_named(town: Corner) -> None:
    database = town.database()
    await town.produce([settled("BER-2016-0001", 1), settled("BER-2016-0002", 2)])
    async with starting(town):
        await handled(town, 2)
    verification = looking(town, database)
    assert await wrong(verification) == []
    one, other = await database["refugees"].find({}, {"state": 1}, sort=[("_id", 1)]).to_list(None)
    number, order = one["state"]
    await database["refugees"].update_one({"_id": one["_id"]}, {"$set": {"state": [77, order]}})
    await database["refugees"].delete_one({"_id": other["_id"]})
    (found,) = await wrong(verification)
    assert (found.check, found.topic, found.in_topic, found.stored) == ("subjects", "refugees.v1", 2, 1)
    assert set(found.differing) == {
        Difference(one["_id"], number, 77),
        Difference(other["_id"], other["state"][0], None),
    }
    database.close()
