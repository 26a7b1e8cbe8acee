"""Lists of people and of what is due about them: whom they have, in which order, and by which index."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.clock import Clock
from shared.contracts.programmes import ActiveProgramme
from shared.mongo import Database
from tests.integration.intake.asking import BERGEN, TROMSO, ask, equip, named, put, register, registration
from tests.integration.intake.world import GUIDE, PACK, World, command, settled

NOON = datetime(2026, 6, 15, 12, tzinfo=UTC)
CERTIFICATE, DECLARATION, TRAINING = "police_certificate", "confidentiality_declaration", "training"


@pytest.fixture
async def world(database: Database) -> World:
    """Where a police certificate, and the first approval, hold for three years."""
    made = World(database, Clock(NOON - datetime.now(UTC)))
    await made.ensure()
    equip(made)
    sides = PACK.sides
    asked = [
        item.model_copy(update={"valid_for": "P36M"})
        if getattr(item, "check", None) == CERTIFICATE
        or getattr(item, "organisation", "") == "red_cross_bergen"
        else item
        for item in sides.giving.requirements
    ]
    giving = sides.giving.model_copy(update={"requirements": asked})
    pack = PACK.model_copy(update={"version": "1.1", "sides": sides.model_copy(update={"giving": giving})})
    active = ActiveProgramme(municipality=BERGEN, programme=GUIDE, pack_version="1.1", districts=["Fana"])
    made.wiring.resources.programmes.put(f"{GUIDE}@1.1", pack)
    made.wiring.resources.programmes.put(f"active/{BERGEN}/{GUIDE}", active)
    return made


async def volunteer(world: World, letter: str, *steps: dict[str, Any], owner: str = "red-1") -> str:
    """A volunteer who joined on 1 June 2026, with these steps."""
    subject = await register(world, letter, "Test", "Eksempel", owner, registered_on="2026-06-01")
    join = command("JoinProgramme", subject, f"join-{letter}", programme=GUIDE, joined_on="2026-06-01")
    await world.send(*[(owner, step) for step in (join, *steps)])
    return subject


def check(letter: str, kind: str, seen_on: str) -> dict[str, Any]:
    return command("RecordCheck", named(letter), f"{kind}-{letter}-{seen_on}", kind=kind, seen_on=seen_on)


def approve(letter: str, on: str) -> dict[str, Any]:
    subject = named(letter)
    return command("ApproveVolunteer", subject, f"approve-{letter}-{on}", programme=GUIDE, decided_on=on)


async def people(world: World, id_: str, owner: str = "red-1", **data: Any) -> dict[str, Any]:
    return await ask(world, "ListPeople", BERGEN, id_, owner, **{"municipality": BERGEN, **data})


async def due(world: World, id_: str, owner: str = "red-1", **data: Any) -> dict[str, Any]:
    return await ask(world, "ListDue", BERGEN, id_, owner, **{"municipality": BERGEN, **data})


def subjects(told: dict[str, Any], where: str = "people") -> list[str]:
    return [one["subject"] for one in told[where]]


async def settle(world: World, *cases: str) -> list[str]:
    await world.settle(*[(BERGEN, settled(case, case)) for case in cases])
    return sorted([row["_id"] async for row in world.database["refugees"].find({})])


async def test_pages_have_each_refugee_and_then_each_volunteer_once(world: World) -> None:
    refugees = await settle(world, "A1", "A2", "A3")
    volunteers = [await register(world, letter, "Test", "Eksempel") for letter in "abc"]
    pages = [await people(world, "page-0", limit=2)]
    while "next" in pages[-1]:
        pages.append(await people(world, f"page-{len(pages)}", limit=2, after=pages[-1]["next"]))
    assert [len(page["people"]) for page in pages] == [2, 2, 2]
    assert [one for page in pages for one in subjects(page)] == refugees + volunteers
    assert {page["count"] for page in pages} == {6}


async def test_people_are_listed_by_kind_programme_status_and_coordinator(world: World) -> None:
    (refugee,) = await settle(world, "A1")
    joined = await volunteer(world, "a")
    other = await register(world, "b", "Test", "Eksempel", "red-2")
    gone = await volunteer(
        world, "c", command("LeaveProgramme", named("c"), "l", programme=GUIDE, left_on="2026-06-02")
    )
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({"kind": "refugee"}, [refugee]),
        ({"kind": "volunteer"}, [joined, other, gone]),
        ({"programme": GUIDE}, [joined]),
        ({"status": ["settled", "approved"]}, [refugee]),
        ({"status": ["registered"], "coordinator": "red-1"}, [joined, gone]),
        ({"coordinator": "red-2"}, [other]),
        ({"without_coordinator": True}, [refugee]),
    ]
    for number, (asked, found) in enumerate(cases):
        told = await people(world, f"list-{number}", **asked)
        assert (subjects(told), told["count"]) == (found, len(found)), asked


async def test_each_says_what_is_lacking_since_when_they_wait_and_who_looks_after_them(world: World) -> None:
    person = {"given_name": "Eksempelnavn", "preferred_language": "ti"}
    await world.settle((BERGEN, settled("A1", "1", person=person)))
    subject = await volunteer(world, "a", check("a", CERTIFICATE, "2026-06-02"))
    unknown_age, lacking = (await people(world, "list"))["people"]
    assert unknown_age["missing"][GUIDE] == ["age", "consent:contact", "consent:matching", "interview"]
    assert unknown_age["participations"] == []
    assert (lacking["subject"], lacking["status"], lacking["coordinator"]) == (subject, "registered", "red-1")
    (part,) = lacking["participations"]
    assert (part["status"], part["since"], part["joined_on"]) == ("joined", "2026-06-01", "2026-06-01")
    assert f"check:{CERTIFICATE}" not in part["missing"]
    assert "missing" not in lacking


async def test_what_was_decided_before_in_the_same_batch_is_listed(world: World) -> None:
    subject = await register(world, "a", "Test", "Eksempel")
    join = command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2026-06-01")
    listed = command("ListPeople", BERGEN, "list", municipality=BERGEN, programme=GUIDE)
    leave = command("LeaveProgramme", subject, "leave", programme=GUIDE, left_on="2026-06-02")
    again = command("ListPeople", BERGEN, "again", municipality=BERGEN, programme=GUIDE)
    await world.send(*[("red-1", one) for one in (join, listed, leave, again)])
    assert subjects((await world.reply("red-1", "list"))["result"]) == [subject]
    assert subjects((await world.reply("red-1", "again"))["result"]) == []
    assert (await world.sent("volunteers.v1"))[-1]["value"]["revision"] == 3


async def test_everyones_standing_on_a_day(world: World) -> None:
    await volunteer(world, "a", check("a", CERTIFICATE, "2026-06-02"), approve("a", "2026-06-10"))
    await volunteer(world, "b")
    code, approval = f"check:{CERTIFICATE}", "approval:red_cross_bergen"
    table = {
        "2026-06-01": ("none", "none"),
        "2026-06-15": ("valid", "valid"),
        "2029-04-02": ("renewable", "valid"),
        "2029-06-01": ("renewable", "renewable"),
        "2029-06-02": ("none", "renewable"),
        "2029-06-10": ("none", "none"),
    }
    for day, standings in table.items():
        first, second = (await people(world, day, on=day, kind="volunteer"))["people"]
        told = {one["code"]: one["standing"] for one in first["standing"]}
        assert (told[code], told[approval]) == standings, day
        assert {one["standing"] for one in second["standing"]} == {"none"}
    (standing, *_) = (await people(world, "until", on="2029-06-01", limit=1))["people"][0]["standing"]
    assert standing["until"] == "2029-06-01"


async def test_what_is_due_comes_by_day(world: World) -> None:
    late = check("a", CERTIFICATE, "2023-06-02")
    await volunteer(world, "a", late)
    await volunteer(world, "b", check("b", CERTIFICATE, "2023-08-01"))
    await volunteer(world, "c", check("c", CERTIFICATE, "2023-09-01"))
    await volunteer(world, "d", approve("d", "2026-06-10"))
    found = (await due(world, "due"))["due"]
    assert [(one["on"], one["kind"], one["subject"], one["overdue"]) for one in found] == [
        ("2026-06-01", "lapse", named("a"), True),
        ("2026-06-24", "approval", named("d"), False),
        ("2026-07-31", "lapse", named("b"), False),
    ]
    assert found[0]["codes"] == [f"check:{CERTIFICATE}"]
    assert found[1]["codes"] == ["approval:introduction_programme_bergen"]
    assert {one["programme"] for one in found} == {GUIDE}
    assert {one["coordinator"] for one in found} == {"red-1"}


async def test_who_lacks_something_for_thirty_days_is_listed_and_not_a_day_before(world: World) -> None:
    await volunteer(world, "a")
    early = register(world, "b", "Test", "Eksempel", registered_on="2026-05-16")
    await early
    join = command("JoinProgramme", named("b"), "join-b", programme=GUIDE, joined_on="2026-05-16")
    await world.send(("red-1", join))
    (found,) = (await due(world, "due"))["due"]
    assert (found["subject"], found["kind"], found["on"]) == (named("b"), "lacking", "2026-06-15")
    assert "interview" in found["codes"]
    await world.send(
        ("red-1", command("LeaveProgramme", named("b"), "leave", programme=GUIDE, left_on="2026-06-15"))
    )
    assert (await due(world, "after"))["due"] == []


async def test_what_is_renewed_is_due_no_more(world: World) -> None:
    await volunteer(world, "a", check("a", CERTIFICATE, "2023-07-01"))
    assert subjects(await due(world, "before"), "due") == [named("a")]
    await world.send(("red-1", check("a", CERTIFICATE, "2026-06-14")))
    assert (await due(world, "after"))["due"] == []


async def test_due_pages_follow_each_other_over_refugees_and_volunteers(world: World) -> None:
    refugees = await settle(world, "A1", "A2")
    for number, subject in enumerate(refugees):
        join = command(
            "JoinProgramme", subject, f"join-{number}", programme=GUIDE, joined_on=f"2026-05-0{number + 1}"
        )
        await world.send(("red-1", join))
    for letter, seen_on in (("a", "2023-06-15"), ("b", "2023-05-02"), ("c", "2023-06-15")):
        await volunteer(world, letter, check(letter, CERTIFICATE, seen_on))
    pages = [await due(world, "page-0", limit=2)]
    while "next" in pages[-1]:
        pages.append(await due(world, f"page-{len(pages)}", limit=2, after=pages[-1]["next"]))
    found = [(one["on"], one["subject"]) for page in pages for one in page["due"]]
    assert found == [
        ("2026-05-01", named("b")),
        ("2026-05-31", refugees[0]),
        ("2026-06-01", refugees[1]),
        ("2026-06-14", named("a")),
        ("2026-06-14", named("c")),
    ]
    assert ["offers" in page for page in pages] == [True, False, False]
    told = await due(world, "some", kind=["lacking"], programme=GUIDE)
    assert subjects(told, "due") == refugees


async def test_mine_is_due_and_what_nobody_else_sees_to(world: World) -> None:
    for letter, owner in (("a", "red-1"), ("b", "red-2"), ("c", "bergen-1")):
        await volunteer(world, letter, check(letter, CERTIFICATE, "2023-06-15"), owner=owner)
    cases: list[tuple[dict[str, Any], list[str]]] = [
        ({}, [named("a")]),
        ({"coordinator": "red-2"}, [named("b")]),
        ({"all": True}, [named("a"), named("b"), named("c")]),
        ({"without_coordinator": True}, []),
    ]
    for number, (asked, found) in enumerate(cases):
        assert subjects(await due(world, f"due-{number}", **asked), "due") == found
    put(world, "red-2", "red_cross_bergen", valid_until=datetime(2026, 6, 14, tzinfo=UTC))
    assert subjects(await due(world, "mine"), "due") == [named("a"), named("b")]
    assert subjects(await due(world, "left", without_coordinator=True), "due") == [named("b")]
    assert subjects(await people(world, "people", without_coordinator=True)) == [named("b")]


@pytest.mark.parametrize("question", ["ListPeople", "ListDue"])
async def test_a_list_is_for_who_may_act_there(world: World, question: str) -> None:
    async def code(id_: str, owner: str, subject: str = BERGEN, **data: Any) -> str:
        data = {"municipality": BERGEN, **data}
        return str((await ask(world, question, subject, id_, owner, **data))["code"])

    assert await code("far", "far-1") == "not_your_municipality"
    assert await code("late", "late-1") == "unknown_operator"
    assert await code("role", "audit-1") == "role_missing"
    assert await code("subject", "red-1", TROMSO) == "subject_invalid"
    assert await code("limit", "red-1", limit=0) == "field_invalid"


async def test_who_must_not_be_known_is_in_no_list(world: World) -> None:
    await settle(world, "A1", "A2", "A3")
    await world.settle(
        (BERGEN, settled("A1", "4", 8, protection="confidential")),
        (BERGEN, settled("A2", "5", 8, unaccompanied_minor=True)),
    )
    await world.run_due(timedelta(days=3))
    told = await people(world, "list")
    assert told["count"] == 1
    assert [one["status"] for one in told["people"]] == ["settled"]
    assert (await people(world, "none", without_coordinator=True))["count"] == 1


async def test_no_question_reads_a_whole_collection(world: World) -> None:
    await settle(world, "A1", "A2", "A3")
    for letter in "abcdef":
        await volunteer(world, letter, check(letter, CERTIFICATE, "2023-07-01"))
    # Among enough others that the planner has a choice to make.
    others = [registration(letter * 2, "Annen", "Person") for letter in "abcdefghijklmnopqrstuvwxyz"]
    await world.send(*[("red-2", other) for other in others])
    database = world.database["people"].database
    await database.command("profile", 2)
    await people(world, "all")
    await people(world, "programme", programme=GUIDE, status=["registered"])
    await people(world, "mine", coordinator="red-1", after=named("a"))
    await people(world, "nobody", without_coordinator=True)
    await due(world, "due", kind=["lapse"])
    await due(world, "page", all=True, after="2026-01-01/")
    await ask(world, "FindPerson", BERGEN, "find", municipality=BERGEN, name="Test Eksempel")
    await ask(world, "ShowPerson", named("a"), "show")
    await ask(world, "ListLooks", BERGEN, "looks", "audit-1", municipality=BERGEN)
    await ask(
        world, "TransferCaseload", BERGEN, "offer", municipality=BERGEN, **{"from": "red-1", "to": "red-2"}
    )
    await database.command("profile", 0)
    plans: dict[str, set[str]] = {}
    async for row in database["system.profile"].find({"planSummary": {"$exists": True}}):
        plans.setdefault(row["ns"].partition(".")[2], set()).add(row["planSummary"])
    assert {"refugees", "volunteers", "looks", "transfers"} <= plans.keys()
    scanned = {name: sorted(kinds) for name, kinds in plans.items() if "COLLSCAN" in " ".join(kinds)}
    assert scanned == {}
    used = " ".join(plans["volunteers"])
    for index in ("names: 1", "person.coordinator: 1", "person.participations.programme: 1", "tasks.on: 1"):
        assert index in used, plans["volunteers"]
