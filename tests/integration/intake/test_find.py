"""Somebody is found by name however it is spelled, and by nobody who may not; names leave sealed alone."""

from datetime import timedelta
from typing import Any

import bson
import pytest

from tests.integration.intake.asking import (
    BERGEN,
    TROMSO,
    ask,
    equip,
    named,
    opened,
    put,
    register,
)
from tests.integration.intake.world import World, settled

SPELLED = {
    "a": ("Muhammad", "Eksempel-Nord", ["Mohamed", "mohammed eksempel nord", "محمد", "Мухаммед", "Monammad"]),
    "b": ("Tekle Haimanot", "Eksempel-Vest", ["Tekla", "Teklehaimanot Eksempel", "ተክለሃይማኖት"]),
    "c": ("Øystein", "Ågård-Eksempel", ["Oystein", "Oeystein Aagaard", "Eksempel Agård, Øystein"]),
    "d": ("Yusuf", None, ["Youssef", "Josef", "يوسف"]),
    "e": ("Katarzyna", "Eksempel-Øst", ["Catarzina", "eksempel øst katarzyna", "Katazryna"]),
}


@pytest.fixture
async def people(world: World) -> World:
    equip(world)
    for letter, (given, family, _) in SPELLED.items():
        await register(world, letter, given, family)
    return world


async def find(world: World, id_: str, owner: str = "red-1", **data: Any) -> dict[str, Any]:
    data = {"municipality": BERGEN, **data}
    return await ask(world, "FindPerson", data.pop("subject", BERGEN), id_, owner, **data)


def subjects(found: dict[str, Any]) -> list[str]:
    return [one["subject"] for one in found["people"]]


async def test_a_name_is_found_however_it_is_spelled(people: World) -> None:
    for letter, (given, family, spellings) in SPELLED.items():
        for number, asked in enumerate(spellings):
            found = await find(people, f"{letter}-{number}", name=asked)
            assert subjects(found)[:1] == [named(letter)], asked
            shown = opened(found["people"][0]["sealed"], named(letter))
            assert (shown["given_name"], shown.get("family_name")) == (given, family)


async def test_another_name_finds_nobody(people: World) -> None:
    assert await find(people, "find", name="Wilhelmine") == {"people": [], "more": False}
    assert await find(people, "sign", name="?") == {"people": [], "more": False}


async def test_the_closest_come_first_and_no_more_than_twenty(people: World) -> None:
    for letter in "fghijklmnopqrstuvwxyz23":
        await register(people, letter, "Fatima", "Eksempel")
    await register(people, "4", "Fatime", "Eksempel")
    found = await find(people, "find", name="Fatime Eksempel")
    assert subjects(found)[0] == named("4")
    assert (len(found["people"]), found["more"]) == (20, True)


async def test_a_settled_refugee_is_found_with_status_programmes_and_since_when(people: World) -> None:
    person = {"given_name": "Selamawit", "family_name": "Eksempel-Sjø", "preferred_language": "ti"}
    await people.settle((BERGEN, settled("CASE-7", "1", person=person, settled_on="2016-05-01")))
    ((subject, _),) = (await people.public()).items()
    (found,) = (await find(people, "name", name="Selamavit"))["people"]
    assert opened(found.pop("sealed"), subject)["given_name"] == "Selamawit"
    expected = {
        "subject": subject,
        "revision": 1,
        "status": "settled",
        "since": "2016-05-01",
        "programmes": [],
    }
    assert found == expected
    by_case = await find(people, "case", subject="CASE-7", case="CASE-7")
    by_subject = await find(people, "subject", subject=subject)
    for one in (by_case, by_subject):
        assert opened(one.pop("sealed"), subject)["family_name"] == "Eksempel-Sjø"
        assert one == expected


async def test_nobody_is_found_outside_the_operators_municipalities(people: World) -> None:
    await register(people, "t", "Ingeborg", "Eksempel-Ishav", municipality=TROMSO)
    assert subjects(await find(people, "all", subject="red-1", municipality=None, name="Ingeborg"))
    far = await find(people, "far", "far-1", subject="far-1", municipality=None, name="Muhammad")
    assert far["people"] == []
    assert (await find(people, "there", "far-1", name="Muhammad"))["code"] == "not_your_municipality"
    by_subject = await find(people, "subject", "far-1", subject=named("a"), municipality=None)
    assert by_subject["code"] == "not_your_municipality"
    assert (await find(people, "late", "late-1", name="Muhammad"))["code"] == "unknown_operator"
    assert (await find(people, "role", "audit-1", name="Muhammad"))["code"] == "role_missing"


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ({"name": "Muhammad", "subject": "muhammad"}, "subject_invalid"),
        ({"name": "Muhammad", "case": "A1"}, "ask_by_one"),
        ({"case": "A1", "municipality": None}, "field_missing"),
    ],
)
async def test_a_question_that_cannot_be_answered_says_why(
    people: World, data: dict[str, Any], code: str
) -> None:
    assert (await find(people, "find", **data))["code"] == code


async def test_names_are_shown_to_no_operator_without_a_key(people: World) -> None:
    put(people, "red-2", "red_cross_bergen", public_key=None)
    assert (await find(people, "find", "red-2", name="Muhammad"))["code"] == "public_key_missing"
    assert "sealed" not in await find(people, "subject", "red-2", subject=named("a"))


async def test_a_dry_run_shows_no_name_and_is_no_look(people: World) -> None:
    found = await find(people, "find", name="Muhammad", dry_run=True)
    assert subjects(found) == [named("a")]
    assert "sealed" not in found["people"][0]
    assert await people.database["looks"].count_documents({}) == 0


async def test_no_name_is_stored_or_answered_in_the_clear(people: World) -> None:
    await find(people, "find", name="Katarzyna")
    held = b""
    for name in ("refugees", "volunteers", "replies", "looks", "due", "inbox", "positions"):
        held += b"".join([bson.encode(row) async for row in people.database[name].find({})])
    told = str(await people.sent("replies.red-1.v1")) + str(await people.sent("volunteers.v1"))
    for word in ("Katarzyna", "katarzyna", "ktrsn"):
        assert word.encode() not in held
        assert word not in told


async def test_what_a_name_is_found_by_goes_with_the_name(world: World) -> None:
    equip(world)
    person = {"given_name": "Selamawit", "preferred_language": "ti"}
    await world.settle((BERGEN, settled("CASE-7", "1", person=person)))
    assert subjects(await find(world, "before", name="Selamawit"))
    await world.settle((BERGEN, settled("CASE-7", "2", 8, protection="confidential")))
    assert (await find(world, "after", name="Selamawit"))["people"] == []
    assert await world.database["refugees"].count_documents({"names": {"$exists": True}}) == 0


async def test_an_unknown_reference_is_waited_for_and_then_refused(people: World) -> None:
    asked = await find(people, "find", subject=named("z"))
    assert asked["waits_for"] == ["subject"]
    await people.run_due(timedelta(seconds=31))
    assert (await people.reply("red-1", "find"))["code"] == "unknown_subject"
