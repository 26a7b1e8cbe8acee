"""People who joined under an older version of a pack, moved to the one that their municipality runs."""

from typing import Any

from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from tests.integration.intake.test_commands import JOIN, REGISTER, VOLUNTEER, approve
from tests.integration.intake.test_readiness import EVERYTHING, check, consent, interview
from tests.integration.intake.world import GUIDE, PACK, World, command

READY = {"programme": GUIDE, "pack_version": "1.0", "status": "ready", "ready_since": "2016-06-05"}


def run_version(world: World, number: str, *requirements: dict[str, Any]) -> None:
    """The municipality runs a version that asks volunteers for these alone, or for what 1.0 asks."""
    content = PACK.model_dump(mode="json", exclude_none=True) | {"version": number}
    if requirements:
        content["sides"]["giving"]["requirements"] = list(requirements)
    programmes = world.wiring.resources.programmes
    programmes.put(f"{GUIDE}@{number}", ProgrammePack.model_validate(content))
    active = ActiveProgramme(municipality="no-4601", programme=GUIDE, pack_version=number)
    programmes.put(f"active/no-4601/{GUIDE}", active)


def again(id_: str, **envelope: Any) -> dict[str, Any]:
    return {**JOIN, "id": id_, "data": {**JOIN["data"], "joined_on": "2016-06-10"}, **envelope}


async def ready_volunteer(world: World) -> None:
    checks = [check(code.partition(":")[2]) for code in EVERYTHING if code.startswith("check")]
    steps = [consent(VOLUNTEER, "contact"), consent(VOLUNTEER, "matching"), interview(VOLUNTEER), *checks]
    await world.send(*[("red-1", step) for step in (REGISTER, JOIN, *steps, approve("first"))])
    await world.send(("bergen-1", approve("second")))
    assert await participation(world, "second", "bergen-1") == READY


async def participation(world: World, id_: str, owner: str = "red-1") -> dict[str, Any]:
    (part,) = (await world.reply(owner, id_))["result"]["participations"]
    return dict(part)


async def test_who_meets_the_new_version_too_goes_on_waiting_since_the_same_day(world: World) -> None:
    await ready_volunteer(world)
    # Seen again later: the version asks it, and they have had it since before.
    await world.send(("red-1", {**check("training"), "id": "later"}))
    run_version(world, "1.1", {"kind": "check", "check": "police_certificate"})
    await world.send(("red-1", again("move")))
    assert await participation(world, "move") == {**READY, "pack_version": "1.1"}
    assert await world.replies("red-1", "move") == [("CommandAccepted", 1)]


async def test_who_lacks_something_is_told_by_a_dry_run_and_lapses_until_they_have_it(world: World) -> None:
    await ready_volunteer(world)
    run_version(world, "2.0", {"kind": "check", "check": "home_visit"})
    await world.send(("red-1", again("preview", dryrun=True)))
    would = {**READY, "pack_version": "2.0", "status": "lapsed", "missing": ["check:home_visit"]}
    assert await participation(world, "preview") == would
    state = (await world.sent("volunteers.v1"))[-1]["value"]["data"]
    assert state["participations"] == [READY]
    await world.send(("red-1", again("move")))
    assert await participation(world, "move") == would
    seen = {"kind": "home_visit", "seen_on": "2016-06-12"}
    await world.send(("red-1", command("RecordCheck", VOLUNTEER, "home_visit", **seen)))
    assert await participation(world, "home_visit") == {**READY, "pack_version": "2.0"}
    sent = [row["value"]["type"].split(".")[-2] for row in await world.sent("volunteers.v1")]
    assert sent[-2:] == ["VolunteerLapsed", "VolunteerResumed"]


async def test_a_second_join_under_the_same_version_is_refused_and_one_sent_twice_moves_once(
    world: World,
) -> None:
    await ready_volunteer(world)
    await world.send(("red-1", again("same")))
    assert (await world.reply("red-1", "same"))["code"] == "already_joined"
    run_version(world, "1.1")
    await world.send(("red-1", again("move")), ("red-1", again("move")), ("red-1", again("late")))
    assert await participation(world, "move") == {**READY, "pack_version": "1.1"}
    assert (await world.reply("red-1", "late"))["code"] == "already_joined"
