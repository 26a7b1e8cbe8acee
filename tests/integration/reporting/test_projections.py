"""Events in, indicators out, on the real Kafka and MongoDB."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

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


def pair(number: int, status: str, **dates: Any) -> Record:
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
        **dates,
    }
    return event("PairProposed", who("pair", number), state, JUNE, revision=1, event_id=f"p{number}")


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


async def test_events_become_figures_and_an_old_record_changes_none(corner: Corner) -> None:
    """With two replicas: each revision is published once."""
    records = a_month()
    async with reporting(corner, JUNE) as app, reporting(corner, JUNE):
        await happens(corner, records)
        for period in ("2016-06", "2016"):
            await until(corner, f"{BERGEN}/all/{period}", OF_BERGEN)
            await until(corner, f"{BERGEN}/{GUIDE}/{period}", OF_OPEN)
        before = await published(corner)

        overtaken = refugee(3, "RefugeeSettled", 1, municipality="no-5501", status="withdrawn")
        await corner.produce([*records, overtaken])
        # Refugees' 30 and 2 referred, 16 volunteers', 9 pairs', the one overtaken; 5 rounds.
        await counted(corner, applied=len(records), stale=30 + 2 + 16 + 9 + 1, duplicate=5, dead=0)
        await ticked(corner)
        assert await published(corner) == before
        await _check_endpoint(app, before)
    _check_sdk(next(iter(await corner.read("indicators.v1"))))


async def _check_endpoint(app: App, on_topic: dict[str, dict[str, Any]]) -> None:
    _, shown = await get(app, "/indicators")
    assert shown["indicators"] == [on_topic[key]["data"] for key in sorted(on_topic)]
    paged, page = [], "/indicators?limit=1"
    while page:
        status, shown = await get(app, page)
        assert (status, len(shown["indicators"])) == (200, 1)
        paged += shown["indicators"]
        page = shown.get("next", "")
    assert paged == [on_topic[key]["data"] for key in sorted(on_topic)]
    for limit in ("0", "1001", "-1", "1e3", "\u0663", "", "9" * 5000):
        status, refused = await get(app, f"/indicators?limit={limit}")
        assert (status, refused["error"]["code"]) == (400, "limit_invalid")
    for unknown in (
        "/indicators?municipality=no-0301",
        "/health/live?x=1",
        "/metrics?limit=1",
        "/health/ready?a",
    ):
        status, refused = await get(app, unknown)
        assert (status, refused["error"]["code"]) == (400, "parameter_unknown")
        assert "0301" not in refused["error"]["message"]
    one = f"{BERGEN}/{GUIDE}/2016"
    assert (await get(app, f"/indicators/{one}?limit=1"))[0] == 400
    assert await get(app, f"/indicators/{one}") == (200, on_topic[one]["data"])
    status, missing = await get(app, f"/indicators/{BERGEN}/{GUIDE}/1999")
    assert status == 404
    assert "GET /indicators" in missing["error"]["message"]


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


def _check_sdk(record: Any) -> None:
    """The official CloudEvents SDK reads what stands on the topic."""
    parsed = from_structured(KafkaMessage(dict(record.headers), record.key, record.value), JSONFormat())
    assert parsed.get_type() == "no.kobling.IndicatorsPublished.v1"
    assert parsed.get_subject() == record.key.decode()
    assert parsed.get_extension("revision") == 1
    assert parsed.get_data() == json.loads(record.value)["data"]


async def test_erasure_lowers_levels_and_leaves_a_closed_month_as_it_was(corner: Corner) -> None:
    june, july = f"{BERGEN}/{GUIDE}/2016-06", f"{BERGEN}/{GUIDE}/2016-07"
    async with reporting(corner, JUNE):
        await happens(corner, a_month())
        await until(corner, june, OF_OPEN)
        await until(corner, f"{BERGEN}/all/2016-06", OF_BERGEN)
    async with reporting(corner, JULY):
        await until(corner, june, OF_GUIDES, closed=True)
        of_july: dict[str, int | None] = {**dict.fromkeys(OF_GUIDES), "rounds_run": 0}
        await until(corner, july, of_july)
        closed = (await published(corner))[june]
        settled = (await published(corner))[f"{BERGEN}/all/2016-06"]
        assert values(settled) == OF_BERGEN
        assert settled["data"]["closed"]
        untouched = (await published(corner))[f"{BERGEN}/all/2016-07"]

        await corner.produce([(topics.REFUGEES, who("refugee", number), None) for number in (13, 14)])
        await ticked(corner)
        after = await published(corner)
        assert after[june] == closed
        assert after[f"{BERGEN}/all/2016-06"] == settled
        assert after[f"{BERGEN}/all/2016-07"] == untouched
        await _check_forgotten(corner, [who("refugee", number) for number in (13, 14)])

        # What a replica held while the two were erased: they stay gone, and nothing counts in July again.
        await corner.produce([record for number in range(15) for record in ready(number)])
        await counted(corner, stale=30)
        await ticked(corner)
        assert await published(corner) == after
        await _check_forgotten(corner, [who("refugee", number) for number in (13, 14)])


async def test_a_count_does_not_fall_when_somebody_is_taken_back(corner: Corner) -> None:
    async with reporting(corner, JUNE):
        await corner.produce([record for number in range(12) for record in ready(number)])
        refugees = {**dict.fromkeys(OF_BERGEN), "settlements_registered": 10}
        await until(corner, f"{BERGEN}/all/2016-06", refugees)
        gone = [(topics.REFUGEES, who("refugee", number), None) for number in range(4)]
        await corner.produce(
            [*gone, *gone, *(record for number in range(12, 15) for record in ready(number))]
        )
        await until(corner, f"{BERGEN}/all/2016-06", {**refugees, "settlements_registered": 15})


async def test_nobody_comes_back_after_a_tombstone(corner: Corner) -> None:
    """Of anybody, seen before or not; and gravestones expire."""
    app = configured(corner, JUNE)
    database = app.resources.database
    await app.start()
    try:
        stones = [
            (topics.REFUGEES, who("refugee", 90), None),
            (topics.VOLUNTEERS, who("volunteer", 90), None),
            (topics.PAIRS, who("pair", 90), None),
        ]
        await corner.produce([*ready(90), *stones, *stones])
        await counted(corner, applied=5, stale=3)
        await corner.produce([*ready(90), volunteer(90), pair(90, "active", created_on="2016-06-15")])
        await counted(corner, applied=5, stale=7)
        for (kind, subject), revision in zip(
            [
                ("refugees", who("refugee", 90)),
                ("volunteers", who("volunteer", 90)),
                ("pairs", who("pair", 90)),
            ],
            (2, 0, 0),
            strict=True,
        ):
            found = await database[kind].find_one({"_id": subject})
            assert found is not None
            assert found.pop("at")
            assert found == {"_id": subject, "revision": revision, "erased": True}
            indexes = await database[kind].index_information()
            assert any(one.get("expireAfterSeconds") == 90 * 24 * 3600 for one in indexes.values())
    finally:
        await app.stop()


async def _check_forgotten(corner: Corner, subjects: Sequence[str]) -> None:
    database = corner.database()
    async for document in database["refugees"].find({"_id": {"$in": list(subjects)}}):
        assert set(document) == {"_id", "revision", "erased", "at"}, "a gravestone and nothing else"
    for collection in ("indicators", "books", "tallies"):
        found = [json.dumps(document, default=str) async for document in database[collection].find({})]
        assert not any(subject in text for subject in subjects for text in found)
    database.close()


async def test_a_month_that_ended_while_the_service_was_away_is_closed_with_what_waited(
    corner: Corner,
) -> None:
    june = f"{BERGEN}/{GUIDE}/2016-06"
    async with reporting(corner, JUNE):
        await corner.produce(a_month()[:-5])
        await counted(corner, applied=len(a_month()) - 5)
        # Proposals without a round are late, or their round is yet to be read; and so what came of them.
        await until(corner, f"{BERGEN}/all/2016-06", OF_BERGEN)
        assert june not in await published(corner)
    await corner.produce([round_run(number) for number in range(5)])
    # July's service runs its due rows before it reads anything, however fast it would read.
    unread = configured(corner, JULY)
    assert await unread.due.run_due()
    unread.resources.database.close()
    async with reporting(corner, JULY):
        await until(corner, june, OF_GUIDES, closed=True)


async def test_what_comes_after_its_months_close_is_shown_as_late(corner: Corner) -> None:
    june, july = f"{BERGEN}/{GUIDE}/2016-06", f"{BERGEN}/{GUIDE}/2016-07"
    async with reporting(corner, JUNE):
        await happens(corner, a_month())
        await counted(corner, applied=len(a_month()))
    async with reporting(corner, JULY):
        await until(corner, june, OF_GUIDES, closed=True)
        closed = (await published(corner))[june]
        await corner.produce([pair(number, "proposed") for number in range(20, 25)])

        async def late() -> bool:
            shown = (await published(corner))[july]["data"]["figures"]
            return {"name": "pairs_proposed", "value": 5, "suppressed": False, "late": 5} in shown

        await wait_until(late, "July shows June's proposals, and that they are late")
        assert (await published(corner))[june] == closed
