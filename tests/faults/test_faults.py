"""A few short rows of the matrix, and that the harness sees what is lost and what is doubled."""

import json
import logging
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from kobling.administration import publish
from shared.ids import new_event_id
from tests.faults import rows
from tests.faults.bench import Bench
from tests.faults.registry import ROWS, Run

SHORT = (2, 26)


@pytest.fixture
async def bench(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> AsyncIterator[Bench]:
    """Servers and services of this test's own: it kills them."""
    caplog.set_level(logging.CRITICAL, "aiokafka")
    rows.load()
    async with Bench(tmp_path, kills=2, rate=20).running() as running:
        yield running


async def test_short_rows_hold_and_tampering_is_seen(bench: Bench) -> None:
    for number in SHORT:
        result = await ROWS[number].run(bench)
        assert result.verdict.faults == [], f"row {number}"
        assert result.outcomes["in"] > 0
        assert (result.verdict.lost, result.verdict.doubled) == (0, 0)
    await _tamper(bench)
    run = Run(bench)
    async with run.shared():
        pass
    assert (run.result.verdict.lost, run.result.verdict.doubled) == (1, 1)


async def _tamper(bench: Bench) -> None:
    """Takes an effect out of matching, and publishes a state a second time as another event."""
    world = await bench.shared()
    subject = next(world.observer.newest())
    another = {"revision": 1, "_id": {"$ne": subject}}
    assert await world.databases["matching"]["parties"].find_one_and_delete(another)
    state = {"municipality": world.municipalities[0], "status": "settled"}
    again = {
        "specversion": "1.0",
        "id": new_event_id(),
        "source": "/kobling/intake",
        "type": "no.kobling.RefugeeSettled.v1",
        "subject": subject,
        "time": "2016-06-15T07:00:00Z",
        "revision": 1,
        "data": state,
    }
    await publish(
        world.servers.cluster, [(f"{world.prefix}refugees.v1", subject, json.dumps(again).encode())]
    )
