"""A refugee who also volunteers: one person for intake, two subjects for everybody else."""

import asyncio
from typing import Any

import pytest

from services.matching import wire
from services.matching.readers import RefugeeRead, VolunteerRead
from shared.mongo import Document
from tests.integration.intake.test_commands import JOIN, REGISTER, VOLUNTEER
from tests.integration.intake.test_one_person import BERGEN, FROM_A1, HIDDEN, LEFT, TROMSO
from tests.integration.intake.test_readiness import check, consent, interview
from tests.integration.intake.world import GUIDE, World, command, names, settled
from tests.unit.matching.test_rules import couple


def register(refugee: str, **more: Any) -> tuple[str, dict[str, Any]]:
    return "red-1", {**REGISTER, "data": {**REGISTER["data"], "refugee": refugee}, **more}


async def one_person(world: World) -> str:
    """A refugee, who is registered as a volunteer too and may be written to as both."""
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (refugee,) = await world.public()
    await world.send(register(refugee))
    await world.send(*[("red-1", consent(subject, "contact")) for subject in (refugee, VOLUNTEER)])
    return refugee


async def latest(world: World, topic: str) -> dict[str, Document]:
    """What a compacted topic holds."""
    records = {row["key"]: row["value"] for row in await world.sent(topic)}
    return {subject: value for subject, value in records.items() if value is not None}


async def files(world: World) -> str:
    """All that is kept of people."""
    return str([row for name in ("refugees", "volunteers") async for row in world.database[name].find({})])


def withdrawn(id_: str, hour: int) -> dict[str, Any]:
    return {
        **settled("A1", id_, hour),
        "type": "no.kobling.SettlementWithdrawn.v1",
        "data": LEFT["SettlementWithdrawn"],
    }


async def test_nobody_can_be_proposed_to_themselves_and_nothing_else_says_who_they_are(world: World) -> None:
    refugee = await one_person(world)
    join = command("JoinProgramme", refugee, "join-refugee", programme=GUIDE, joined_on="2016-06-02")
    both = [consent(subject, "matching") for subject in (refugee, VOLUNTEER)]
    await world.send(
        *[("red-1", step) for step in (join, JOIN, *both, interview(refugee), interview(VOLUNTEER))]
    )
    kinds = ("police_certificate", "confidentiality_declaration", "training")
    await world.send(*[("red-1", check(kind)) for kind in kinds])
    for operator in ("red-1", "bergen-1"):
        approve = command("ApproveVolunteer", VOLUNTEER, "approve", programme=GUIDE, decided_on="2016-06-05")
        await world.send((operator, approve))
    receiving = (await latest(world, "refugees.v1"))[refugee]["data"]
    giving = (await latest(world, "volunteers.v1"))[VOLUNTEER]["data"]
    assert (receiving["status"], giving["status"]) == ("ready", "approved")
    left = wire.receiving(refugee, RefugeeRead.model_validate(receiving, extra="ignore"))
    right = wire.giving(VOLUNTEER, VolunteerRead.model_validate(giving, extra="ignore"))
    assert left is not None
    assert right is not None
    assert "self" in couple(left.attributes, right.attributes)  # type: ignore[arg-type]
    assert receiving["household"]["ref"] == giving["household"]["ref"]
    assert refugee not in str(giving)
    assert VOLUNTEER not in str(receiving)
    # A correction of the case keeps it so.
    await world.settle((BERGEN, settled("A1", "2", 7)))
    again = (await latest(world, "refugees.v1"))[refugee]["data"]
    assert again["household"]["ref"] == giving["household"]["ref"]


HIDES: dict[str, dict[str, Any]] = {
    **{name: settled("A1", "2", 9, **data) for name, data in HIDDEN.items()},
    "withdrawn": withdrawn("2", 9),
    "refused, and protected all the same": settled("A1", "2", 9, protection="confidential", song="la"),
}


