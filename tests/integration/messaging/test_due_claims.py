"""Due rows that are slow, scheduled anew or taken over while they run."""

import time
from collections.abc import Awaitable, Callable
from datetime import timedelta

import pytest

from shared.clock import Clock
from shared.health import Health
from shared.messaging import due, due_runner
from shared.messaging.due import RowGone, Task
from shared.messaging.due_runner import DueRunner
from shared.messaging.wiring import INDEXES
from shared.messaging.work import DueRow, Work
from shared.mongo import Database, Session
from tests.support.cluster import wait_until

CLOCK = Clock()


@pytest.fixture(autouse=True)
async def collections(database: Database) -> None:
    await database.ensure(INDEXES)


def runner(database: Database, handler: Callable[[Task], Awaitable[None]]) -> DueRunner:
    return DueRunner(
        database, "test", "", CLOCK, {"test": handler}, Health(), lambda: None, timedelta(seconds=1)
    )


def one_at_a_time(running: DueRunner) -> DueRunner:
    running.concurrency = 1
    return running


async def schedule(database: Database, *ids: str, note: str = "", later: timedelta = timedelta()) -> None:
    async def transaction(session: Session) -> None:
        work = Work(session, database, "test", "", CLOCK.now())
        for id_ in ids:
            work.schedule(DueRow(id_, "test", CLOCK.now() + later, "subject", data={"note": note}))
        await work.flush()

    await database.transact(transaction)


async def nothing(_: Work) -> None:
    pass


async def test_a_row_scheduled_anew_while_it_runs_is_not_lost(database: Database) -> None:
    await schedule(database, "row", note="old")
    seen: list[str] = []

    async def handler(task: Task) -> None:
        seen.append(task.row.data["note"])
        if task.row.data["note"] == "old":
            await schedule(database, "row", note="new")
        await task.finish(nothing)

    running = runner(database, handler)
    await running.run_due()
    await running.run_due()
    assert seen == ["old", "new"]
    assert await database["due"].count_documents({}) == 0


async def test_rows_behind_a_slow_one_are_left_to_who_took_them_over(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A replica that neither works nor renews: stopped, or cut off.
    monkeypatch.setitem(due.CLAIMED_UNTIL["$dateAdd"], "amount", 1)
    monkeypatch.setattr(due_runner, "RENEWAL", timedelta(hours=1))
    await schedule(database, "a", "b", "c")
    ran: list[tuple[str, str]] = []

    async def fast(task: Task) -> None:
        ran.append(("fast", task.row.id))
        await task.finish(lambda work: rescheduled(task, work))

    async def rescheduled(task: Task, work: Work) -> None:
        work.schedule(DueRow(task.row.id, "test", CLOCK.now() + timedelta(hours=1), "subject"))

    other = runner(database, fast)

    async def taken_over() -> bool:
        await other.run_due()
        return len(ran) == 4

    async def slow(task: Task) -> None:
        ran.append(("slow", task.row.id))
        await wait_until(taken_over, "the claims run out")
        with pytest.raises(RowGone):
            await task.finish(nothing)

    await one_at_a_time(runner(database, slow)).run_due()
    assert ran[0][0] == "slow"
    assert sorted(id_ for who, id_ in ran if who == "fast") == ["a", "b", "c"]
    assert len(ran) == 4
    assert await database["due"].count_documents({}) == 3


async def test_a_row_stays_its_runners_while_the_handler_works(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(due.CLAIMED_UNTIL["$dateAdd"], "amount", 1)
    monkeypatch.setattr(due_runner, "RENEWAL", timedelta(milliseconds=100))
    await schedule(database, "row")
    ran: list[str] = []

    async def other_runs(task: Task) -> None:
        ran.append("other")
        await task.finish(nothing)

    other = runner(database, other_runs)
    late = time.monotonic() + 2.5

    async def past_the_first_claim() -> bool:
        await other.run_due()
        return time.monotonic() > late

    async def slow(task: Task) -> None:
        await wait_until(past_the_first_claim, "two claims' time")
        ran.append("slow")
        await task.finish(nothing)

    await runner(database, slow).run_due()
    assert ran == ["slow"]


async def test_slow_rows_are_signs_of_life(database: Database) -> None:
    await schedule(database, "a", "b", "c")
    now = 0.0

    async def slow(task: Task) -> None:
        nonlocal now
        now += 200
        await task.finish(nothing)
        stuck.extend(health.stuck)

    stuck: list[str] = []
    health = Health(timer=lambda: now)
    running = one_at_a_time(runner(database, slow))
    running.health = health
    health.working("due")
    await running.run_due()
    assert stuck == []
