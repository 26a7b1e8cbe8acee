"""`kobling verify` on a whole service: all is well, then something is wrong that really is, then mended."""

import json
from datetime import timedelta
from typing import Any

import pytest

from kobling.verifying import Finding, Verification
from shared.messaging.sending.outbox import Row, bundled
from shared.mongo import Database
from tests.integration.matching.world import refugee
from tests.integration.reporting.test_restore import kobling, read_all, starting
from tests.support.cluster import Corner, wait_until

PEOPLE = 4
VERIFY = ("verify", "reporting", "--again-after", "0.5")


@pytest.fixture
async def verification(corner: Corner, database: Database) -> Verification:
    """Of a service that has read everything, and is stopped."""
    await corner.produce([refugee(number) for number in range(PEOPLE)])
    await read_all(corner, PEOPLE)

    made = Verification(
        "reporting", corner.addresses.cluster, corner.prefix, database, timedelta(milliseconds=100)
    )
    # It stops when all is read, and not when all is sent.
    async with starting(corner):
        await wait_until(lambda: _well(made))
    return made


async def _well(verification: Verification) -> bool:
    return all(one.good for one in await verification.findings())


async def wrong(verification: Verification) -> list[Finding]:
    return [one for one in await verification.findings() if not one.good]


async def asked(corner: Corner, status: int) -> list[dict[str, Any]]:
    """What the shell says, as JSON, of what is wrong."""
    code, said = await kobling(corner, *VERIFY, "--json")
    assert code == status, said
    return [one for one in json.loads(said) if not one["good"]]


async def test_a_tampered_revision_is_named_and_mended(
    corner: Corner, database: Database, verification: Verification
) -> None:
    assert await asked(corner, 0) == []
    code, said = await kobling(corner, *VERIFY)
    assert (code, "wrong" in said) == (0, False)
    people = [one["_id"] async for one in database["refugees"].find({}, sort=[("_id", 1)])]
    assert len(people) == PEOPLE
    before = await database["refugees"].find_one({"_id": people[0]})
    assert before is not None
    await database["refugees"].update_one({"_id": people[0]}, {"$set": {"revision": 77}})
    (found,) = await asked(corner, 1)
    assert (found["check"], found["topic"], found["in_topic"], found["stored"]) == (
        "subjects",
        "refugees.v1",
        PEOPLE,
        PEOPLE,
    )
    told = {"subject": people[0], "in_topic": before["revision"], "stored": 77}
    assert found["differing"] == [told]
    code, said = await kobling(corner, *VERIFY)
    assert (code, f"{people[0]} has revision {before['revision']} there, 77 stored" in said) == (1, True)
    await database["refugees"].replace_one({"_id": people[0]}, before)
    assert await asked(corner, 0) == []


async def test_who_is_missing_and_who_is_there_too_many_are_named(
    database: Database, verification: Verification
) -> None:
    (one, *_) = await database["refugees"].find({}).to_list(None)
    await database["refugees"].delete_one({"_id": one["_id"]})
    await database["refugees"].insert_one({**one, "_id": "refugee-nobodynobodynobody"})
    (found,) = await wrong(verification)
    assert {(each.subject, each.stored is None) for each in found.differing} == {
        (one["_id"], True),
        ("refugee-nobodynobodynobody", False),
    }
    assert (found.in_topic, found.stored) == (PEOPLE, PEOPLE), "counts alone would not tell"


async def test_erased_on_both_sides_is_well_and_on_one_is_not(
    corner: Corner, database: Database, verification: Verification
) -> None:
    (one, *_) = await database["refugees"].find({}).to_list(None)
    gravestone = {"_id": one["_id"], "revision": one["revision"], "erased": True}
    await database["refugees"].replace_one({"_id": one["_id"]}, gravestone)
    (found,) = await wrong(verification)
    assert [(each.subject, each.stored) for each in found.differing] == [(one["_id"], None)]
    await database["refugees"].replace_one({"_id": one["_id"]}, one)
    topic, _, _ = refugee(0)
    await corner.produce([(topic, one["_id"], None)])
    assert {found.check for found in await wrong(verification)} == {"lag", "subjects"}
    async with starting(corner):
        await wait_until(lambda: _well(verification))


async def test_what_is_not_read_not_sent_and_not_settled_is_told(
    corner: Corner, database: Database, verification: Verification
) -> None:
    row = Row("indicators.v1", b"k", b"{}", headers=(), order=0, slot=0)
    await database["outbox"].insert_many(bundled([row]))
    await database["quarantine"].insert_many([{"_id": "open"}, {"_id": "shut", "settled": "discarded"}])
    await database["settled"].update_one({"_id": "reconciled"}, {"$set": {"difference": 2}}, upsert=True)
    await corner.produce([refugee(number) for number in range(PEOPLE, PEOPLE + 3)])
    counts = {one.check: one.count for one in await wrong(verification)}
    assert counts.pop("lag") >= 3
    assert counts == {"subjects": 3, "outbox": 1, "dead letters": 1, "reconciliation": 2}


async def test_while_a_service_works_all_is_well(
    corner: Corner, database: Database, verification: Verification
) -> None:
    patient = Verification(
        "reporting", verification.kafka, verification.prefix, database, timedelta(seconds=8)
    )
    async with starting(corner) as (app, _):

        async def ready() -> bool:
            return not app.resources.health.causes

        await wait_until(ready)
        await corner.produce([refugee(number) for number in range(PEOPLE, PEOPLE + 200)])
        assert await wrong(patient) == []
