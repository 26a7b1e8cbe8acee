"""Holds what the servers have against the model."""

import time
from collections.abc import Mapping, Sequence
from typing import Any

from shared.contracts import topics
from shared.messaging.batches.dead_letters import dead_letter_id
from shared.messaging.reading.outcome import COUNTERS
from shared.messaging.sending.outbox import Row
from shared.mongo import Database
from tests.property.model import Entry, Expected, collapse, fold, seconds
from tests.property.reader import LETTERS, Published
from tests.property.world import World
from tests.support.outbox import waiting_rows

Left = tuple[dict[str, tuple[int, int]], list[tuple[str, bytes, bool]], list[int]]
"""Times and revisions by subject, what was sent, and how many records had each outcome."""
VISIBLE_WITHIN_SECONDS = 5.0
Logs = Mapping[str, Sequence[Entry]]


async def handled(world: World, logs: Logs) -> dict[str, int]:
    """How many records of each topic have been handled, by what the database says."""
    found = dict.fromkeys(logs, 0)
    async for document in _positions(world.database, logs):
        found[document["topic"]] = document["next_offset"]
    return found


async def check(world: World, logs: Logs) -> dict[str, int]:
    """Everything is as after one handling of each topic's first records; returns how many those are."""
    upto = await handled(world, logs)
    expected = {topic: fold(log[: upto[topic]]) for topic, log in logs.items()}
    for topic, offset in world.committed.items():
        assert offset <= upto[topic], "the group's offset is ahead of what is stored"
    await _check_positions(world.database, logs, expected)
    await _check_states(world.database, logs, expected)
    await _check_refusals(world.database, logs, expected)
    await _check_sent_at_last(world, expected)
    return upto


async def check_drained(world: World, logs: Logs) -> None:
    """Everything is handled, and everything is published."""
    await world.read(to_the_end=True)
    assert await check(world, logs) == {topic: len(log) for topic, log in logs.items()}
    assert await world.database["outbox"].count_documents({}) == 0


async def _check_positions(database: Database, logs: Logs, expected: Mapping[str, Expected]) -> None:
    async for document in _positions(database, logs):
        counters = expected[document["topic"]].counters
        assert {name: document[name] for name in COUNTERS} == {name: counters[name] for name in COUNTERS}


async def _check_states(database: Database, logs: Logs, expected: Mapping[str, Expected]) -> None:
    subjects = [entry.subject for log in logs.values() for entry in log]
    found = {
        document["_id"]: (seconds(document["time"]), document["revision"], document["applied"])
        async for document in database["book"].find({"_id": {"$in": subjects}})
    }
    assert found == {
        name: (subject.time, subject.revision, subject.applied)
        for one in expected.values()
        for name, subject in one.subjects.items()
    }


async def _check_refusals(database: Database, logs: Logs, expected: Mapping[str, Expected]) -> None:
    found = [row["_id"] async for row in database["quarantine"].find({"topic": {"$in": list(logs)}})]
    assert sorted(found) == sorted(
        dead_letter_id(logs[topic][offset].raw(offset))
        for topic, one in expected.items()
        for offset, outcome in enumerate(one.outcomes)
        if outcome == "dead"
    )


async def _check_sent_at_last(world: World, expected: Mapping[str, Expected]) -> None:
    """Where there are relays: once readers see what the broker has already said is committed."""
    if not world.sends:
        await _check_sent(world, expected, await world.read())
        return
    deadline = time.monotonic() + VISIBLE_WITHIN_SECONDS
    while True:
        try:
            await _check_sent(world, expected, await world.read())
        except AssertionError:
            if time.monotonic() > deadline:
                raise
        else:
            return


async def _check_sent(world: World, expected: Mapping[str, Expected], published: Published) -> None:
    """What is published and what waits for it make up the whole, in order, repeats aside."""
    prefix = world.corner.prefix
    waiting: dict[str, list[Row]] = {}
    for row in await waiting_rows(world.database):
        waiting.setdefault(row.topic.removeprefix(prefix), []).append(row)
    states = waiting.pop(topics.PAIRS.name, [])
    letters = waiting.pop(LETTERS.name, [])
    receipts = [row for rows in waiting.values() for row in rows]
    _check_revisions(states, expected, published)
    _check_receipts(receipts, expected, published)
    announced = published.letters | {dict(row.headers)["dlq-id"].decode() for row in letters}
    dead = sum(one.counters["dead"] for one in expected.values())
    assert len(announced) == dead
    assert len(letters) == len({dict(row.headers)["dlq-id"] for row in letters})


def _check_revisions(rows: Sequence[Row], expected: Mapping[str, Expected], published: Published) -> None:
    waiting: dict[str, list[tuple[int, bool]]] = {}
    orders: dict[str, list[int]] = {}
    for row in rows:
        revision = int(dict(row.headers)["revision"]), row.value is None
        waiting.setdefault(_key(row), []).append(revision)
        orders.setdefault(_key(row), []).append(row.order)
    assert all(len(set(places)) == len(places) for places in orders.values()), "two rows have one place"
    sequences = {
        subject: collapse([*published.revisions.get(subject, []), *waiting.get(subject, [])])
        for subject in waiting.keys() | published.revisions.keys()
    }
    assert sequences == {
        subject: sequence for one in expected.values() for subject, sequence in one.published.items()
    }


def _check_receipts(rows: Sequence[Row], expected: Mapping[str, Expected], published: Published) -> None:
    said: dict[str, set[Any]] = {place: set(outcomes) for place, outcomes in published.receipts.items()}
    for row in rows:
        said.setdefault(_key(row), set()).add((row.value or b"").decode().strip('"'))
    assert said == {
        f"{topic}/{offset}": {outcome}
        for topic, one in expected.items()
        for offset, outcome in enumerate(one.outcomes)
    }
    assert len(rows) == len({row.key for row in rows}), "two answers to one record"


def _key(row: Row) -> str:
    return (row.key or b"").decode()


def _positions(database: Database, logs: Logs) -> Any:
    return database["positions"].find({"topic": {"$in": list(logs)}})


async def what_is_left(world: World, topic: str) -> Left:
    """All that one topic's records have left, without the places that they had in the log."""
    database, example = world.database, f"x{world.example}"
    subjects = {
        document["_id"].removeprefix(example): (seconds(document["time"]), document["revision"])
        async for document in database["book"].find({"_id": {"$regex": f"^{example}-"}})
    }
    rows = await waiting_rows(database)
    revisions = sorted(
        (_key(row).removeprefix(example), dict(row.headers)["revision"], row.value is None)
        for row in rows
        if row.topic.endswith(topics.PAIRS.name)
    )
    (position,) = [document async for document in _positions(database, {topic: []})]
    return subjects, revisions, [position[name] for name in COUNTERS]
