"""A refused record that protects has the effect of a sound one that says so, at its own place."""

import itertools
from collections.abc import Sequence
from typing import Any

import orjson
import pytest

from services.intake.store import Files
from shared.clock import Clock
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Headers, Raw
from shared.messaging.work import Work
from shared.mongo import Session
from tests.integration.intake.world import BROKER_TIME, World, names, settled
from tests.integration.messaging.ledger import Commits
from tests.unit.messaging.records import STRUCTURED

BERGEN, TROMSO = "no-4601", "no-5501"
STRICTLY: dict[str, Any] = {"protection": "strictly_confidential"}
MINOR: dict[str, Any] = {"unaccompanied_minor": True}
FROM = {"from": {"municipality": BERGEN, "case": "A1"}}
BATCH: Headers = (("content-type", b"application/cloudevents-batch+json"),)
WITHDRAWN = {"type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "left"}}

sound_and_refused = pytest.mark.parametrize("twin", [{}, {"nickname": "x"}], ids=["sound", "refused"])

offsets = itertools.count(100)


def raw(value: Any, key: bytes = b"A1", headers: Headers = STRUCTURED) -> Raw:
    return Raw(f"settlements.{BERGEN}.v1", 0, next(offsets), BROKER_TIME, key, orjson.dumps(value), headers)


async def put(world: World, *records: Raw) -> None:
    await world.settlements.process(records, Commits())


async def outcomes(world: World) -> list[str]:
    return [row["value"]["data"]["outcome"] for row in await world.sent(f"receipts.{BERGEN}.v1")]


async def test_of_a_refused_list_those_are_taken_back_whom_it_protects(world: World) -> None:
    subjects = {}
    for number in (1, 2, 55):
        before = set(await world.public())
        await world.settle((BERGEN, settled(f"A{number}", f"x{number}", 7)))
        (subjects[number],) = set(await world.public()) - before
    events = [settled(f"A{number}", f"{number}", 8) for number in range(1, 61)]
    events[54]["data"].update(STRICTLY)
    await put(world, raw(events, b"A1", BATCH))
    assert set(await world.public()) == {subjects[1], subjects[2]}
    assert len(await world.dead()) == 1


@pytest.mark.parametrize(
    ("headers", "fault"),
    [
        ((("content-type", b"application/json"), ("ce_time", b"2016-06-15T06:00:00Z")), "duplicate_header"),
        ((*STRUCTURED, ("ce_time", b"2016-06-15T06:00:00Z")), "unknown_field"),
    ],
)
async def test_an_older_time_in_a_header_makes_nothing_stale(
    world: World, headers: Headers, fault: str
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    event = settled("A1", "2", 8, nickname="x", **STRICTLY)
    if fault == "duplicate_header":
        attributes = tuple((f"ce_{name}", str(event[name]).encode()) for name in event if name != "data")
        await put(world, raw(event["data"], headers=(*attributes, *headers)))
    else:
        await put(world, raw(event, headers=headers))
    assert await world.public() == {}
    assert await world.dead() == [fault]


AT_ITS_PLACE: dict[str, dict[str, Any]] = {
    "an unknown field": settled("A1", "2", 8, nickname="x", **STRICTLY),
    "no zone": {**settled("A1", "2", 8, **STRICTLY), "time": "2016-06-15T08:00:00"},
    "a day ahead": settled("A1", "2", 8, settled_on="2199-01-01", **STRICTLY),
    "an id used before": settled("A1", "1", 8, **STRICTLY),
    "a withdrawal": {**settled("A1", "2", 8), **WITHDRAWN, "data": {"reason": 7}},
}


@pytest.mark.parametrize("bounds", [(), (1,), (2,), (1, 2)], ids=str)
@pytest.mark.parametrize("refused", AT_ITS_PLACE.values(), ids=AT_ITS_PLACE)
async def test_where_batches_end_makes_no_difference(
    world: World, refused: dict[str, Any], bounds: Sequence[int]
) -> None:
    records = [settled("A1", "1", 7), refused, settled("A1", "3", 9)]
    for begin, end in itertools.pairwise((0, *bounds, len(records))):
        await world.settle(*((BERGEN, record) for record in records[begin:end]))
    # Between subjects the topic has no order.
    happened = sorted(names(await world.sent("refugees.v1")))
    assert happened == ["RefugeeSettled", "RefugeeSettled", "RefugeeWithdrawn", "erased"]
    assert len(await world.public()) == 1
    assert await outcomes(world) == ["accepted", "rejected", "accepted"]


async def test_refused_records_cost_no_query_of_their_own(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[set[str]] = []
    by_case = Files.by_case

    async def counted(self: Files[Any], wanted: Any, session: Session) -> Any:
        asked.append(set(wanted))
        return await by_case(self, asked[-1], session)

    monkeypatch.setattr(Files, "by_case", counted)
    protected = [settled(f"A{number}", f"2-{number}", 8, nickname="x", **STRICTLY) for number in range(9)]
    opened = [settled(f"A{number}", f"1-{number}", 7) for number in range(9)]
    await world.settle(*((BERGEN, record) for pair in zip(opened, protected, strict=True) for record in pair))
    assert [len(wanted) for wanted in asked] == [9]
    assert await world.public() == {}


@pytest.mark.parametrize("data", [{"nickname": "x"}, {"settled_on": "2199-01-01"}, {"protection": "Kode 6"}])
async def test_what_was_heard_once_is_not_heard_again(world: World, data: dict[str, Any]) -> None:
    refused = raw(settled("A1", "2", 8, **{**STRICTLY, **data}))
    batch = [raw(settled("A1", "1", 7)), refused, raw(settled("A1", "3", 8))]
    await put(world, *batch)
    before = await world.sent("refugees.v1")
    assert len(await world.public()) == 1
    await put(world, *batch)
    transaction = world.settlements.transaction

    async def again(session: Session) -> Any:
        work = Work(session, world.database, "intake", "", Clock().now())
        outcome = await transaction.run_again(refused, work)
        await work.flush()
        return outcome

    assert isinstance(await world.database.transact(again), Dead)
    assert await world.sent("refugees.v1") == before


@sound_and_refused
@pytest.mark.parametrize("data", [STRICTLY, MINOR], ids=["protected", "minor"])
async def test_what_hides_is_held_for_a_former_case_not_heard_of(
    world: World, data: dict[str, Any], twin: dict[str, Any]
) -> None:
    await world.settle((TROMSO, settled("B1", "2", 9, **FROM, **data, **twin)))
    before = await world.sent("refugees.v1")
    await world.settle((BERGEN, settled("A1", "1", 7)))
    if data is STRICTLY:
        assert await world.sent("refugees.v1") == before == []
    assert await world.cases() == [2]


@sound_and_refused
async def test_a_minor_who_has_moved_is_referred_once(world: World, twin: dict[str, Any]) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((TROMSO, settled("B1", "2", 8, **FROM, **MINOR, **twin)))
    assert names(await world.sent("refugees.v1")) == ["RefugeeSettled", "RefugeeWithdrawn", "erased"]
    assert await world.database["due"].count_documents({"kind": "referral"}) == 1
    assert await world.cases() == [2]


@sound_and_refused
async def test_two_files_that_prove_to_be_one_are_hidden_as_one(world: World, twin: dict[str, Any]) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)), (TROMSO, settled("B1", "2", 7)))
    await world.settle((TROMSO, settled("B1", "3", 8, **FROM, **STRICTLY, **twin)))
    assert await world.public() == {}
    assert await world.cases() == [2]


