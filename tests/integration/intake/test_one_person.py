"""Cases that prove to be one person, and people who must not be known any more."""

from datetime import datetime, timedelta
from typing import Any

import bson
import pytest

from shared.contracts.programmes import ActiveProgramme
from tests.integration.intake.world import GUIDE, PACK, World, command, find, names, settled

BERGEN, TROMSO = "no-4601", "no-5501"
FROM_A = {"from": {"municipality": BERGEN, "case": "A1"}}
A1 = (BERGEN, settled("A1", "a-1", 7))
B1 = (TROMSO, settled("B1", "b-1", 8))
B1_FROM_A1 = (TROMSO, settled("B1", "b-2", 9, **FROM_A))


@pytest.mark.parametrize(
    "batches",
    [
        [[A1], [B1], [B1_FROM_A1]],
        [[B1], [A1], [B1_FROM_A1]],
        [[B1], [B1_FROM_A1], [A1]],
        [[A1, B1, B1_FROM_A1]],
        [[B1, B1_FROM_A1, A1]],
        [[A1, B1], [B1_FROM_A1]],
        [[A1], [B1_FROM_A1]],
    ],
)
async def test_two_files_that_prove_to_be_one_person_become_one(
    world: World, batches: list[list[tuple[str, dict[str, object]]]]
) -> None:
    for batch in batches:
        await world.settle(*batch)
    assert await world.dead() == []
    assert await world.cases() == [2]
    ((_, state),) = (await world.public()).items()
    assert state["data"]["municipality"] == TROMSO
    keys = await world.database["subject_keys"].count_documents({})
    assert keys == 1, "the former file's key is gone with it"
    await world.settle((BERGEN, settled("A1", "a-2", 10)), (TROMSO, settled("B1", "b-3", 11)))
    assert await world.cases() == [2]
    assert len(await world.public()) == 1


async def test_a_minor_who_becomes_protected_is_taken_back(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, unaccompanied_minor=True)))
    await world.settle((BERGEN, settled("A1", "2", 8, unaccompanied_minor=True)))
    (referred,) = await world.public()
    strictly = {"protection": "strictly_confidential"}
    await world.settle((BERGEN, settled("A1", "3", 9, **strictly)))
    sent = await world.sent("refugees.v1")
    assert names(sent) == ["RefugeeReferred", "RefugeeWithdrawn", "erased"]
    assert {row["key"] for row in sent} == {referred}
    await world.settle((BERGEN, settled("A1", "4", 10, **strictly)))
    assert len(await world.sent("refugees.v1")) == 3
    file = await world.database["refugees"].find_one({})
    assert file is not None
    assert file["_id"] != referred


async def test_a_minor_who_comes_of_age_leaves_no_referral_behind(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, unaccompanied_minor=True)))
    await world.settle((BERGEN, settled("A1", "2", 8)))
    (state,) = (await world.public()).values()
    assert state["type"] == "no.kobling.RefugeeSettled.v1"


