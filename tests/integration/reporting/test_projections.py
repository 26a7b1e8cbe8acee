"""Events in, indicators out, on the real Kafka and MongoDB."""

import json
from collections.abc import Sequence
from typing import Any

from cloudevents.core.bindings.kafka import KafkaMessage, from_structured
from cloudevents.core.formats.json import JSONFormat

from shared.contracts import topics
from shared.messaging.runtime import App
from tests.integration.reporting.month import (
    BERGEN,
    GUIDE,
    JULY,
    JUNE,
    OF_BERGEN,
    OF_GUIDES,
    OF_OPEN,
    a_month,
    configured,
    counted,
    get,
    happens,
    pair,
    published,
    ready,
    refugee,
    reporting,
    round_run,
    ticked,
    until,
    values,
    volunteer,
    who,
)
from tests.support.cluster import Corner, wait_until


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
