"""A municipality's new code: the same municipality, its cases and its people."""

import asyncio
import itertools
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from services.intake import codes
from shared.contracts.programmes import ActiveProgramme
from tests.integration.intake.asking import ask
from tests.integration.intake.test_commands import JOIN, REGISTER, VOLUNTEER
from tests.integration.intake.test_readiness import consent, interview
from tests.integration.intake.world import GUIDE, PACK, World, command, find, names, settled

OLD, OTHER, NEW = "no-4601", "no-4602", "no-5501"
NOW = timedelta()
Step = tuple[str, dict[str, Any]]


def renames(world: World, *predecessors: str) -> None:
    """Administrators say whose successor the new code is."""
    active = ActiveProgramme(
        municipality=NEW, programme=GUIDE, pack_version=PACK.version, predecessors=list(predecessors)
    )
    world.wiring.resources.programmes.put(f"active/{NEW}/{GUIDE}", active)


async def bring(world: World) -> None:
    """Runs what a new code asks for."""
    for step in world.wiring.on_programmes:
        await step()
    await world.run_due(NOW)


def ready(subject: str) -> list[Step]:
    join = command("JoinProgramme", subject, f"join-{subject}", programme=GUIDE, joined_on="2016-06-02")
    steps = [join, consent(subject, "matching"), consent(subject, "contact"), interview(subject)]
    return [("red-1", step) for step in steps]


async def events(world: World, subject: str) -> list[str]:
    topic = "volunteers.v1" if subject.startswith("volunteer-") else "refugees.v1"
    return names([row for row in await world.sent(topic) if row["key"] == subject])


async def state(world: World, subject: str) -> dict[str, Any]:
    found: dict[str, Any] = (await world.public())[subject]["data"]
    return found


async def test_everybody_is_brought_with_all_that_is_theirs_and_once(world: World) -> None:
    await world.settle((OLD, settled("A1", "1")), (OLD, settled("A2", "2", unaccompanied_minor=True)))
    await world.settle((OLD, settled("A3", "3", protection="confidential")))
    (subject,) = [who for who, one in (await world.public()).items() if "Settled" in one["type"]]
    await world.send(*ready(subject), ("red-1", REGISTER), ("red-1", JOIN))
    before = await state(world, subject)
    renames(world, OLD)
    await bring(world)
    after = await state(world, subject)
    assert (after.pop("municipality"), after.pop("former_codes")) == (NEW, [OLD])
    assert after == {name: value for name, value in before.items() if name != "municipality"}
    assert after["participations"][0]["ready_since"] == "2016-06-04"
    assert (await events(world, subject))[-2:] == ["RefugeeReady", "RefugeeCorrected"]
    assert (await events(world, VOLUNTEER))[-1] == "VolunteerUpdated"
    cards = [row["value"]["data"]["municipality"] for row in await world.sent("contact-cards.v1")]
    assert cards == [OLD, NEW]
    stored = [row["person"]["municipality"] async for row in world.database["refugees"].find({})]
    assert stored == [NEW] * 3
    sent = len(await world.sent("refugees.v1"))
    await bring(world)
    assert len(await world.sent("refugees.v1")) == sent
    assert len([row for row in await world.sent("refugees.v1") if "Referred" in row["value"]["type"]]) == 1


@pytest.mark.parametrize("steps", list(itertools.permutations(["bring", "new", "old"])))
async def test_a_case_is_the_same_under_either_code_in_whatever_order(
    world: World, steps: Sequence[str]
) -> None:
    await world.settle((OLD, settled("A1", "1", 6)))
    (subject,) = await world.public()
    await world.send(*ready(subject))
    renames(world, OLD)
    records = {"old": (OLD, settled("A1", "2", 8)), "new": (NEW, settled("A1", "3", 9))}
    for step in steps:
        await (bring(world) if step == "bring" else world.settle(records[step]))
    assert await world.dead() == []
    (found,) = await world.public()
    assert found == subject
    known = await state(world, subject)
    assert (known["municipality"], known["status"]) == (NEW, "ready")
    assert await world.cases() == [1]
    # The late record of the old code is older than what the new one has said.
    corrections = 2 if steps.index("old") > steps.index("new") else 3
    assert (await events(world, subject)).count("RefugeeCorrected") == corrections


async def test_a_case_that_is_opened_under_the_new_code_is_corrected_under_the_old_one(world: World) -> None:
    renames(world, OLD)
    await world.settle((NEW, settled("A1", "1", 7)))
    await world.settle((OLD, settled("A1", "2", 8, protection="confidential")))
    assert await world.public() == {}
    assert await world.cases() == [1]
    await world.settle((OLD, settled("A2", "3", 7)), (NEW, settled("A2", "4", 8)))
    (known,) = (await world.public()).values()
    assert known["data"]["municipality"] == NEW