async def test_a_referral_says_nothing_of_the_state_that_ended_for_it(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((BERGEN, settled("A1", "2", 8, unaccompanied_minor=True)))
    ended = await world.sent("refugees.v1")
    assert names(ended) == ["RefugeeSettled", "RefugeeWithdrawn", "erased"]
    await world.settle((BERGEN, settled("A1", "3", 9, unaccompanied_minor=True)))
    await world.run_due(timedelta(days=2))
    *before, referral = await world.sent("refugees.v1")
    assert before == ended
    assert names([referral]) == ["RefugeeReferred"]
    assert referral["key"] != ended[0]["key"]
    chain = {"causationid", "correlationid"}
    causes = [{row["value"][name] for name in chain} for row in (*ended[:2], referral)]
    assert not causes[2] & (causes[0] | causes[1])
    await world.settle((BERGEN, settled("A1", "4", 10, protection="strictly_confidential")))
    assert await world.public() == {}


async def test_who_is_withdrawn_before_is_not_referred(world: World) -> None:
    withdrawn = {
        **settled("A1", "3", 9),
        "type": "no.kobling.SettlementWithdrawn.v1",
        "data": {"reason": "left"},
    }
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((BERGEN, settled("A1", "2", 8, unaccompanied_minor=True)))
    await world.settle((BERGEN, withdrawn))
    await world.run_due(timedelta(days=2))
    assert names(await world.sent("refugees.v1")) == ["RefugeeSettled", "RefugeeWithdrawn", "erased"]


LEFT: dict[str, dict[str, Any]] = {
    "SettlementWithdrawn": {"reason": "test"},
    "PersonMoved": {"to_municipality": TROMSO, "moved_on": "2016-06-14"},
}


@pytest.mark.parametrize("name", LEFT)
async def test_a_minor_who_leaves_is_taken_back_and_may_come_again(world: World, name: str) -> None:
    left = {**settled("A1", "2", 9), "type": f"no.kobling.{name}.v1", "data": LEFT[name]}
    minor = {"unaccompanied_minor": True}
    await world.settle((BERGEN, settled("A1", "1", 7, **minor)))
    await world.settle((BERGEN, left), (BERGEN, settled("A1", "3", 8, **minor)))
    sent = await world.sent("refugees.v1")
    assert names(sent) == ["RefugeeReferred", "RefugeeWithdrawn", "erased"]
    assert [row["value"]["revision"] for row in sent[:2]] == [1, 2]
    (referred,) = {row["key"] for row in sent}
    await world.send(("red-1", find("A1", "find")))
    assert "result" not in await world.reply("red-1", "find")
    await world.settle((BERGEN, settled("A1", "4", 10, **minor)))
    again = (await world.sent("refugees.v1"))[3:]
    assert names(again) == ["RefugeeReferred"]
    assert again[0]["key"] != referred
    outcomes = [row["value"]["data"]["outcome"] for row in await world.sent("receipts.no-4601.v1")]
    assert sorted(outcomes) == ["accepted", "referred", "referred", "stale"]
    keys = await world.database["subject_keys"].count_documents({})
    assert keys == 0


async def test_who_is_taken_back_leaves_no_other_mark_than_who_is_withdrawn(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)), (BERGEN, settled("B1", "2", 7)))
    withdrawn = {
        **settled("A1", "3", 8),
        "type": "no.kobling.SettlementWithdrawn.v1",
        "data": {"reason": "left"},
    }
    await world.settle((BERGEN, withdrawn))
    await world.settle((BERGEN, settled("B1", "4", 8, protection="strictly_confidential")))
    traces: dict[str, list[Any]] = {}
    for row in await world.sent("refugees.v1"):
        value = row["value"]
        trace = traces.setdefault(row["key"], [])
        trace.append(value and (value["type"], value["revision"], value["data"] if trace else "as it was"))
    first, second = traces.values()
    assert first == second
    assert len(first) == 3


FROM_A1: dict[str, Any] = {"from": {"municipality": BERGEN, "case": "A1"}}
HIDDEN: dict[str, dict[str, Any]] = {
    "protected": {"protection": "strictly_confidential"},
    "a minor": {"unaccompanied_minor": True},
}


def moved_from_bergen(id_: str, hour: int) -> tuple[str, dict[str, Any]]:
    left = {**settled("A1", id_, hour), "type": "no.kobling.PersonMoved.v1", "data": LEFT["PersonMoved"]}
    return BERGEN, left


