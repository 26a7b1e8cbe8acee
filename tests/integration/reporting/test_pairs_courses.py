"""What comes of pairs, on the real Kafka and MongoDB: corrected meetings, hours, ends, and a rebuild."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any

from services.reporting.domain.figures import names
from services.reporting.state_hash import STATE
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.messaging.runtime import App
from shared.messaging.state_hash import state_hash
from shared.programmes import shipped_packs
from tests.integration.reporting import month
from tests.integration.reporting.month import (
    BERGEN,
    GUIDE,
    JULY,
    JUNE,
    OF_BERGEN,
    configured,
    counted,
    published,
    ready,
    round_run,
    ticked,
    until,
    volunteer,
    who,
)
from tests.integration.reporting.test_rebuild import lose
from tests.support.cluster import Corner, Record

OF_JUNE = f"{BERGEN}/{GUIDE}/2016-06"
ACTIVE = [{"status": "proposed", "from": "2016-06-02"}, {"status": "active", "from": "2016-06-03"}]
NOTHING: dict[str, int | None] = dict.fromkeys(names(GUIDE))


def pair(number: int, revision: int, name: str, *meetings: tuple[str, float], **fields: Any) -> Record:
    """A pair that was created on 3 June."""
    created = {
        "status": "active",
        "spells": ACTIVE,
        "proposed_on": "2016-06-02",
        "created_on": "2016-06-03",
        "meetings": [{"held_on": day, "hours": hours} for day, hours in meetings],
    }
    return month.pair(number, revision=revision, name=name, **{**created, **fields})


def over(number: int, status: str, **data: Any) -> Record:
    """Of 18 June, after which the refugee rests."""
    name = "PairCompleted" if status == "completed" else "PairEnded"
    spells = [*ACTIVE, {"status": status, "from": "2016-06-18"}]
    outcome = {"receiving": "rests", "giving": "waits", "may_meet_again": False}
    ends = {"status": status, "spells": spells, "ended_on": "2016-06-18", "outcome": outcome, **data}
    return pair(number, 2, name, *MET, **ends)


MET = ("2016-06-05", 2.0), ("2016-06-12", 1.0)


def people() -> list[Record]:
    """25 of each side."""
    return [
        *(record for number in range(25) for record in ready(number)),
        *(volunteer(number) for number in range(25)),
    ]


def courses() -> list[Record]:
    """25 pairs, each of which has met twice; 15 of them are over, 5 by each of three ends."""
    moved, mismatched = {"end_reason": "moved"}, {"end_reason": "mismatched_expectations"}
    return [
        *(round_run(number) for number in range(3)),
        *(pair(number, 1, "MeetingLogged", *MET) for number in range(25)),
        *(over(number, "completed") for number in range(5)),
        *(over(number, "ended", **moved) for number in range(5, 10)),
        *(over(number, "ended", **mismatched) for number in range(10, 15)),
    ]


OF_ALL: dict[str, int | None] = {
    **dict.fromkeys(OF_BERGEN),
    "settlements_registered": 25,
    "volunteers_registered": 25,
    "volunteers_approved": 25,
}
OPEN = {**NOTHING, "pairs_proposed": 25, "pairs_created": 25, "rounds_run": 3}
CLOSED = {
    **OPEN,
    "volunteers_waiting": 15,
    "pairs_completed": 5,
    "pairs_ended_moved": 5,
    "pairs_ended_mismatched_expectations": 5,
    "pairs_met_within_14_days": 25,
    "pairs_active": 10,
    # 25 times 3 hours; an hour a week asked for 15 times 15 days, and for 10 times 28.
    "hours_of_dose": 100,
}


@asynccontextmanager
async def with_dose(corner: Corner, now: datetime) -> AsyncIterator[App]:
    """A replica that knows a pack that asks for an hour a week."""
    app = configured(corner, now)
    said = shipped_packs()[f"{GUIDE}@1.0"].model_dump(mode="json")
    said["pairing"]["dose"] = {"weekly_hours": 1.0}
    programmes = app.resources.programmes
    programmes.put(f"{GUIDE}@1.0", ProgrammePack.model_validate(said))
    active = ActiveProgramme(municipality=BERGEN, programme=GUIDE, pack_version="1.0")
    programmes.put(f"active/{BERGEN}/{GUIDE}", active)
    await app.start()
    try:
        yield app
    finally:
        await app.stop()


async def june(corner: Corner, more: Sequence[Record] = ()) -> None:
    """All of June, read and shown."""
    records = [*people(), *courses(), *more]
    async with with_dose(corner, JUNE):
        await corner.produce(people())
        await until(corner, f"{BERGEN}/all/2016-06", OF_ALL)
        await corner.produce([*courses(), *more])
        await counted(corner, applied=len(records))
        await until(corner, OF_JUNE, OPEN)


async def test_what_came_of_pairs_is_shown_at_the_close_and_not_counted_twice_after_a_rebuild(
    corner: Corner,
) -> None:
    await june(corner)
    async with with_dose(corner, JULY):
        await until(corner, OF_JUNE, CLOSED, closed=True)
        await ticked(corner)
    database = corner.database()
    before, on_topic = await state_hash(database, STATE), await published(corner)
    await lose(corner)
    async with with_dose(corner, JULY):
        await counted(corner, applied=len(people()) + len(courses()))
        await ticked(corner)
        assert await published(corner) == on_topic
        assert await state_hash(database, STATE) == before
    database.close()


async def test_meetings_are_corrected_while_their_month_is_open_and_stay_once_it_is_closed(
    corner: Corner,
) -> None:
    """Of five pairs both are taken back, of one the second lasted longer: 66 hours of 72 asked."""
    taken_back = [pair(number, 2, "MeetingLogged") for number in range(20, 25)]
    longer = pair(15, 2, "MeetingLogged", MET[0], ("2016-06-12", 7.0))
    await june(corner, [*taken_back, longer])
    async with with_dose(corner, JULY):
        shown = {**CLOSED, "pairs_met_within_14_days": 20, "hours_of_dose": 90}
        await until(corner, OF_JUNE, shown, closed=True)
        closed = (await published(corner))[OF_JUNE]

        late = ("2016-06-08", 1.5)
        await corner.produce([pair(16, 2, "MeetingLogged"), pair(17, 2, "MeetingLogged", *MET, late)])
        await counted(corner, applied=len(people()) + len(courses()) + 8)
        await ticked(corner)
        assert (await published(corner))[OF_JUNE] == closed
        database = corner.database()
        gone, logged = [await database["pairs"].find_one({"_id": who("pair", number)}) for number in (16, 17)]
        assert gone is not None
        assert gone["open"] == []
        assert logged is not None
        assert [(one["day"], one["amount"]) for one in logged["open"]] == [("2016-06-08", 90)]
        database.close()