@pytest.mark.parametrize("has_left", [False, True], ids=["here", "who has left"])
@pytest.mark.parametrize("record", HIDES.values(), ids=HIDES)
async def test_whatever_hides_the_refugee_hides_the_volunteer(
    world: World, record: dict[str, Any], *, has_left: bool
) -> None:
    refugee = await one_person(world)
    if has_left:
        leave = command("WithdrawVolunteer", VOLUNTEER, "leave", withdrawn_on="2016-06-10")
        await world.send(("red-1", leave))
    await world.send(("red-1", JOIN))
    await world.settle((BERGEN, record))
    assert await latest(world, "refugees.v1") == {}
    assert await latest(world, "volunteers.v1") == {}
    assert await latest(world, "contact-cards.v1") == {}
    sent = [row for row in await world.sent("volunteers.v1") if row["key"] == VOLUNTEER]
    assert names(sent)[-2:] == ["VolunteerWithdrawn", "erased"]
    assert sent[-2]["value"]["data"] == {
        "municipality": BERGEN,
        "status": "withdrawn",
        **{name: [] for name in ("spells", "participations", "languages", "interests", "consents")},
    }
    # Nothing is left of either but that the reference is taken, and of the case.
    assert await world.database["subject_keys"].count_documents({}) == 0
    assert await world.database["due"].count_documents({"subject": VOLUNTEER}) == 0
    file = await world.database["volunteers"].find_one({})
    assert file is not None
    assert (file["details"], file["person"]["profile"], file["person"]["status"]) == (None, None, "hidden")
    assert refugee not in await files(world)
    # A step finds nobody, and the reference is not given to anybody else.
    await world.send(("red-1", {**JOIN, "id": "later"}), ("red-1", {**REGISTER, "id": "anew"}))
    assert await world.replies("red-1", "later") == [("CommandPending", 1)]
    assert (await world.reply("red-1", "anew"))["code"] == "already_registered"
    # Told twice, it is done once.
    count = len(await world.sent("volunteers.v1"))
    await world.settle((BERGEN, {**record, "id": "3", "time": "2016-06-15T10:00:00Z"}))
    assert len(await world.sent("volunteers.v1")) == count


async def test_no_reply_tells_of_a_volunteer_who_was_taken_back(world: World) -> None:
    refugee = await one_person(world)
    await world.settle((BERGEN, HIDES["protected"]))
    before = await world.replies("red-1", "register")
    await world.send(register(refugee))
    assert await world.replies("red-1", "register") == before