@pytest.mark.parametrize("is_told", [False, True], ids=["unsaid", "the move is said"])
@pytest.mark.parametrize("hidden", HIDDEN.values(), ids=HIDDEN)
async def test_what_the_former_municipality_sends_later_brings_nobody_back(
    world: World, hidden: dict[str, Any], *, is_told: bool
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    (before,) = await world.public()
    if is_told:
        await world.settle(moved_from_bergen("2", 8))
    await world.settle((TROMSO, settled("B1", "3", 9, **FROM_A1, **hidden)))
    await world.settle((BERGEN, settled("A1", "4", 10)), (BERGEN, settled("A1", "5", 11)))
    assert await world.public() == {}
    assert [row["value"]["data"]["outcome"] for row in await world.sent("receipts.no-4601.v1")][-2:] == [
        "accepted",
        "accepted",
    ]
    await world.settle((TROMSO, settled("B1", "6", 12)))
    (again,) = (await world.public()).items()
    assert again[0] != before
    assert again[1]["data"]["municipality"] == TROMSO


async def test_of_whom_the_current_municipality_withdraws_the_former_one_tells_nothing(world: World) -> None:
    gone = {**settled("B1", "3", 9), "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "test"}}
    await world.settle((BERGEN, settled("A1", "1", 7)), (TROMSO, settled("B1", "2", 8, **FROM_A1)))
    await world.settle((TROMSO, gone))
    minor = {"unaccompanied_minor": True}
    await world.settle((BERGEN, settled("A1", "4", 10)), (BERGEN, settled("A1", "5", 11, **minor)))
    await world.run_due(timedelta(days=2))
    assert await world.public() == {}


async def test_a_file_that_proves_to_be_somebodys_whom_a_third_case_protects_is_taken_back(
    world: World,
) -> None:
    third = ("dk-101", settled("D1", "2", 8, **FROM_A1, **HIDDEN["protected"]))
    await world.settle((BERGEN, settled("A1", "1", 7)), third, (TROMSO, settled("B1", "3", 9)))
    assert len(await world.public()) == 1
    await world.settle((TROMSO, settled("B1", "4", 10, **FROM_A1)), (TROMSO, settled("B1", "5", 11)))
    assert await world.public() == {}
    assert await world.cases() == [3]


@pytest.mark.parametrize("old_first", [True, False])
async def test_a_move_ends_what_somebody_takes_part_in_whichever_record_is_first(
    world: World, *, old_first: bool
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    (subject,) = await world.public()
    await world.send(
        ("bergen-1", command("JoinProgramme", subject, "join", programme=GUIDE, joined_on="2016-06-14"))
    )
    records = [moved_from_bergen("2", 9), (TROMSO, settled("B1", "3", 8, **FROM_A1))]
    for record in records if old_first else reversed(records):
        await world.settle(record)
    state = (await world.public())[subject]["data"]
    assert (state["municipality"], state["status"]) == (TROMSO, "settled")
    assert (state["participations"], state["consents"]) == ([], [])
    assert [spell["status"] for spell in state["spells"]] == ["settled", "moved", "settled"]


NUMBER = "01010750160"
"""A synthetic number with fitting check digits (day 01.01.2007)."""
PLACED = {"kind": "permanent", "placed_on": "2016-06-01", "district": "Fana"}


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"occupation": f"baker {NUMBER}"}, "occupation"),
        ({"interests": ["music", f"a{NUMBER}"]}, "interests.1"),
    ],
)
async def test_a_personal_number_in_what_would_be_public_is_refused(
    world: World, data: dict[str, Any], field: str
) -> None:
    await world.settle((BERGEN, settled("A1", "1", **data)))
    assert await world.public() == {}
    (receipt,) = await world.sent("receipts.no-4601.v1")
    assert (receipt["value"]["data"]["code"], receipt["value"]["data"]["field"]) == ("personal_number", field)


@pytest.mark.parametrize(
    "district", ["Storgata 5, hos Per Hansen", f"Fana {NUMBER}", "Fan\u202ea", "Fanaveien 1", "unlisted"]
)
async def test_a_district_that_is_not_listed_goes_nowhere_and_costs_no_settlement(
    world: World, district: str
) -> None:
    await world.settle((BERGEN, settled("A1", "1", placement={**PLACED, "district": district})))
    (state,) = (await world.public()).values()
    assert state["data"]["placement"] == {**PLACED, "district": "unlisted"}
    (receipt,) = await world.sent("receipts.no-4601.v1")
    said = receipt["value"]["data"]
    assert (said["outcome"], said["code"], said["field"]) == (
        "accepted",
        "district_unlisted",
        "placement.district",
    )
    assert district == "unlisted" or not await holds(world, district)


