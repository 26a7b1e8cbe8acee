"""Whoever a refused settlement protects is taken back first; its receipt then names the fault."""

import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.intake.statements import Statement
from shared.messaging.reading.records import Raw
from shared.mongo import Document
from tests.integration.intake.world import BROKER_TIME, World, names, settled
from tests.integration.messaging.ledger import Commits
from tests.unit.messaging.records import STRUCTURED

BERGEN, TROMSO = "no-4601", "no-5501"
STRICTLY: dict[str, Any] = {"protection": "strictly_confidential"}
LANGUAGES = [{"code": f"x{chr(97 + number)}", "level": "basic"} for number in range(21)]
FAULTY: dict[str, dict[str, Any]] = {
    "a capital in interests": {**STRICTLY, "interests": ["Ski"]},
    "an unknown field": {**STRICTLY, "nickname": "Test"},
    "a date ahead": {**STRICTLY, "settled_on": "2199-01-01"},
    "too many languages": {**STRICTLY, "languages": LANGUAGES},
    "another spelling": {"protection": "Strictly_Confidential"},
    "a minor, with a fault": {"unaccompanied_minor": True, "interests": ["Ski"]},
    "a minor, in another form": {"unaccompanied_minor": "ja"},
}


async def receipts(world: World) -> list[Document]:
    return [row["value"]["data"] for row in await world.sent(f"receipts.{BERGEN}.v1")]


async def open_file(world: World) -> str:
    """A public person's subject."""
    await world.settle((BERGEN, settled("A1", "1", 7)))
    (subject,) = await world.public()
    return subject


async def raw(world: World, value: bytes, key: bytes = b"A1") -> None:
    topic = f"settlements.{BERGEN}.v1"
    await world.settlements.process([Raw(topic, 0, 50, BROKER_TIME, key, value, STRUCTURED)], Commits())


@pytest.mark.parametrize("data", FAULTY.values(), ids=FAULTY)
async def test_a_refused_correction_takes_back_whom_it_protects(world: World, data: dict[str, Any]) -> None:
    subject = await open_file(world)
    await world.settle((BERGEN, settled("A1", "2", 8, **data)))
    assert subject not in await world.public()
    assert [receipt["outcome"] for receipt in await receipts(world)] == ["accepted", "rejected"]
    assert len(await world.dead()) == 1
    file = await world.database["refugees"].find_one({})
    assert file is not None
    assert file["_id"] != subject
    assert file["details"] is None


async def test_a_withdrawal_with_a_fault_closes_the_case(world: World) -> None:
    await open_file(world)
    withdrawn = {**settled("A1", "2", 8), "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": 7}}
    await world.settle((BERGEN, withdrawn))
    assert names(await world.sent("refugees.v1")) == ["RefugeeSettled", "RefugeeWithdrawn", "erased"]
    assert (await receipts(world))[-1]["field"] == "reason"


async def test_an_id_used_again_does_not_keep_anybody_public(world: World) -> None:
    subject = await open_file(world)
    await world.settle((BERGEN, settled("A1", "1", 8, **STRICTLY)))
    assert await world.dead() == ["id_collision"]
    assert subject not in await world.public()


@pytest.mark.parametrize("cut", [1, 40])
async def test_what_is_no_json_is_heard_by_its_words(world: World, cut: int) -> None:
    await open_file(world)
    await raw(world, orjson.dumps(settled("A1", "2", 8, x="y" * 40, **STRICTLY))[:-cut])
    assert await world.public() == {}


async def test_the_fault_may_lie_in_the_same_batch_as_the_settlement(world: World) -> None:
    await world.settle(
        (BERGEN, settled("A1", "1", 7)), (BERGEN, settled("A1", "2", 8, interests=["Ski"], **STRICTLY))
    )
    assert await world.public() == {}


async def test_a_key_and_a_subject_that_differ_are_both_heard(world: World) -> None:
    await open_file(world)
    await world.settle((TROMSO, settled("A1", "1", 7)))
    await raw(world, orjson.dumps(settled("A1", "2", 8, **STRICTLY)), key=b"A2")
    (state,) = (await world.public()).values()
    assert state["source"], "the same reference of another municipality is another person's"
    assert len(await world.public()) == 1