async def test_two_files_of_one_case_become_one_once_it_is_known(world: World) -> None:
    await world.settle((OLD, settled("A1", "1", 7)))
    (subject,) = await world.public()
    await world.send(*ready(subject))
    await world.settle((NEW, settled("A1", "2", 8)))
    assert len(await world.public()) == 2
    renames(world, OLD)
    await world.settle((NEW, settled("A1", "3", 9)))
    assert list(await world.public()) == [subject]
    assert (await state(world, subject))["participations"][0]["status"] == "ready"
    assert await world.cases() == [2]


@pytest.mark.parametrize("first", [True, False])
async def test_that_everybody_moves_to_the_new_code_is_no_move(world: World, *, first: bool) -> None:
    await world.settle((OLD, settled("A1", "1", 6)))
    (subject,) = await world.public()
    await world.send(*ready(subject))
    renames(world, OLD)
    data = {"to_municipality": NEW, "moved_on": "2016-06-15"}
    moved = {**settled("A1", "2", 9), "type": "no.kobling.PersonMoved.v1", "data": data}
    arrived = settled("A1", "3", 8, **{"from": {"municipality": OLD, "case": "A1"}})
    records = [(OLD, moved), (NEW, arrived)]
    for record in records if first else reversed(records):
        await world.settle(record)
    known = await state(world, subject)
    assert (known["status"], known["participations"][0]["status"]) == ("ready", "ready")
    assert await world.dead() == []


async def test_a_case_under_another_reference_is_named_as_before(world: World) -> None:
    await world.settle((OLD, settled("A1", "1", 6)))
    (subject,) = await world.public()
    await world.send(*ready(subject))
    renames(world, OLD)
    await world.settle((NEW, settled("N7", "2", 8, **{"from": {"municipality": OLD, "case": "A1"}})))
    known = await state(world, subject)
    assert (known["municipality"], known["status"]) == (NEW, "ready")
    assert await world.cases() == [2]


async def test_of_municipalities_that_became_one_a_case_is_whose_it_can_be_alone(world: World) -> None:
    renames(world, OLD, OTHER)
    await world.settle((OLD, settled("A1", "1", 6)))
    (subject,) = await world.public()
    await world.settle((NEW, settled("A1", "2", 7)))
    assert list(await world.public()) == [subject]
    # Late, and of somebody else who had this reference there.
    await world.settle((OTHER, settled("A1", "3", 8)))
    assert len(await world.public()) == 2
    await world.settle((NEW, settled("A1", "4", 9)))
    assert (await events(world, subject))[-1] == "RefugeeCorrected"
    assert len(await world.public()) == 2


async def test_where_a_reference_may_be_of_two_nobody_is_taken_for_another_and_all_are_protected(
    world: World,
) -> None:
    renames(world, OLD, OTHER)
    await world.settle((OLD, settled("A1", "1", 6)), (OTHER, settled("A1", "2", 6)))
    await world.settle((NEW, settled("A1", "3", 7)))
    assert len(await world.public()) == 3
    await world.settle((OLD, settled("A2", "4", 6)), (OTHER, settled("A2", "5", 6)))
    assert len(await world.public()) == 5
    await world.settle((NEW, settled("A2", "6", 7, protection="confidential")))
    assert len(await world.public()) == 3
    # Refused, and heard all the same.
    await world.settle((NEW, settled("A1", "7", 8, protection="confidential", unknown="field")))
    assert len(await world.public()) == 2


async def test_whose_scope_is_the_old_code_is_told_what_would_help(world: World) -> None:
    await world.settle((OLD, settled("A1", "1")))
    (subject,) = await world.public()
    operators = world.wiring.resources.operators
    former = operators.find("red-1", world.clock.now())
    assert former is not None
    operators.put("old-1", former.model_copy(update={"operator": "old-1", "municipalities": [OLD]}))
    renames(world, OLD)
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")
    asks = {**find("A1", "find"), "data": {"reason": "test", "municipality": NEW, "case": "A1"}}
    await world.send(("old-1", join), ("old-1", asks))
    for id_ in ("join", "find"):
        refused = await world.reply("old-1", id_)
        assert refused["code"] == "not_your_municipality"
        assert "no-4601, which is no-5501 now: administrators add no-5501" in refused["message"]
    await world.send(("old-1", find("A1", "find-old")), ("red-1", asks), ("red-1", join))
    renamed = await world.reply("old-1", "find-old")
    assert (renamed["code"], renamed["field"]) == ("municipality_renamed", "municipality")
    assert renamed["message"] == "no-4601 has become no-5501: send the command about no-5501."
    assert (await world.reply("red-1", "find"))["result"]["subject"] == subject
    assert (await world.reply("red-1", "join"))["result"]["municipality"] == NEW


