"""Everybody who was ever settled is compared with what is kept, on the real MongoDB; a fault is an alarm."""

from datetime import timedelta

import pytest
from structlog.testing import capture_logs

from services.reporting import reconciling
from services.reporting.reconciling import RECONCILE
from shared.contracts import topics
from shared.messaging.runtime import App
from shared.mongo import Database
from tests.integration.reporting.month import (
    JUNE,
    a_month,
    counted,
    get,
    ready,
    reporting,
    who,
)
from tests.support.cluster import Corner, wait_until


async def compared(app: App) -> int:
    """Asks for a comparison, and waits for its outcome."""
    database = app.resources.database
    await database["settled"].delete_one({"_id": "reconciled"})
    assert await get(app, "/reconciliation") == (200, {"difference": None, "compared_at": None})

    async def outcome() -> int:
        found = await database["settled"].find_one({"_id": "reconciled"})
        row = await database["due"].find_one({"_id": RECONCILE})
        # The next is at three o'clock by the local clock, in summer; of a difference in an hour.
        done = found is not None and row is not None and row["due_at"].hour in {1, 13}
        return found["difference"] + 1 if found is not None and done else 0

    difference = await wait_until(outcome, "both sides were compared") - 1
    page = (await app.metrics.render(database, app.resources.clock)).decode()
    assert f"kobling_reconciliation_difference {float(difference)}" in page
    return difference


@pytest.fixture(autouse=True)
def soon(monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look comes at once."""
    monkeypatch.setattr(reconciling, "AGAIN", timedelta())
    monkeypatch.setattr(reconciling, "CATCH_UP", timedelta(milliseconds=100))


async def test_all_are_somewhere_also_after_records_are_repeated_and_people_erased(corner: Corner) -> None:
    records = a_month()
    async with reporting(corner, JUNE) as app, reporting(corner, JUNE):
        await corner.produce(records)
        await counted(corner, applied=len(records))
        assert await compared(app) == 0
        stones = [(topics.REFUGEES, who("refugee", number), None) for number in (12, 13, 99)]
        await corner.produce([*records, *stones, *stones, *ready(13)])
        await counted(corner, applied=len(records) + 3)
        with capture_logs() as lines:
            assert await compared(app) == 0
        assert "reconciliation_failed" not in {line["event"] for line in lines}
        status, answer = await get(app, "/reconciliation")
        assert (status, answer["difference"]) == (200, 0)
        assert answer["compared_at"].startswith("2016-06-20T12:")


async def test_what_is_lost_or_counts_twice_or_stays_open_is_an_alarm(corner: Corner) -> None:
    records = a_month()
    async with reporting(corner, JUNE) as app:
        await corner.produce(records)
        await counted(corner, applied=len(records))
        assert await compared(app) == 0
        for fault, expected in ((_lost, 1), (_twice, 2), (_left, 3)):
            await fault(app.resources.database)
            with capture_logs() as lines:
                assert await compared(app) == expected
            told = [line for line in lines if line["event"] == "reconciliation_failed"]
            assert [line["difference"] for line in told] == [expected]
            assert set(told[0]) == {"event", "log_level", "difference"}


async def test_asking_again_brings_no_alarm_forward(corner: Corner, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reconciling, "AGAIN", timedelta(minutes=5))
    records = a_month()
    async with reporting(corner, JUNE) as app:
        database = app.resources.database

        async def looked() -> bool:
            row = await database["due"].find_one({"_id": RECONCILE}) or {}
            differed = row.get("data", {}).get("differed")
            return bool(differed) and row["due_at"] == differed + timedelta(minutes=5)

        await corner.produce(records)
        await counted(corner, applied=len(records))
        assert await compared(app) == 0
        await _twice(database)
        for _ in range(3):
            status, answer = await get(app, "/reconciliation")
            assert (status, answer["difference"]) == (200, 0)
            await wait_until(looked, "a look")
        assert (await get(app, "/reconciliation"))[1]["difference"] == 0


async def _lost(database: Database) -> None:
    """Of somebody in no pair."""
    await database["refugees"].delete_one({"_id": who("refugee", 14)})


async def _twice(database: Database) -> None:
    """In the same municipality: one more on the side that has more already."""
    counter = {"municipality": "no-4601"}
    await database["settled"].update_one(counter, {"$inc": {"settled": 1}})


async def _left(database: Database) -> None:
    """Five have left, and their pairs are open: each stands on the other side twice."""
    left = [who("refugee", number) for number in range(5)]
    await database["refugees"].update_many({"_id": {"$in": left}}, {"$set": {"live.status": "withdrawn"}})