async def test_what_a_newer_record_has_said_stands(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 9)))
    before = await world.public()
    await world.settle((BERGEN, settled("A1", "2", 8, interests=["Ski"], **STRICTLY)))
    assert await world.public() == before


@pytest.mark.parametrize("time", ["in the morning", "2199-01-01T00:00:00Z"])
async def test_a_time_that_cannot_be_right_keeps_no_sound_record_out(world: World, time: str) -> None:
    await open_file(world)
    await world.settle((BERGEN, {**settled("A1", "2", 8, **STRICTLY), "time": time}))
    assert await world.public() == {}
    await world.settle((BERGEN, settled("A1", "3", 8)))
    assert len(await world.public()) == 1


async def test_of_somebody_protected_nothing_more_is_said(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, **STRICTLY)))
    await world.settle((BERGEN, settled("A1", "2", 8, unaccompanied_minor=True, interests=["Ski"])))
    await world.settle((BERGEN, settled("A9", "3", 8, interests=["Ski"], **STRICTLY)))
    assert await world.sent("refugees.v1") == []
    assert await world.cases() == [1, 1], "the second is remembered, and nothing of it is out"


async def test_a_refused_record_of_somebody_open_changes_nothing(world: World) -> None:
    await open_file(world)
    before = await world.sent("refugees.v1")
    await world.settle((BERGEN, settled("A1", "2", 8, interests=["Ski"])))
    assert await world.sent("refugees.v1") == before


async def test_a_sound_correction_afterwards_opens_a_file_that_nothing_leads_to(world: World) -> None:
    subject = await open_file(world)
    await world.settle((BERGEN, settled("A1", "2", 8, interests=["Ski"], **STRICTLY)))
    await world.settle((BERGEN, settled("A1", "3", 9)))
    await world.run_due(timedelta())
    (again,) = await world.public()
    assert again != subject


def came_from(municipality: Any) -> dict[str, Any]:
    return {"from": {"municipality": municipality, "case": "A1"}}


NAMES_OF_BERGEN = ["no-4601", "NO-4601", "4601"]
TAKEN_FOR_BERGEN = ["no-4601 ", "no_4601", 4601, "4601 Bergen", "Bergen kommune (4601)", ["NO 4601"]]
NO_NAMES = ["bergen", "no-0461x", "se-0180", "751", "46011", ""]


@pytest.mark.parametrize("municipality", NAMES_OF_BERGEN)
async def test_whatever_names_a_municipality_links_to_the_case_there(world: World, municipality: str) -> None:
    await open_file(world)
    await world.settle((TROMSO, settled("B1", "2", 8, **came_from(municipality))))
    (state,) = (await world.public()).values()
    assert state["data"]["municipality"] == TROMSO
    await world.settle((TROMSO, settled("B1", "3", 9, **came_from(municipality), **STRICTLY)))
    assert await world.public() == {}
    assert await world.dead() == []


@pytest.mark.parametrize("municipality", ["101", "0101", "DK-0101"])
async def test_a_bare_number_is_one_of_the_senders_country(world: World, municipality: str) -> None:
    await world.settle(("dk-101", settled("A1", "1", 7)))
    await world.settle(("dk-751", settled("B1", "2", 8, **came_from(municipality), **STRICTLY)))
    assert await world.public() == {}
    assert await world.dead() == []


@pytest.mark.parametrize("municipality", [*NO_NAMES, *TAKEN_FOR_BERGEN])
async def test_what_names_no_municipality_is_refused_with_the_form(world: World, municipality: Any) -> None:
    await open_file(world)
    await world.settle((TROMSO, settled("B1", "2", 8, **came_from(municipality))))
    (receipt,) = await world.sent(f"receipts.{TROMSO}.v1")
    said = receipt["value"]["data"]
    assert (said["outcome"], said["code"], said["field"]) == (
        "rejected",
        "municipality_invalid",
        "from.municipality",
    )
    assert "no-4601" in said["message"]
    assert [state["data"]["municipality"] for state in (await world.public()).values()] == [BERGEN]


