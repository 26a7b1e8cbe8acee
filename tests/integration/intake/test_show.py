"""What an operator is shown of somebody, and what is kept of each look."""

from datetime import timedelta
from typing import Any

import pytest

from tests.integration.intake.asking import BERGEN, TROMSO, ask, equip, named, opened, register
from tests.integration.intake.world import GUIDE, World, command, settled

REACHED = {"phone": "90000042", "email": "eksempel@example.org", "address": "Eksempelveien 1"}


@pytest.fixture
async def berit(world: World) -> str:
    equip(world)
    subject = await register(world, "a", "Berit", "Eksempel-Klippe", person=REACHED, capacity=2)
    await world.send(
        ("red-1", command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-02")),
        ("red-1", command("RecordCheck", subject, "check", kind="training", seen_on="2016-06-03")),
    )
    return subject


async def show(world: World, subject: str, id_: str, owner: str = "red-1", **data: Any) -> dict[str, Any]:
    return await ask(world, "ShowPerson", subject, id_, owner, **data)


async def looks(world: World) -> list[tuple[str, str, str, str]]:
    return [
        (row["operator"], row["subject"], row["reason"], row["command"])
        async for row in world.database["looks"].find({}).sort("_id", 1)
    ]


async def test_everything_is_shown_and_who_it_is_sealed(world: World, berit: str) -> None:
    shown = await show(world, berit, "show", reason="phone_call")
    assert opened(shown.pop("sealed"), berit) == {
        "subject": berit,
        "given_name": "Berit",
        "family_name": "Eksempel-Klippe",
        "birth_date": "1980-02-03",
        "phone": "+4790000042",
        "email": "eksempel@example.org",
        "address": "Eksempelveien 1",
        "preferred_language": "nb",
    }
    assert (shown["status"], shown["since"], shown["coordinator"]) == ("registered", "2016-06-01", "red-1")
    assert (shown["capacity"], shown["checks"]) == (2, [{"kind": "training", "seen_on": "2016-06-03"}])
    (part,) = shown["participations"]
    assert (part["programme"], part["status"], part["since"]) == (GUIDE, "joined", "2016-06-02")
    assert "check:police_certificate" in part["missing"]
    assert "check:training" not in part["missing"]
    assert "Berit" not in str(await world.sent("replies.red-1.v1"))
    assert await looks(world) == [("red-1", berit, "phone_call", "show")]


async def test_the_same_question_again_is_answered_alike_and_is_one_look(world: World, berit: str) -> None:
    first = await show(world, berit, "show")
    assert await show(world, berit, "show") == first
    assert len(await looks(world)) == 1


async def test_a_dry_run_shows_nothing_that_identifies_and_is_no_look(world: World, berit: str) -> None:
    shown = await show(world, berit, "show", dry_run=True)
    assert shown["status"] == "registered"
    assert "sealed" not in shown
    assert await looks(world) == []


@pytest.mark.parametrize(
    ("owner", "code"),
    [("far-1", "not_your_municipality"), ("late-1", "unknown_operator"), ("audit-1", "role_missing")],
)
async def test_nobody_is_shown_to_who_may_not_see_them(
    world: World, berit: str, owner: str, code: str
) -> None:
    assert (await show(world, berit, "show", owner))["code"] == code
    assert await looks(world) == []


async def test_who_has_joined_nothing_is_shown_with_what_would_be_asked_of_them(world: World) -> None:
    equip(world)
    await world.settle((BERGEN, settled("A1", "1")))
    ((subject, _),) = (await world.public()).items()
    shown = await show(world, subject, "show")
    assert shown["missing"] == {GUIDE: ["consent:contact", "consent:matching", "interview"]}
    assert shown["checks"] == []


async def test_who_is_protected_is_unknown(world: World) -> None:
    equip(world)
    await world.settle((BERGEN, settled("A1", "1")))
    ((subject, _),) = (await world.public()).items()
    await world.settle((BERGEN, settled("A1", "2", 8, protection="confidential")))
    (hidden,) = [row["_id"] async for row in world.database["refugees"].find({})]
    for number, one in enumerate((subject, hidden)):
        assert (await show(world, one, f"show-{number}"))["waits_for"] == ["subject"]
        await world.run_due(timedelta(seconds=31))
        assert (await world.reply("red-1", f"show-{number}"))["code"] == "unknown_subject"


async def test_looks_are_listed_to_an_auditor_in_pages_and_to_nobody_else(world: World, berit: str) -> None:
    for number in range(3):
        await show(world, berit, f"show-{number}", ("red-1", "red-2")[number % 2])
    await ask(world, "FindPerson", BERGEN, "find", municipality=BERGEN, name="Berit")

    async def listed(id_: str, owner: str = "audit-1", **data: Any) -> dict[str, Any]:
        return await ask(world, "ListLooks", BERGEN, id_, owner, **{"municipality": BERGEN, **data})

    first = await listed("first", limit=3)
    rest = await listed("rest", limit=3, after=first["next"])
    told = [(one["operator"], one["asked"], one["command"]) for one in first["looks"] + rest["looks"]]
    assert told == [
        ("red-1", "ShowPerson", "show-0"),
        ("red-2", "ShowPerson", "show-1"),
        ("red-1", "ShowPerson", "show-2"),
        ("red-1", "FindPerson", "find"),
    ]
    assert "next" not in rest
    assert [one["command"] for one in (await listed("by", operator="red-2"))["looks"]] == ["show-1"]
    assert len((await listed("of", person=berit))["looks"]) == 4
    assert (await listed("other", person=named("b")))["looks"] == []
    assert (await listed("red", "red-1"))["code"] == "role_missing"
    assert (await listed("far", municipality=TROMSO))["code"] == "subject_invalid"


async def test_a_look_is_removed_by_the_servers_clock_after_400_days(world: World, berit: str) -> None:
    await show(world, berit, "show")
    (look,) = [row async for row in world.database["looks"].find({})]
    assert look["kept_until"] - look["at"] >= timedelta(days=399)
    indexes = await world.database["looks"].index_information()
    assert indexes["kept_until_1"]["expireAfterSeconds"] == 0
