"""June 2016 in Bergen as records, what comes out of it, and reporting on the real Kafka and MongoDB."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from services.reporting.app import create_app
from services.reporting.domain.figures import ALL, names
from services.reporting.settings import Settings
from shared.contracts import topics
from shared.messaging.runtime import App
from shared.messaging.serving import http
from shared.messaging.wiring import Resources
from tests.support.cluster import Corner, Record, event, wait_until

BERGEN, GUIDE = "no-4601", "flyktningguide-bergen"
JUNE, JULY = datetime(2016, 6, 20, 12, tzinfo=UTC), datetime(2016, 7, 5, 12, tzinfo=UTC)
PART = {"programme": GUIDE, "pack_version": "1.0", "status": "ready", "ready_since": "2016-06-02"}


def who(kind: str, number: int) -> str:
    return f"{kind}-{number:0>20}"


def refugee(number: int, name: str, revision: int, **data: Any) -> Record:
    state = {"municipality": BERGEN, "status": "settled", **data}
    return event(
        name, who("refugee", number), state, JUNE, revision=revision, event_id=f"{number}/{revision}"
    )


def ready(number: int) -> list[Record]:
    return [
        refugee(number, "RefugeeSettled", 1),
        refugee(number, "RefugeeReady", 2, status="ready", participations=[PART]),
    ]


def volunteer(number: int) -> Record:
    state = {"municipality": BERGEN, "status": "approved", "capacity": 1, "participations": [PART]}
    return event(
        "VolunteerApproved", who("volunteer", number), state, JUNE, revision=1, event_id=f"v{number}"
    )


def pair(number: int, status: str, *, revision: int = 1, name: str = "PairProposed", **fields: Any) -> Record:
    receipt = {"score": 1, "parts": {}, "waiting_bonus": 0, "rank": 1, "candidates": 1, "pack_version": "1.0"}
    state = {
        "municipality": BERGEN,
        "programme": GUIDE,
        "pack_version": "1.0",
        "receiving": who("refugee", number),
        "giving": who("volunteer", number),
        "status": status,
        "receipt": {**receipt, "round": "round-1"},
        "proposed_on": "2016-06-10",
        **fields,
    }
    return event(name, who("pair", number), state, JUNE, revision=revision, event_id=f"p{number}/{revision}")


def round_run(number: int) -> Record:
    data = {
        "round": f"round-{number:0>20}",
        "municipality": BERGEN,
        "programme": GUIDE,
        "pack_version": "1.0",
        **dict.fromkeys(("receiving", "giving", "proposed", "skipped", "total", "duration_ms"), 1),
        "optimum_proven": True,
        "unmatched": {},
    }
    return event("RoundCompleted", f"{BERGEN}/{GUIDE}", data, JUNE, event_id=f"r{number}")


def a_month() -> list[Record]:
    """15 settled and ready, 2 referred; 16 guides; 9 proposals: 5 became pairs, 1 was declined."""
    declined = [{"status": "declined", "from": "2016-06-12"}]
    return [
        *(record for number in range(15) for record in ready(number)),
        *(
            event("RefugeeReferred", who("refugee", number), {"municipality": BERGEN}, JUNE, revision=1)
            for number in (90, 91)
        ),
        *(volunteer(number) for number in range(16)),
        *(pair(number, "active", created_on="2016-06-15") for number in range(5)),
        *(pair(number, "proposed") for number in range(5, 8)),
        pair(8, "declined", spells=declined),
        *(round_run(number) for number in range(5)),
    ]


OF_BERGEN: dict[str, int | None] = {
    **dict.fromkeys(names(ALL)),
    "settlements_registered": 15,
    "volunteers_registered": 15,
    "volunteers_approved": 15,
}
OF_GUIDES: dict[str, int | None] = {
    **dict.fromkeys(names(GUIDE)),
    "refugees_waiting": 5,
    "volunteers_waiting": 5,
    "pairs_proposed": 5,
    "proposals_declined": None,
    "pairs_created": 5,
    "pairs_active": 5,
    "rounds_run": 5,
}
OF_OPEN = {**OF_GUIDES, "refugees_waiting": None, "volunteers_waiting": None, "pairs_active": None}


def configured(corner: Corner, now: datetime) -> App:
    settings = Settings(
        **corner.settings,
        clock_offset=now - datetime.now(UTC),
        publish_every=timedelta(milliseconds=200),
        due_poll=timedelta(milliseconds=100),
    )
    return App(create_app(settings, Resources.of("reporting", settings)), settings)


@asynccontextmanager
async def reporting(corner: Corner, now: datetime) -> AsyncIterator[App]:
    app = configured(corner, now)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def published(corner: Corner) -> dict[str, dict[str, Any]]:
    """The latest envelope of each key."""
    latest: dict[str, dict[str, Any]] = {}
    for record in await corner.read("indicators.v1"):
        assert record.key is not None
        assert record.value is not None
        envelope = json.loads(record.value)
        assert envelope["revision"] == latest.get(record.key.decode(), {"revision": 0})["revision"] + 1
        latest[record.key.decode()] = envelope
    return latest


def values(envelope: dict[str, Any]) -> dict[str, int | None]:
    figures = envelope["data"]["figures"]
    assert all(("value" in figure) != figure["suppressed"] for figure in figures)
    return {figure["name"]: figure.get("value") for figure in figures}


async def until(corner: Corner, key: str, expected: dict[str, int | None], *, closed: bool = False) -> None:
    async def there() -> bool:
        found = (await published(corner)).get(key)
        return found is not None and values(found) == expected and found["data"]["closed"] is closed

    await wait_until(there, f"{key} shows {expected}")


async def happens(corner: Corner, records: Sequence[Record]) -> None:
    """A month as it goes: who is there, on both sides, is read and shown before there are rounds."""
    people = [record for record in records if record[0] in {topics.REFUGEES, topics.VOLUNTEERS}]
    await corner.produce(people)
    await until(corner, f"{BERGEN}/all/2016-06", OF_BERGEN)
    await corner.produce([record for record in records if record not in people])


async def counted(corner: Corner, **wanted: int) -> None:
    """Waits until so many records have had these outcomes in all."""
    database = corner.database()

    async def there() -> bool:
        rows = [row async for row in database["positions"].find({})]
        return all(sum(row.get(name, 0) for row in rows) == count for name, count in wanted.items())

    await wait_until(there, f"outcomes {wanted}")
    database.close()


async def ticked(corner: Corner, times: int = 2) -> None:
    """Waits until the figures have been gone over so many times more."""
    database = corner.database()

    async def due_at() -> datetime:
        row = await database["due"].find_one({"_id": "publish_indicators"})
        assert row is not None
        moment: datetime = row["due_at"]
        return moment

    for _ in range(times):
        before = await due_at()

        async def later(before: datetime = before) -> bool:
            return await due_at() > before

        await wait_until(later, "figures gone over again")
    database.close()


async def get(app: App, path: str) -> tuple[int, Any]:
    """Asks the service's own application, in this event loop, and without its lifespan: it runs already."""
    said: list[Any] = []

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: Any) -> None:
        said.append(message)

    path, _, query = path.partition("?")
    scope = {
        "type": "http",
        "method": "GET",
        "path": path,
        "query_string": query.encode(),
        "headers": [],
    }
    await http(app)(scope, receive, send)
    return said[0]["status"], json.loads(said[1]["body"])