async def test_killed_midway_or_run_by_two_replicas_each_is_brought_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(codes, "AT_ONCE", 1)
    await world.settle(*[(OLD, settled(f"A{number}", f"{number}")) for number in range(6)])
    renames(world, OLD)
    whole = codes.Codes.bring
    steps = 0

    async def killed(*args: Any) -> str:
        nonlocal steps
        steps += 1
        if steps == 3:
            raise RuntimeError("killed")
        return await whole(*args)

    monkeypatch.setattr(codes.Codes, "bring", killed)
    await bring(world)
    monkeypatch.setattr(codes.Codes, "bring", whole)
    assert names(await world.sent("refugees.v1")).count("RefugeeCorrected") == 2
    await world.settle((OLD, settled("A9", "late")))
    # The claim of the one that died has run out.
    await world.database["due"].update_many({}, {"$unset": {"claimed_until": "", "claimed_by": ""}})
    beside = replace(world)
    renames(beside, OLD)
    await asyncio.gather(bring(world), bring(beside))
    found = (await world.public()).values()
    assert [one["data"]["municipality"] for one in found] == [NEW] * 7
    assert names(await world.sent("refugees.v1")).count("RefugeeCorrected") == 6


async def test_a_volunteer_moves_by_a_command_of_who_may_act_in_both(world: World) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN))
    moves = {"municipality": NEW, "moved_on": "2016-06-10"}
    dry = {**command("MoveVolunteer", VOLUNTEER, "dry", **moves), "dryrun": True}
    await world.send(("red-1", dry))
    assert (await events(world, VOLUNTEER))[-1] == "VolunteerUpdated"
    operators = world.wiring.resources.operators
    both = operators.find("red-1", world.clock.now())
    assert both is not None
    for name, scope in (("old-1", [OLD]), ("new-1", [NEW])):
        operators.put(name, both.model_copy(update={"operator": name, "municipalities": scope}))
        await world.send((name, command("MoveVolunteer", VOLUNTEER, name, **moves)))
        assert (await world.reply(name, name))["code"] == "not_your_municipality"
    await world.send(*[("red-1", command("MoveVolunteer", VOLUNTEER, "move", **moves))] * 2)
    moved = (await world.reply("red-1", "move"))["result"]
    assert (moved["municipality"], moved["status"], moved["participations"]) == (NEW, "registered", [])
    assert (await events(world, VOLUNTEER)).count("VolunteerMoved") == 1
    await world.send(("red-1", command("MoveVolunteer", VOLUNTEER, "again", **moves)))
    assert (await world.reply("red-1", "again"))["code"] == "same_municipality"


async def test_two_replicas_that_meet_a_new_case_under_both_codes_at_once_open_one_file(world: World) -> None:
    beside = replace(world, clock=world.clock)
    for one in (world, beside):
        renames(one, OLD)
    cases = [f"A{number}" for number in range(10)]
    await asyncio.gather(
        world.settle(*[(OLD, settled(case, f"old-{case}", 7)) for case in cases]),
        beside.settle(*[(NEW, settled(case, f"new-{case}", 8)) for case in cases]),
    )
    assert await world.dead() == []
    assert await world.cases() == [1] * len(cases)
    assert len(await world.public()) == len(cases)


@pytest.mark.parametrize("brought", [True, False])
async def test_an_offer_is_listed_and_accepted_under_the_new_code(world: World, *, brought: bool) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN))
    offer = {"municipality": OLD, "from": "red-1", "to": "bergen-1"}
    transfer = (await ask(world, "TransferCaseload", OLD, "offer", **offer))["transfer"]
    renames(world, OLD)
    if brought:
        await bring(world)
    again = await ask(world, "TransferCaseload", NEW, "again", **{**offer, "municipality": NEW})
    assert again["code"] == "already_offered"
    due = await ask(world, "ListDue", NEW, "due", "bergen-1", municipality=NEW)
    assert [one["transfer"] for one in due["offers"]] == [transfer]
    accepted = await ask(world, "AcceptCaseload", transfer, "accept", "bergen-1")
    assert (accepted["municipality"], accepted["people"]) == (NEW, 1)
    await world.run_due(NOW)
    stored = await world.database["volunteers"].find_one({"_id": VOLUNTEER})
    assert stored is not None
    assert stored["person"]["coordinator"] == "bergen-1"
    told = [row["value"]["data"] for row in await world.sent("notices.bergen-1.v1")]
    assert ("caseload_taken", NEW) in {(one["code"], one["municipality"]) for one in told}
