"""`kobling verify` on a whole service: all is well, then something is wrong that really is, then mended."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from kobling.verifying import Finding, Verification
from shared.contracts.topics import REFUGEES
from shared.messaging.sending.outbox import Row, bundled
from shared.mongo import Database
from tests.integration.reporting.month import BERGEN, who
from tests.integration.reporting.test_restore import committed, kobling, starting
from tests.support.cluster import Corner, Record, event, wait_until

PEOPLE = 4
VERIFY = ("verify", "reporting", "--again-after", "0.5")


def settled(number: int) -> Record:
    """Somebody who is settled today: of another month, that month would have to be closed first."""
    state = {"municipality": BERGEN, "status": "settled"}
    return event("RefugeeSettled", who("refugee", number), state, datetime.now(UTC), revision=1)


@pytest.fixture
async def verification(corner: Corner, database: Database) -> Verification:
    """Of a service that has read everything, and is stopped."""
    await corner.produce([settled(number) for number in range(PEOPLE)])
    async with starting(corner):

        async def done() -> bool:
            known = await committed(corner)
            return sum(known) >= PEOPLE and len(known) == REFUGEES.partitions

        # Of a partition that is idle a second later.
        await wait_until(done)
    return Verification(
        "reporting", corner.addresses.cluster, corner.prefix, database, timedelta(milliseconds=100)
    )


async def wrong(verification: Verification, check: str = "") -> list[Finding]:
    """What does not add up, of one check or of all."""
    return [one for one in await verification.findings() if not one.good and check in ("", one.check)]


async def asked(corner: Corner, status: int) -> list[dict[str, Any]]:
    """What the shell says, as JSON, of what is wrong."""
    code, said = await kobling(corner, *VERIFY, "--json")
    assert code == status, said
    return [one for one in json.loads(said) if not one["good"]]


async def test_a_tampered_revision_is_named_and_mended(
    corner: Corner, database: Database, verification: Verification
) -> None:
    # It stopped when all was read, and not when all was sent.
    async with starting(corner):
        still: list[Finding] = []

        async def well() -> bool:
            still[:] = await wrong(verification)
            return not still

        try:
            await wait_until(well)
        except AssertionError:
            pytest.fail(f"still wrong: {still}")
    assert await asked(corner, 0) == []
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


async def test_who_is_missing_too_many_or_erased_on_one_side_is_named(
    corner: Corner, database: Database, verification: Verification
) -> None:
    one, other, *_ = await database["refugees"].find({}).to_list(None)
    await database["refugees"].delete_one({"_id": one["_id"]})
    await database["refugees"].insert_one({**one, "_id": "refugee-nobodynobodynobody"})
    (found,) = await wrong(verification, "subjects")
    assert {(each.subject, each.stored is None) for each in found.differing} == {
        (one["_id"], True),
        ("refugee-nobodynobodynobody", False),
    }
    assert (found.in_topic, found.stored) == (PEOPLE, PEOPLE), "counts alone would not tell"
    await database["refugees"].delete_one({"_id": "refugee-nobodynobodynobody"})
    await database["refugees"].insert_one(one)
    assert await wrong(verification, "subjects") == []

    # Erased in the database alone, then on both sides, then on the topic alone.
    gravestone = {"_id": other["_id"], "revision": other["revision"], "erased": True}
    await database["refugees"].replace_one({"_id": other["_id"]}, gravestone)
    (found,) = await wrong(verification, "subjects")
    assert [(each.subject, each.stored) for each in found.differing] == [(other["_id"], None)]
    await corner.produce([(REFUGEES, other["_id"], None)])
    assert await wrong(verification, "subjects") == []
    await database["refugees"].replace_one({"_id": other["_id"]}, other)
    (found,) = await wrong(verification, "subjects")
    assert [(each.subject, each.in_topic) for each in found.differing] == [(other["_id"], None)]


async def test_what_is_on_its_way_is_not_told_and_what_is_stuck_is(
    corner: Corner, database: Database, verification: Verification
) -> None:
    one, *_ = await database["refugees"].find({}).to_list(None)

    def becoming(revision: int) -> Verification:
        """With a revision that changes between the two looks."""

        async def change(_: float) -> None:
            await database["refugees"].update_one({"_id": one["_id"]}, {"$set": {"revision": revision}})

        return replace(verification, pause=change)

    await database["refugees"].update_one({"_id": one["_id"]}, {"$set": {"revision": 77}})
    assert await wrong(becoming(78), "subjects") == []
    assert len(await wrong(becoming(78), "subjects")) == 1
    assert await wrong(becoming(one["revision"]), "subjects") == []

    row = Row("indicators.v1", b"k", b"{}", headers=(), order=0, slot=0)
    await database["outbox"].insert_many(bundled([row]))
    await database["quarantine"].insert_many([{"_id": "open"}, {"_id": "shut", "settled": "discarded"}])
    await database["settled"].update_one({"_id": "reconciled"}, {"$set": {"difference": 2}}, upsert=True)
    await corner.produce([settled(number) for number in range(PEOPLE, PEOPLE + 3)])
    found = {one.check: one.count for one in await wrong(verification)}
    assert found["lag"] >= 3
    assert (found["subjects"], found["dead letters"], found["reconciliation"]) == (3, 1, 2)
    assert found["outbox"] >= 1

    async def sent(_: float) -> None:
        await database["outbox"].delete_many({})

    assert await wrong(replace(verification, pause=sent), "outbox") == []
