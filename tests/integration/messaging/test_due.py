import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from shared.clock import Clock
from shared.health import Health
from shared.messaging.due import RowGone, Task
from shared.messaging.due_runner import DueRunner
from shared.messaging.work import DueRow, Work
from shared.mongo import Session
from tests.integration.messaging.ledger import Ledger

NOW = datetime(2016, 6, 15, 8, tzinfo=UTC)


async def schedule(ledger: Ledger, *rows: DueRow, cancel: str | None = None) -> None:
    async def body(session: Session) -> None:
        work = Work(session, ledger.database, "intake", "", NOW)
        for row in rows:
            work.schedule(row)
        if cancel:
            work.cancel(cancel)
        await work.flush()

    await ledger.database.transact(body)


def runner(ledger: Ledger, now: datetime = NOW) -> DueRunner:
    async def fire(task: Task) -> None:
        async def effect(work: Work) -> None:
            await ledger.database["ledger"].update_one(
                {"_id": task.row.subject}, {"$inc": {"fired": 1}}, upsert=True, session=work.session
            )

        await task.finish(effect)

    async def fail(_: Task) -> None:
        raise ValueError

    return DueRunner(
        ledger.database,
        "intake",
        "",
        Clock(source=lambda: now),
        {"remind": fire, "fail": fail},
        Health(),
        lambda: None,
        timedelta(milliseconds=20),
    )


def row(number: int, due_at: datetime = NOW, kind: str = "remind") -> DueRow:
    return DueRow(f"{kind}/{number}", kind, due_at, f"pair-{number}")


async def fired(ledger: Ledger) -> dict[str, int]:
    return {document["_id"]: document["fired"] async for document in ledger.database["ledger"].find({})}


async def test_rows_fire_at_and_after_their_moment_and_not_before(ledger: Ledger) -> None:
    moment = timedelta(milliseconds=1)
    late = NOW - timedelta(days=40)
    await schedule(ledger, row(1), row(2, NOW - moment), row(3, NOW + moment), row(4, late))
    await runner(ledger).run_due()
    assert await fired(ledger) == {"pair-1": 1, "pair-2": 1, "pair-4": 1}
    await runner(ledger, NOW + moment).run_due()
    assert (await fired(ledger))["pair-3"] == 1


async def test_several_replicas_fire_each_row_once(ledger: Ledger) -> None:
    await schedule(ledger, *(row(number) for number in range(60)))
    replicas = [runner(ledger) for _ in range(4)]
    await asyncio.gather(*(replica.run_due() for replica in replicas))
    while await ledger.count("due"):
        await asyncio.gather(*(replica.run_due() for replica in replicas))
    assert await fired(ledger) == {f"pair-{number}": 1 for number in range(60)}


async def test_a_cancelled_row_does_not_fire_and_a_rescheduled_one_fires_once(ledger: Ledger) -> None:
    await schedule(ledger, row(1), row(2))
    await schedule(ledger, row(2, NOW + timedelta(hours=1)), cancel="remind/1")
    await runner(ledger).run_due()
    assert await fired(ledger) == {}
    await runner(ledger, NOW + timedelta(hours=1)).run_due()
    assert await fired(ledger) == {"pair-2": 1}


async def test_a_row_that_fails_does_not_hold_up_the_others(ledger: Ledger) -> None:
    await schedule(ledger, row(1, NOW - timedelta(hours=1), "fail"), row(2))
    await runner(ledger).run_due()
    assert await fired(ledger) == {"pair-2": 1}
    assert await ledger.count("due") == 1


async def test_a_claim_that_ran_out_has_no_effect_twice(ledger: Ledger) -> None:
    """Two replicas come to hold the same row: the second finds it gone, and its effect is rolled back."""
    await schedule(ledger, row(1))
    one = runner(ledger)
    await one._claim(NOW)
    task = Task(row(1), ledger.database, "intake", "", one.clock, lambda: None, one.holder)
    await one.handlers["remind"](task)
    with pytest.raises(RowGone):
        await one.handlers["remind"](task)
    assert await fired(ledger) == {"pair-1": 1}
