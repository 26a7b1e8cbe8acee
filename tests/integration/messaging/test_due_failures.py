"""Due rows that fail, and what they leave of the others: order, time, and the word of it."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from shared.clock import Clock
from shared.health import Health
from shared.messaging import due, due_runner
from shared.messaging.due import Task
from shared.messaging.due_runner import FAILING, FAILING_PART, DueRunner
from shared.messaging.wiring import INDEXES
from shared.messaging.work import DueRow, Work
from shared.mongo import Database, Document, Session
from tests.support.cluster import wait_until

CLOCK = Clock()


@pytest.fixture(autouse=True)
async def collections(database: Database) -> None:
    await database.ensure(INDEXES)


def runner(database: Database, **handlers: Any) -> DueRunner:
    return DueRunner(
        database, "test", "", CLOCK, handlers, Health(), lambda: None, timedelta(milliseconds=20)
    )


async def schedule(database: Database, kind: str, *ids: str) -> None:
    """Schedules rows, due a second after each other and all of them by now."""

    async def transaction(session: Session) -> None:
        work = Work(session, database, "test", "", CLOCK.now())
        for place, id_ in enumerate(ids):
            due_at = CLOCK.now() - timedelta(seconds=len(ids) - place)
            work.schedule(DueRow(id_, kind, due_at, "subject"))
        await work.flush()

    await database.transact(transaction)


async def only(database: Database) -> Document:
    (document,) = await database["due"].find({}).to_list(None)
    return document


async def nothing(_: Work) -> None:
    pass


async def finish(task: Task) -> None:
    await task.finish(nothing)


async def fail(_: Task) -> None:
    raise ValueError


async def test_a_failed_row_is_counted_and_put_off(database: Database) -> None:
    await schedule(database, "fail", "row")
    running = runner(database, fail=fail)
    with capture_logs() as logs:
        await running.run_due()
        await running.run_due()
    row = await only(database)
    assert row["tries"] == 1
    assert "claimed_by" not in row
    assert [(line["event"], line["tries"]) for line in logs] == [("due_row_failed", 1)]


async def test_rows_are_timed_and_failures_counted_by_kind(database: Database) -> None:
    await schedule(database, "fail", "fails")
    running, begun, go_on = runner(database, fail=fail, slow=None), asyncio.Event(), asyncio.Event()

    async def slow(task: Task) -> None:
        begun.set()
        await go_on.wait()
        await finish(task)

    running.handlers = {**running.handlers, "slow": slow}
    await running.run_due()
    await schedule(database, "slow", "slow")
    run = asyncio.create_task(running.run_due())
    await begun.wait()
    (longest,) = [line for line in await _told(running, database) if 'running_seconds{kind="slow"}' in line]
    assert float(longest.split()[-1]) > 0
    go_on.set()
    await run
    told = await _told(running, database)
    assert 'kobling_due_row_failures_total{kind="fail"} 1.0' in told
    assert 'kobling_due_row_failures_total{kind="slow"} 0.0' in told
    assert 'kobling_due_row_seconds_count{kind="slow"} 1.0' in told
    assert 'kobling_due_row_running_seconds{kind="slow"} 0.0' in told


async def _told(running: DueRunner, database: Database) -> list[str]:
    return (await running.metrics.render(database, CLOCK)).decode().splitlines()


async def test_a_row_that_goes_on_failing_makes_the_service_unready_until_it_is_gone(
    database: Database,
) -> None:
    await schedule(database, "test", "row")
    running = runner(database, test=fail)
    for tries in range(FAILING):
        assert running.health.causes == {}, tries
        await running.run_due()
        await database["due"].update_many({}, {"$unset": {"claimed_until": ""}})
    other = runner(database, test=finish)
    await other._tell_failing()
    assert running.health.causes == other.health.causes == {FAILING_PART: "1 rows fail"}
    await other.run_due()
    assert other.health.causes == {}
    assert FAILING_PART not in other.health.stuck


async def test_a_row_scheduled_anew_begins_without_its_failures(database: Database) -> None:
    await schedule(database, "test", "row")
    await runner(database, test=fail).run_due()
    await schedule(database, "test", "row")
    assert "tries" not in await only(database)


async def test_a_slow_row_does_not_hold_up_those_that_come_due_after_it(database: Database) -> None:
    await schedule(database, "slow", "slow")
    began, may_end = asyncio.Event(), asyncio.Event()
    ended: list[str] = []

    async def slow(task: Task) -> None:
        began.set()
        await may_end.wait()
        await task.finish(nothing)
        ended.append("slow")

    async def fast(task: Task) -> None:
        await task.finish(nothing)
        ended.append("fast")

    running = runner(database, slow=slow, fast=fast)
    loop = asyncio.create_task(running.run())
    await asyncio.wait_for(began.wait(), 10)
    await schedule(database, "fast", "fast")

    async def one_is_done() -> bool:
        return bool(ended)

    await wait_until(one_is_done, "the fast row")
    assert ended == ["fast"]
    running.stop()
    _, waiting = await asyncio.wait([loop], timeout=0.2)
    assert waiting, "stopped, it still waits for the row in hand"
    may_end.set()
    await asyncio.wait_for(loop, 10)
    assert ended == ["fast", "slow"]
    assert await database["due"].count_documents({}) == 0


async def test_rows_start_in_order_and_no_more_than_allowed_at_once(database: Database) -> None:
    ids = [f"row-{number}" for number in range(10)]
    await schedule(database, "test", *ids)
    started: list[str] = []
    at_once: list[int] = []
    running_now = 0

    async def handler(task: Task) -> None:
        nonlocal running_now
        running_now += 1
        started.append(task.row.id)
        at_once.append(running_now)
        await task.finish(nothing)
        running_now -= 1

    running = runner(database, test=handler)
    running.concurrency = 3
    await running.run_due()
    assert started == ids
    assert max(at_once) <= 3


async def test_a_hiccup_does_not_end_the_renewal(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(due_runner, "RENEWAL", timedelta(milliseconds=10))
    await schedule(database, "test", "row")
    extend, calls = due.extend_claim, 0
    renewed = asyncio.Event()

    async def hiccup(*args: Any) -> bool:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise AutoReconnect
        extended = await extend(*args)
        renewed.set()
        return extended

    monkeypatch.setattr(due_runner, "extend_claim", hiccup)

    async def slow(task: Task) -> None:
        await asyncio.wait_for(renewed.wait(), 5)
        await task.finish(nothing)

    await runner(database, test=slow).run_due()
    assert await database["due"].count_documents({}) == 0


async def test_a_row_in_hand_whose_claim_ran_out_is_not_started_twice(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(due_runner, "RENEWAL", timedelta(hours=1))
    monkeypatch.setitem(due.CLAIMED_UNTIL["$dateAdd"], "amount", 0)
    await schedule(database, "test", "row")
    started: list[str] = []

    async def slow(task: Task) -> None:
        started.append(task.row.id)
        await running._start_due(CLOCK.now())
        await task.finish(nothing)

    running = runner(database, test=slow)
    await running.run_due()
    assert started == ["row"]


async def test_an_outage_is_waited_for_and_the_row_runs_after_it(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(due.CLAIMED_UNTIL["$dateAdd"], "amount", 0)
    await schedule(database, "test", "row")
    causes: list[dict[str, str]] = []

    async def handler(task: Task) -> None:
        causes.append(running.health.causes)
        if len(causes) == 1:
            raise AutoReconnect
        await task.finish(nothing)
        running.stop()

    running = runner(database, test=handler)
    with capture_logs() as logs:
        await asyncio.wait_for(running.run(), 20)
    assert "due_rows_wait" in [line["event"] for line in logs]
    assert await database["due"].count_documents({}) == 0