@pytest.mark.parametrize(
    "district", [{}, {"district": None}, {"district": ""}], ids=["absent", "null", "empty"]
)
async def test_a_placement_without_a_district_costs_no_settlement(
    world: World, district: dict[str, Any]
) -> None:
    home = {name: value for name, value in PLACED.items() if name != "district"}
    await world.settle((BERGEN, settled("A1", "1", placement={**home, **district})))
    (state,) = (await world.public()).values()
    assert state["data"]["placement"] == {**home, "district": "unlisted"}
    (receipt,) = await world.sent("receipts.no-4601.v1")
    assert receipt["value"]["data"]["code"] == "district_unlisted"


async def holds(world: World, text: str) -> bool:
    """Whether any document of the database holds a text in clear."""
    held = b"".join(
        [bson.encode(row) for name in world.wiring.collections async for row in world.database[name].find({})]
    )
    return text.encode() in held


async def test_a_listed_district_is_published_as_the_list_spells_it(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", placement={**PLACED, "district": " FANA"})))
    (state,) = (await world.public()).values()
    assert state["data"]["placement"]["district"] == "Fana"
    (receipt,) = await world.sent("receipts.no-4601.v1")
    assert "code" not in receipt["value"]["data"]


async def test_an_interest_that_may_not_be_published_costs_no_settlement(world: World) -> None:
    typed: dict[str, Any] = {"interests": ["music", "storgata_5"], "occupation": "born_1994"}
    await world.settle((BERGEN, settled("A1", "1", **typed)))
    (state,) = (await world.public()).values()
    assert state["data"]["interests"] == ["music"]
    assert "occupation_field" not in state["data"]
    (receipt,) = await world.sent("receipts.no-4601.v1")
    said = receipt["value"]["data"]
    assert (said["outcome"], said["code"], said["field"]) == ("accepted", "interest_unlisted", "interests")
    assert not await holds(world, "storgata_5")
    assert not await holds(world, "born_1994")


async def test_a_list_that_comes_later_holds_from_then_on(world: World) -> None:
    arna = {**PLACED, "district": "Arna"}
    await world.settle((BERGEN, settled("A1", "1", 7, placement=arna)))
    active = ActiveProgramme(
        municipality=BERGEN, programme=GUIDE, pack_version=PACK.version, districts=["Arna"]
    )
    world.wiring.resources.programmes.put(f"active/{BERGEN}/{GUIDE}", active)
    await world.settle((BERGEN, settled("A1", "2", 8, placement=arna)))
    (state,) = (await world.public()).values()
    assert state["data"]["placement"]["district"] == "Arna"


async def test_of_a_protected_person_what_is_dropped_is_not_looked_at(world: World) -> None:
    """Refused, the record would leave public who must not be."""
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((BERGEN, settled("A1", "2", 8, protection="confidential", placement=PLACED)))
    assert await world.public() == {}
    assert await world.dead() == []


async def test_a_move_ahead_of_its_day_is_refused_and_changes_nothing(world: World) -> None:
    moved = {"to_municipality": TROMSO, "moved_on": "2199-01-01"}
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle(
        (BERGEN, {**settled("A1", "2", 8), "type": "no.kobling.PersonMoved.v1", "data": moved})
    )
    assert await world.dead() == ["date_in_future"]
    assert names(await world.sent("refugees.v1")) == ["RefugeeSettled"]


@pytest.mark.parametrize(("at", "dead"), [("21:59", ["date_in_future"]), ("22:00", [])])
async def test_a_day_that_has_begun_in_norway_does_not_lie_ahead(
    world: World, monkeypatch: pytest.MonkeyPatch, at: str, dead: list[str]
) -> None:
    """Summer time: midnight in Bergen is 22:00 in UTC."""
    moment = datetime.fromisoformat(f"2016-06-14T{at}:00Z").timestamp() * 1000
    monkeypatch.setattr("tests.integration.intake.world.BROKER_TIME", int(moment))
    record = {**settled("A1", "1", settled_on="2016-06-15"), "time": "2016-06-14T20:00:00Z"}
    await world.settle((BERGEN, record))
    assert await world.dead() == dead