async def test_who_is_hidden_first_is_not_registered_after(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (refugee,) = await world.public()
    await world.settle((BERGEN, HIDES["protected"]))
    await world.send(register(refugee))
    assert await world.replies("red-1", "register") == [("CommandPending", 1)]
    assert await world.database["volunteers"].count_documents({}) == 0


@pytest.mark.parametrize("round_", range(4))
async def test_at_the_same_moment_both_are_hidden_or_neither_was_registered(
    world: World, round_: int
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (refugee,) = await world.public()
    hide, open_ = world.settle((BERGEN, HIDES["protected"])), world.send(register(refugee))
    await asyncio.gather(*((hide, open_) if round_ % 2 else (open_, hide)))
    assert await latest(world, "refugees.v1") == {}
    assert await latest(world, "volunteers.v1") == {}


async def test_a_refugee_is_named_who_is_there_and_the_operators_own(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (refugee,) = await world.public()
    await world.send(register(refugee, id="dry", dryrun=True))
    assert await world.replies("red-1", "dry") == [("CommandPreviewed", 1)]
    assert len(await world.sent("refugees.v1")) == 1
    operators = world.wiring.resources.operators
    known = operators.find("red-1", world.clock.now())
    assert known is not None
    operators.put("south-1", known.model_copy(update={"municipalities": ["dk-101"]}))
    _, elsewhere = register(refugee)
    data = {**elsewhere["data"], "municipality": "dk-101"}
    await world.send(("south-1", {**elsewhere, "data": data}))
    assert (await world.reply("south-1", "register"))["code"] == "not_your_municipality"
    other = "volunteer-bbbbbbbbbbbbbbbb"
    await world.send(("red-1", {**REGISTER, "subject": other}))
    await world.send(register(other, id="guide"))
    assert (await world.reply("red-1", "guide"))["code"] == "not_a_refugee"
    moved = {**settled("A1", "2", 7), "type": "no.kobling.PersonMoved.v1", "data": LEFT["PersonMoved"]}
    await world.settle((BERGEN, moved))
    await world.send(register(refugee, id="gone"))
    assert (await world.reply("red-1", "gone"))["code"] == "not_taking_part"


async def test_who_moves_goes_on_volunteering_and_is_still_one_person(world: World) -> None:
    refugee = await one_person(world)
    await world.settle((TROMSO, settled("B1", "2", 7, **FROM_A1)))
    assert VOLUNTEER in await latest(world, "volunteers.v1")
    await world.settle((TROMSO, settled("B1", "3", 8, protection="confidential")))
    assert await latest(world, "volunteers.v1") == {}
    assert refugee not in await files(world)


async def test_a_file_that_proves_to_be_the_same_person_brings_the_volunteer_along(world: World) -> None:
    await world.settle((TROMSO, settled("B1", "2", 7)))
    (kept,) = await world.public()
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (former,) = set(await world.public()) - {kept}
    await world.send(register(former))
    await world.settle((TROMSO, settled("B1", "3", 8, **FROM_A1)))
    state = (await latest(world, "refugees.v1"))[kept]["data"]
    volunteer = (await latest(world, "volunteers.v1"))[VOLUNTEER]["data"]
    assert state["household"]["ref"] == volunteer["household"]["ref"]
    await world.settle((TROMSO, withdrawn_of("B1", "4", 9)))
    assert await latest(world, "volunteers.v1") == {}


async def test_also_a_file_that_is_brought_along_by_an_older_case_says_the_household(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 6)), ("dk-101", settled("D1", "2", 7, **FROM_A1)))
    (kept,) = await world.public()
    await world.settle((TROMSO, settled("B1", "3", 6)))
    (former,) = set(await world.public()) - {kept}
    await world.send(register(former))
    from_b1 = {"from": {"municipality": TROMSO, "case": "B1"}}
    await world.settle((BERGEN, settled("A1", "4", 8, **from_b1)))
    states = [(await world.public())[kept], (await latest(world, "volunteers.v1"))[VOLUNTEER]]
    assert len({one["data"]["household"]["ref"] for one in states}) == 1


def withdrawn_of(case: str, id_: str, hour: int) -> dict[str, Any]:
    return {**withdrawn(id_, hour), "subject": case}


async def test_of_two_files_with_a_volunteer_each_all_are_of_one_household(world: World) -> None:
    await world.settle((TROMSO, settled("B1", "2", 7)), (BERGEN, settled("A1", "1", 6)))
    other = "volunteer-bbbbbbbbbbbbbbbb"
    for subject, refugee in zip((VOLUNTEER, other), await world.public(), strict=True):
        await world.send(register(refugee, subject=subject, id=subject))
    assert (
        len({one["data"]["household"]["ref"] for one in (await latest(world, "volunteers.v1")).values()}) == 2
    )
    await world.settle((TROMSO, settled("B1", "3", 8, **FROM_A1)))
    states = [*(await latest(world, "volunteers.v1")).values(), *(await world.public()).values()]
    assert len(states) == 3
    assert len({one["data"]["household"]["ref"] for one in states}) == 1
    await world.settle((TROMSO, settled("B1", "4", 9, protection="confidential")))
    assert await latest(world, "volunteers.v1") == {}


async def test_a_file_that_proves_to_be_a_hidden_persons_hides_its_volunteer(world: World) -> None:
    await world.settle((TROMSO, settled("B1", "2", 7, protection="confidential")))
    await world.settle((BERGEN, settled("A1", "1", 6)))
    (refugee,) = await world.public()
    await world.send(register(refugee))
    await world.settle((TROMSO, settled("B1", "3", 8, protection="confidential", **FROM_A1)))
    assert await latest(world, "volunteers.v1") == {}
    assert await world.public() == {}


@pytest.mark.parametrize("said_first", [True, False])
async def test_who_moves_does_so_as_both_and_is_looked_after_by_others(
    world: World, *, said_first: bool
) -> None:
    refugee = await one_person(world)
    await world.send(("red-1", JOIN))
    data = {"to_municipality": TROMSO, "moved_on": "2016-06-15"}
    moved = {**settled("A1", "2", 9), "type": "no.kobling.PersonMoved.v1", "data": data}
    records = [(BERGEN, moved), (TROMSO, settled("B1", "3", 8, **FROM_A1))]
    for record in records if said_first else reversed(records):
        await world.settle(record, record)
    volunteers = [row for row in await world.sent("volunteers.v1") if row["key"] == VOLUNTEER]
    assert names(volunteers).count("VolunteerMoved") == 1
    found = (await latest(world, "volunteers.v1"))[VOLUNTEER]["data"]
    assert (found["municipality"], found["status"]) == (TROMSO, "registered")
    assert (await latest(world, "refugees.v1"))[refugee]["data"]["municipality"] == TROMSO
    assert "coordinator" not in found
    assert await world.dead() == []