@pytest.mark.parametrize("municipality", TAKEN_FOR_BERGEN)
async def test_protection_reaches_the_former_case_although_its_municipality_is_misspelt(
    world: World, municipality: Any
) -> None:
    await open_file(world)
    await world.settle((TROMSO, settled("B1", "2", 8, **came_from(municipality), **STRICTLY)))
    assert await world.dead() == ["municipality_invalid"]
    assert await world.public() == {}


async def test_what_may_mean_another_countrys_municipality_does_not_reach_it_where_the_name_is_whole(
    world: World,
) -> None:
    await world.settle(("no-0751", settled("A1", "1", 7)))
    await world.settle(("dk-101", settled("B1", "2", 8, nickname="x", **came_from("751"), **STRICTLY)))
    assert len(await world.public()) == 1


FROM = {"from": {"municipality": BERGEN, "case": "A1"}}
REFUSED = {**STRICTLY, "nickname": "Test"}


async def test_what_stands_in_the_wrong_place_protects_too(world: World) -> None:
    await open_file(world)
    await world.settle((BERGEN, {**settled("A1", "2", 8), **STRICTLY}))
    assert await world.public() == {}
    assert [receipt.get("code") for receipt in await receipts(world)] == [None, "unknown_field"]


@pytest.mark.parametrize("data", [STRICTLY, REFUSED], ids=["sound", "refused"])
async def test_protection_of_a_case_not_heard_of_holds_against_what_is_older(
    world: World, data: dict[str, Any]
) -> None:
    await world.settle((BERGEN, settled("A1", "2", 13, **data)))
    await world.settle((BERGEN, settled("A1", "1", 7)))
    assert await world.public() == {}
    await world.settle((BERGEN, settled("A1", "3", 13)), (BERGEN, settled("A1", "4", 14)))
    assert len(await world.public()) == 1


@pytest.mark.parametrize("data", [STRICTLY, REFUSED], ids=["sound", "refused"])
async def test_protection_holds_in_whatever_order_a_move_arrives(world: World, data: dict[str, Any]) -> None:
    protected, moved = (BERGEN, settled("A1", "2", 13, **data)), (TROMSO, settled("B1", "3", 11, **FROM))
    await world.settle((BERGEN, settled("A1", "1", 7)), protected, moved)
    assert await world.public() == {}
    assert (await receipts(world))[1]["outcome"] == ("accepted" if data is STRICTLY else "rejected")


async def test_two_files_of_which_the_former_is_protected_since_are_hidden_as_one(world: World) -> None:
    await world.settle((TROMSO, settled("B1", "1", 7)), (BERGEN, settled("A1", "2", 13, **STRICTLY)))
    assert len(await world.public()) == 1
    await world.settle((TROMSO, settled("B1", "3", 11, **FROM)))
    assert await world.public() == {}


async def test_what_a_former_case_said_later_is_no_answer_to_a_refused_protection(world: World) -> None:
    await open_file(world)
    left = {**settled("A1", "2", 12), "type": "no.kobling.PersonMoved.v1"}
    left["data"] = {"to_municipality": TROMSO, "moved_on": "2016-06-14"}
    await world.settle((BERGEN, left), (TROMSO, settled("B1", "3", 11, **FROM, **REFUSED)))
    assert await world.public() == {}


