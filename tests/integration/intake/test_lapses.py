"""Lapses that come near, on the real database: told once for each threshold, and late if need be."""

import asyncio
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from shared.clock import local_day, local_moment
from shared.contracts.programmes import ActiveProgramme
from shared.values import add_months
from tests.integration.intake.test_commands import REGISTER, VOLUNTEER
from tests.integration.intake.test_one_person import BERGEN
from tests.integration.intake.test_readiness import consent, interview
from tests.integration.intake.world import GUIDE, PACK, World, command, names

VERSION = "1.9"
KINDS = ("police_certificate", "confidentiality_declaration", "training")


def today() -> date:
    return local_day(datetime.now(UTC), BERGEN)


def until(seen_on: date) -> date:
    """The last day of a yearly check."""
    return add_months(seen_on, 12) - timedelta(days=1)


def seen(kind: str, on: date, id_: str | None = None) -> tuple[str, dict[str, Any]]:
    return "red-1", command("RecordCheck", VOLUNTEER, id_ or kind, kind=kind, seen_on=on.isoformat())


async def joined(world: World) -> None:
    """A guide who lacks checks alone, of which two hold for a year."""
    giving = PACK.sides.giving
    asked = [
        item.model_copy(update={"valid_for": "P12M"}) if getattr(item, "check", "") in KINDS[:2] else item
        for item in giving.requirements
        if item.kind != "approval"
    ]
    sides = PACK.sides.model_copy(update={"giving": giving.model_copy(update={"requirements": asked})})
    pack = PACK.model_copy(update={"version": VERSION, "sides": sides})
    programmes = world.wiring.resources.programmes
    programmes.put(f"{GUIDE}@{VERSION}", pack)
    active = ActiveProgramme(municipality=BERGEN, programme=GUIDE, pack_version=VERSION)
    programmes.put(f"active/{BERGEN}/{GUIDE}", active)
    join = command("JoinProgramme", VOLUNTEER, "join", programme=GUIDE, joined_on="2016-06-02")
    steps = [REGISTER, join, consent(VOLUNTEER, "contact"), consent(VOLUNTEER, "matching")]
    await world.send(*[("red-1", step) for step in [*steps, interview(VOLUNTEER)]])


@pytest.fixture
async def guide(world: World) -> World:
    """A world with a guide who is ready, two of whose documents hold for a year from today."""
    await joined(world)
    await world.send(*[seen(kind, today()) for kind in KINDS])
    assert names(await world.sent("volunteers.v1"))[-1] == "VolunteerApproved"
    return world


async def told(world: World, operator: str = "red-1") -> list[tuple[str, str, tuple[str, ...]]]:
    """What an operator was told of lapses that near: whose, the last day, and the codes."""
    notices = [row["value"]["data"] for row in await world.sent(f"notices.{operator}.v1")]
    return [
        (*notice["about"], notice["due_on"], tuple(notice["details"]))
        for notice in notices
        if notice["code"] == "lapse_nears"
    ]


async def looks(world: World, *before: int) -> None:
    """Lets the service run so many days before the last day, one after the other."""
    for days in before:
        day = until(today()) - timedelta(days=days)
        # As many whole days from now may be another day's last hour, where summer time begins or ends.
        await world.run_due(local_moment(day, time(12), BERGEN) - datetime.now(UTC))


TWO = ("check:confidentiality_declaration", "check:police_certificate")


async def test_a_lapse_that_nears_is_told_at_each_threshold_and_never_twice(guide: World) -> None:
    sent = len(await guide.sent("volunteers.v1"))
    notice = (VOLUNTEER, until(today()).isoformat(), TWO)
    for days, count in ((61, 0), (60, 1), (59, 1), (15, 1), (14, 2), (13, 2), (0, 2)):
        await looks(guide, days)
        assert await told(guide) == [notice] * count, days
        assert await told(guide, "bergen-1") == [], "to who looks after the volunteer alone"
    assert len(await guide.sent("volunteers.v1")) == sent, "nothing of it is public"
    file = await guide.database["volunteers"].find_one({"person.lapses.until": until(today()).isoformat()})
    assert file is not None, "what is due can be listed by the file"
    await looks(guide, -1, -2)
    assert names((await guide.sent("volunteers.v1"))[sent:]) == ["VolunteerLapsed"]
    assert await told(guide) == [notice] * 2


@pytest.mark.parametrize(("first_look", "count"), [(40, 2), (3, 1), (-5, 0)])
async def test_a_service_that_was_away_tells_late(guide: World, first_look: int, count: int) -> None:
    await looks(guide, first_look, 2, 1)
    assert len(await told(guide)) == count
    await looks(guide, -6)
    assert names(await guide.sent("volunteers.v1"))[-1] == "VolunteerLapsed"
    file = await guide.database["volunteers"].find_one({})
    assert file is not None
    assert {lapse["days"] for lapse in file["person"]["lapses"]} == {0}


async def test_what_is_renewed_is_told_of_no_more_and_anew_a_year_later(world: World) -> None:
    guide, seen_on = world, today() - timedelta(days=330)
    await joined(guide)
    await guide.send(seen(KINDS[0], seen_on, "older"), *[seen(kind, today()) for kind in KINDS[1:]])
    assert await told(guide) == [(VOLUNTEER, until(seen_on).isoformat(), TWO[1:])], "told by the command"
    await guide.send(seen(KINDS[0], today(), "renewed"))
    file = await guide.database["volunteers"].find_one({})
    assert file is not None
    assert file["person"]["lapses"] == []
    await looks(guide, 300, 100)
    assert len(await told(guide)) == 1
    await looks(guide, 60)
    assert (await told(guide))[1:] == [(VOLUNTEER, until(today()).isoformat(), TWO)]


async def test_a_dry_run_tells_nobody(world: World) -> None:
    guide = world
    await joined(guide)
    operator, older = seen(KINDS[0], today() - timedelta(days=330), "older")
    await guide.send((operator, {**older, "dryrun": True}))
    assert await told(guide) == []
    await guide.send((operator, {**older, "id": "in-earnest"}))
    assert len(await told(guide)) == 1


async def test_who_takes_part_no_more_is_told_of_no_more(guide: World) -> None:
    await looks(guide, 60)
    leave = command("LeaveProgramme", VOLUNTEER, "leave", programme=GUIDE, left_on="2016-06-20")
    await guide.send(("red-1", leave))
    await looks(guide, 14, -1)
    assert len(await told(guide)) == 1


async def test_two_replicas_that_look_at_once_tell_once(guide: World) -> None:
    await asyncio.gather(*[looks(guide, 60) for _ in range(4)])
    assert len(await told(guide)) == 1


async def test_the_persons_own_coordinator_is_told_alone(guide: World) -> None:
    await guide.database["volunteers"].update_one({}, {"$set": {"person.coordinator": "bergen-1"}})
    await looks(guide, 60)
    assert (len(await told(guide)), len(await told(guide, "bergen-1"))) == (0, 1)
