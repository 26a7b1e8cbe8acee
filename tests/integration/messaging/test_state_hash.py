"""The state hash on the real database: what it sees, and what it passes over."""

from datetime import UTC, datetime
from typing import Any

import pytest

from shared.messaging.state_hash import NOT_ERASED, Part, due_rows, state_hash
from shared.mongo import Database

STATE = (
    Part("people", ("name", "sealed", "born"), {"state": {"$first": "$state"}}, NOT_ERASED),
    due_rows("due_at", kind="expire"),
    due_rows(kind="send"),
)
AT = datetime(2016, 6, 15, tzinfo=UTC)
PERSON = {"_id": "a", "name": {"x": 1, "y": None}, "sealed": b"\x00\xff", "born": AT, "state": [3, 99]}


def row(kind: str, **more: Any) -> dict[str, Any]:
    return {"_id": f"{kind}/1", "kind": kind, "subject": "a", "due_at": AT, **more}


async def hashed(database: Database, *people: dict[str, Any], due: tuple[dict[str, Any], ...] = ()) -> str:
    """The hash of a database with these documents alone."""
    await database.drop()
    for collection, documents in (("people", people), ("due", due)):
        if documents:
            await database[collection].insert_many([dict(document) for document in documents])
    return await state_hash(database, STATE)


@pytest.mark.parametrize(
    "change",
    [
        {"_id": "b"},
        {"name": {"x": 2, "y": None}},
        {"name": {"x": 1}},
        {"name": {"x": "1", "y": None}},
        {"sealed": b"\x00\xfe"},
        {"sealed": "00ff"},
        {"born": datetime(2016, 6, 15, 0, 0, 1, tzinfo=UTC)},
        {"born": AT.isoformat()},
        {"state": [4, 99]},
        {"erased": True},
    ],
    ids=str,
)
async def test_what_is_state_changes_the_hash(database: Database, change: dict[str, Any]) -> None:
    assert await hashed(database, PERSON) != await hashed(database, PERSON | change)


@pytest.mark.parametrize(
    "change", [{"state": [3, 100]}, {"version": 7}, {"name": {"y": None, "x": 1}}, {"erased": False}], ids=str
)
async def test_what_is_not_state_does_not(database: Database, change: dict[str, Any]) -> None:
    assert await hashed(database, PERSON) == await hashed(database, PERSON | change)


async def test_the_order_of_writing_does_not_matter(database: Database) -> None:
    other = PERSON | {"_id": "b"}
    assert await hashed(database, PERSON, other) == await hashed(database, other, PERSON)


async def test_gravestones_are_no_state(database: Database) -> None:
    assert await hashed(database, PERSON) == await hashed(database, PERSON, {"_id": "b", "erased": True})


async def test_due_rows_count_as_far_as_they_follow_from_the_state(database: Database) -> None:
    both = row("expire"), row("send")
    claimed = tuple(one | {"claimed_by": "x", "claimed_until": AT, "tries": 2} for one in both)
    later = datetime(2016, 7, 1, tzinfo=UTC)
    before = await hashed(database, due=both)
    assert await hashed(database, due=claimed) == before
    assert await hashed(database, due=(row("expire"), row("send", due_at=later))) == before
    assert await hashed(database, due=(row("expire", due_at=later), row("send"))) != before
    assert await hashed(database, due=(row("expire"),)) != before
    assert await hashed(database, due=(*both, row("other"))) == before


async def test_a_document_counts_in_its_own_collection(database: Database) -> None:
    moved = (Part("people", ("kind",)), Part("due", ("kind",)))
    document = {"_id": "x", "kind": "k"}
    await database["people"].insert_one(dict(document))
    there = await state_hash(database, moved)
    await database.drop()
    await database["due"].insert_one(dict(document))
    assert await state_hash(database, moved) != there