@sound_and_refused
async def test_a_minor_not_heard_of_is_referred_and_holds_against_what_is_older(
    world: World, twin: dict[str, Any]
) -> None:
    await world.settle((BERGEN, settled("A1", "2", 9, **MINOR, **twin)))
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((BERGEN, settled("A1", "3", 10, **MINOR)))
    assert names(await world.sent("refugees.v1")) == ["RefugeeReferred"]


@pytest.mark.parametrize("first", [STRICTLY, MINOR], ids=["protected", "referred"])
@sound_and_refused
async def test_who_is_hidden_and_a_minor_is_not_opened_by_what_is_older(
    world: World, first: dict[str, Any], twin: dict[str, Any]
) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7, **first)))
    before = await world.sent("refugees.v1")
    await world.settle((BERGEN, settled("A1", "2", 9, **MINOR, **twin)))
    await world.settle((BERGEN, settled("A1", "3", 8)))
    assert await world.sent("refugees.v1") == before


@pytest.mark.parametrize("ahead", ["2016-06-15T14:14:00Z", "2016-06-15T14:18:00Z"])
@sound_and_refused
async def test_a_clock_that_is_ahead_holds_against_what_is_older(
    world: World, ahead: str, twin: dict[str, Any]
) -> None:
    await world.settle((BERGEN, {**settled("A1", "2", 9, **STRICTLY, **twin), "time": ahead}))
    await world.settle((BERGEN, settled("A1", "1", 7)))
    assert await world.public() == {}


async def test_a_clock_that_is_ahead_keeps_no_sound_record_out(world: World) -> None:
    ahead = {**settled("A1", "2", 9, nickname="x", **STRICTLY), "time": "2016-06-15T14:18:00Z"}
    await world.settle((BERGEN, ahead))
    await world.settle((BERGEN, {**settled("A1", "3", 9), "time": "2016-06-15T14:13:20Z"}))
    assert len(await world.public()) == 1


async def test_a_case_that_may_be_anothers_refers_nobody(world: World) -> None:
    await put(world, raw(settled("A1", "1", 8, **MINOR), key=b"A2"))
    assert await world.sent("refugees.v1") == []
    await world.settle((BERGEN, settled("A1", "2", 7)), (BERGEN, settled("A2", "3", 7)))
    assert await world.public() == {}


async def test_a_withdrawal_that_protects_is_heard_of_an_older_case(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)), (TROMSO, settled("B1", "2", 8, **FROM)))
    withdrawn = {**settled("A1", "3", 9), **WITHDRAWN, "data": {"reason": "moved", **STRICTLY}}
    await world.settle((BERGEN, withdrawn))
    assert await world.public() == {}


@pytest.mark.parametrize("outside", [{"protectionlevel": "strict"}, {"unaccompanied": True}], ids=str)
async def test_a_near_name_in_the_envelope_is_heard(world: World, outside: dict[str, Any]) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    await world.settle((BERGEN, {**settled("A1", "2", 8), **outside}))
    assert await world.public() == {}
    assert await outcomes(world) == ["accepted", "rejected"]


async def test_a_key_in_quotes_is_heard(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    event = settled("A1", "2", 8, **STRICTLY)
    del event["subject"]
    await put(world, raw(event, key=b'"A1"'))
    assert await world.public() == {}


async def test_an_open_record_in_a_schema_s_wrapper_takes_nobody_back(world: World) -> None:
    await world.settle((BERGEN, settled("A1", "1", 7)))
    before = await world.sent("refugees.v1")
    fields = [{"field": "protection", "type": "string", "doc": "confidential"}]
    wrapped = {"schema": {"type": "struct", "fields": fields}, "payload": settled("A1", "2", 8)}
    await put(world, raw(wrapped))
    assert await world.sent("refugees.v1") == before
    assert len(await world.dead()) == 1
