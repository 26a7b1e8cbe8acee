"""A municipality's new code: its figures go on under it, from the beginning, and nothing counts twice."""

import json
from datetime import UTC, datetime
from typing import Any

from services.reporting.domain.reconciling import difference, standings
from services.reporting.store import Repository
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.runtime import App
from shared.programmes import shipped_packs
from shared.programmes.successors import Successors
from tests.integration.reporting.month import (
    BERGEN,
    GUIDE,
    JULY,
    JUNE,
    OF_BERGEN,
    OF_GUIDES,
    a_month,
    counted,
    happens,
    published,
    reporting,
    until,
    values,
)
from tests.support.cluster import Corner, Record

NEW = "no-4699"
AUGUST = datetime(2016, 8, 5, 12, tzinfo=UTC)
NOTHING: dict[str, int | None] = {**dict.fromkeys(OF_GUIDES), "rounds_run": 0}


def renames(app: App) -> None:
    active = ActiveProgramme(municipality=NEW, programme=GUIDE, pack_version="1.0", predecessors=[BERGEN])
    app.resources.programmes.put(f"{GUIDE}@1.0", shipped_packs()[f"{GUIDE}@1.0"])
    app.resources.programmes.put(f"active/{NEW}/{GUIDE}", active)


def under_new(record: Record) -> Record:
    """The next state of the same subject, under the new code."""
    topic, key, value = record
    envelope = json.loads(value or b"{}")
    envelope["revision"] += 10
    envelope["id"] += "/new"
    envelope["data"] |= {"municipality": NEW, "former_codes": [BERGEN]}
    if "RefugeeReferred" in envelope["type"]:
        raise ValueError("referrals stay under the code under which they were referred")
    return topic, key, json.dumps(envelope).encode()


def states() -> list[Record]:
    """The newest state of everybody and every pair, under the new code."""
    newest = {record[1]: record for record in a_month() if b"RoundCompleted" not in (record[2] or b"")}
    return [under_new(record) for record in newest.values() if b"Referred" not in (record[2] or b"")]


def settled_in_july(number: int) -> Record:
    topic, _, value = next(
        one for one in a_month() if one[1].endswith("0") and b"RefugeeSettled" in (one[2] or b"")
    )
    envelope = json.loads(value or b"{}")
    subject = f"refugee-{number:0>20}"
    envelope |= {"subject": subject, "id": f"july-{number}", "time": "2016-07-04T12:00:00Z"}
    envelope["data"]["municipality"] = NEW
    return topic, subject, json.dumps(envelope).encode()


async def differing(app: App) -> int:
    database = app.resources.database
    settled = Repository(database).settled

    async def compare(session: Any) -> int:
        known, erased = await settled.counted(session)
        refugees = [one async for one in settled.refugees(session)]
        return difference(known, standings(refugees, await settled.pairs(session), erased))

    return await database.transact(compare)


async def test_figures_go_on_under_the_new_code_and_nothing_counts_twice(corner: Corner) -> None:
    async with reporting(corner, JUNE):
        await happens(corner, a_month())
        await counted(corner, applied=len(a_month()))
    async with reporting(corner, JULY) as app:
        await until(corner, f"{BERGEN}/{GUIDE}/2016-06", OF_GUIDES, closed=True)
        renames(app)
        await corner.produce([*states(), *(settled_in_july(number) for number in range(200, 205))])
        of_all = {**dict.fromkeys(OF_BERGEN), "settlements_registered": 5}
        await until(corner, f"{NEW}/all/2016-07", of_all)
        await until(corner, f"{NEW}/all/2016", {**OF_BERGEN, "settlements_registered": 20})
        await until(corner, f"{NEW}/{GUIDE}/2016-07", NOTHING)
        before = await published(corner)
        assert f"{NEW}/{GUIDE}/2016-06" not in before, "closed months are not published again"
        await counted(corner, applied=len(a_month()) + len(states()) + 5)
        assert await differing(app) == 0, "everybody is under one code or the other, and nobody twice"
    async with reporting(corner, AUGUST) as app:
        renames(app)
        levels = {
            name: OF_GUIDES[name] for name in ("refugees_waiting", "volunteers_waiting", "pairs_active")
        }
        await until(corner, f"{NEW}/{GUIDE}/2016-07", {**NOTHING, **levels}, closed=True)
        after = await published(corner)
        of_year = values(after[f"{NEW}/{GUIDE}/2016"])
        assert (of_year["pairs_created"], of_year["rounds_run"]) == (5, 5)
        old = {key: one for key, one in after.items() if key.startswith(BERGEN)}
        assert old == {key: one for key, one in before.items() if key.startswith(BERGEN)}


async def test_what_an_open_month_has_shown_is_the_least_under_the_new_code(corner: Corner) -> None:
    async with reporting(corner, JUNE) as app:
        await happens(corner, a_month())
        shown = await _shown(corner)
        renames(app)
        await until(corner, f"{NEW}/{GUIDE}/2016-06", shown)
        await corner.produce(states())
        await counted(corner, applied=len(a_month()) + len(states()))
        assert values((await published(corner))[f"{NEW}/{GUIDE}/2016-06"]) == shown


async def _shown(corner: Corner) -> dict[str, int | None]:
    await counted(corner, applied=len(a_month()))
    expected = {**OF_GUIDES, "refugees_waiting": None, "volunteers_waiting": None, "pairs_active": None}
    await until(corner, f"{BERGEN}/{GUIDE}/2016-06", expected)
    return values((await published(corner))[f"{BERGEN}/{GUIDE}/2016-06"])


async def test_figures_of_two_that_become_one_are_summed_and_handed_over_once(corner: Corner) -> None:
    database = corner.database()
    repository = Repository(database)

    def book(place: str, created: int) -> dict[str, Any]:
        counts = {"pairs_created": created + 2, "pairs_active": created}
        month = {"name": "2016-05", "counts": counts, "shown": {"pairs_created": created}, "room": 1}
        opening = {
            "counted": counts,
            "shown": {"pairs_created": created},
            "ended": 0,
            "idle": False,
            "room": 2,
        }
        return {
            "_id": f"{place}/{GUIDE}/2016",
            "place": [place, GUIDE],
            "year": "2016",
            "opening": opening,
            "months": [month],
        }

    await database["books"].insert_many([book("no-1401", 10), book("no-1439", 5)])
    successors = Successors.of([(NEW, ["no-1401", "no-1439"])])

    async def hand_over(session: Any) -> Any:
        await repository.renamed.hand_over(successors, "2016", session)
        return await repository.books(["2016"], session)

    for _ in range(2):
        ((place, found),) = (await database.transact(hand_over)).items()
        assert place == ((NEW, GUIDE), "2016")
        assert found.opening.shown == {"pairs_created": 15}
        assert found.opening.counted == {"pairs_created": 19, "pairs_active": 15}
        assert [(month.name, month.shown, month.room) for month in found.months] == [
            ("2016-05", {"pairs_created": 15}, 2)
        ]
    database.close()