async def test_who_has_moved_and_is_withdrawn_then_is_taken_back(world: World) -> None:
    await open_file(world)
    moved = {**settled("A1", "2", 8), "type": "no.kobling.PersonMoved.v1"}
    moved["data"] = {"to_municipality": TROMSO, "moved_on": "2016-06-14"}
    gone = {**settled("A1", "3", 9), "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "left"}}
    await world.settle((BERGEN, moved), (BERGEN, gone))
    assert names(await world.sent("refugees.v1"))[-2:] == ["RefugeeWithdrawn", "erased"]
    file = await world.database["refugees"].find_one({})
    assert file is not None
    assert file["details"] is None


async def test_a_refused_record_is_a_cause_like_any_other(world: World) -> None:
    await open_file(world)
    await world.settle((BERGEN, settled("A1", "2", 8, **REFUSED)))
    for topic in ("refugees.v1", f"receipts.{BERGEN}.v1"):
        causes = [row["value"]["causationid"] for row in await world.sent(topic) if row["value"]]
        assert [str(uuid.UUID(cause)) for cause in causes] == causes


IDS: dict[str, Callable[[int], str]] = {
    "UUIDs of version 4": lambda number: str(uuid.uuid4()),
    "UUIDs of version 7": lambda number: f"0198e0a4-7c1e-7000-8000-{number:012}",
    "numbers": str,
}
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@pytest.mark.parametrize("id_of", IDS.values(), ids=IDS)
async def test_a_take_back_tells_neither_what_brought_it_about_nor_that_it_was_refused(
    world: World, id_of: Callable[[int], str]
) -> None:
    sent = [
        settled("A1", id_of(1), 7),
        settled("A2", id_of(2), 7),
        settled("A3", id_of(3), 7),
        settled("A1", id_of(4), 8, **STRICTLY),
        settled("A2", id_of(5), 8, **REFUSED),
        {
            **settled("A3", id_of(6), 8),
            "type": "no.kobling.SettlementWithdrawn.v1",
            "data": {"reason": "left"},
        },
    ]
    for document in sent:
        await world.settle((BERGEN, {**document, "traceparent": TRACE, "correlationid": id_of(9)}))
    rows = [row["value"] for row in await world.sent("refugees.v1") if row["value"]]
    taken_back = [row for row in rows if row["type"] == "no.kobling.RefugeeWithdrawn.v1"]
    assert len(taken_back) == 3
    assert_of_their_own(taken_back, rows)


def assert_of_their_own(told: list[Document], rows: list[Document]) -> None:
    """That each of these has a random cause, which no other record has."""
    chain = ("causationid", "correlationid")
    for row in told:
        others = {other[name] for other in rows for name in chain if other is not row}
        assert row["causationid"] == row["correlationid"] not in others
        assert uuid.UUID(row["causationid"]).version == 4
        assert "traceparent" not in row


async def test_an_id_used_again_does_not_tell_that_it_was(world: World) -> None:
    first, again = str(uuid.uuid4()), str(uuid.uuid4())
    await world.settle((BERGEN, settled("A1", first, 7)), (BERGEN, settled("A2", again, 7)))
    await world.settle((BERGEN, settled("A1", again, 8, **STRICTLY)))
    rows = [row["value"] for row in await world.sent("refugees.v1") if row["value"]]
    assert [row["causationid"] for row in rows[:2]] == [first, again]
    assert_of_their_own(rows[2:], rows)


@pytest.mark.parametrize("id_of", IDS.values(), ids=IDS)
async def test_all_referrals_look_the_same_whoever_was_public_before(
    world: World, id_of: Callable[[int], str]
) -> None:
    minor: dict[str, Any] = {"unaccompanied_minor": True}
    await world.settle((BERGEN, settled("A1", id_of(1), 7)))
    for number, case in enumerate(("A1", "A2"), 2):
        record = {**settled(case, id_of(number), 8, **minor), "traceparent": TRACE, "correlationid": id_of(9)}
        await world.settle((BERGEN, record))
    await world.run_due(timedelta(days=2))
    rows = [row["value"] for row in await world.sent("refugees.v1") if row["value"]]
    referrals = [row for row in rows if row["type"] == "no.kobling.RefugeeReferred.v1"]
    assert_of_their_own(referrals, rows)
    random = {"id", "subject", "time", "causationid", "correlationid"}
    plain = [{name: value for name, value in row.items() if name not in random} for row in referrals]
    assert len(plain) == 2
    assert plain[0] == plain[1]


async def test_many_small_headers_halt_nobody(world: World) -> None:
    topic = f"settlements.{BERGEN}.v1"
    headers = (("h", b""),) * 250_000
    await world.settlements.process([Raw(topic, 0, 50, BROKER_TIME, b"A1", b"{}", headers)], Commits())
    assert len(await world.dead()) == 1


async def test_a_refused_record_that_breaks_its_reading_protects_and_holds_nobody_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    subject = await open_file(world)

    def broken(raw: Raw, municipality: str) -> list[Statement]:
        raise ZeroDivisionError

    monkeypatch.setattr("services.intake.safeguard.statements", broken)
    await raw(world, b'{"type":')
    assert subject not in await world.public()
    assert len(await world.dead()) == 1
    assert [receipt["outcome"] for receipt in await receipts(world)] == ["accepted", "rejected"]
