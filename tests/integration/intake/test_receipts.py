"""What a municipality is told of each of its records, on the real database."""

from typing import Any

from tests.integration.intake.world import World
from tests.unit.messaging.records import settlement

ID = "0197b0c2-0000-7000-8000-000000000001"
TOPIC = "no-4601"


def case(reference: str, id_: str = ID, **data: Any) -> dict[str, Any]:
    return {**settlement(reference, **data), "id": id_}


async def receipts(world: World) -> list[dict[str, Any]]:
    """What the receipts say, in order, each with its key."""
    rows = await world.sent(f"receipts.{TOPIC}.v1")
    return [{"key": row["key"], **row["value"]["data"]} for row in rows]


async def test_a_reference_as_archives_write_it_is_taken(world: World) -> None:
    await world.settle((TOPIC, case("2026/4821")))
    (receipt,) = await receipts(world)
    assert (receipt["outcome"], receipt["key"], receipt["event_id"]) == ("accepted", "2026/4821", ID)
    assert await world.cases() == [1]


async def test_a_reference_that_is_none_gets_a_receipt_that_its_sender_can_place(world: World) -> None:
    await world.settle((TOPIC, case("Sak 2026/4821", settled_on="2030-01-01", occupation="a\u202eb")))
    (receipt,) = await receipts(world)
    assert receipt["key"] == ""
    assert (receipt["event_id"], receipt["partition"], receipt["offset"]) == (ID, 0, 0)
    assert [(fault["code"], fault["where"], fault["field"]) for fault in receipt["faults"]] == [
        ("case_invalid", "envelope", "subject"),
        ("unprintable_character", "data", "occupation"),
        ("date_in_future", "data", "settled_on"),
    ]
    assert (receipt["code"], receipt["field"]) == ("case_invalid", "subject")
    assert "2026/4821" in receipt["message"]


async def test_an_unreadable_record_is_told_all_its_faults_and_its_id(world: World) -> None:
    wrong = case("BER-1", settled_on="2016-02-30", education="secundary")
    await world.settle((TOPIC, wrong), (TOPIC, {**wrong, "id": "Kari Eksempel"}))
    first, second = await receipts(world)
    assert first["event_id"] == ID
    assert "event_id" not in second
    assert [(fault["code"], fault["field"]) for fault in first["faults"]] == [
        ("date_invalid", "settled_on"),
        ("field_invalid", "education"),
    ]
    assert first["faults"][1]["nearest"] == "secondary"
    assert "vocational" in first["faults"][1]["allowed"]
    assert all(fault["message"] for fault in first["faults"])


async def test_two_sources_may_use_the_same_id_and_each_its_own_once(world: World) -> None:
    one, other = case("BER-1"), case("BER-2")
    mine, theirs = {"source": "/no-4601/case-system"}, {"source": "/no-4601/archive"}
    batch = [{**one, **mine}, {**other, **theirs}]
    for _ in range(2):
        await world.settlements.process(
            [world._raw(f"settlements.{TOPIC}.v1", document) for document in batch], _no_commit
        )
    await world.settlements.process([world._raw(f"settlements.{TOPIC}.v1", {**one, **theirs})], _no_commit)
    told = [(receipt["outcome"], receipt.get("code")) for receipt in await receipts(world)]
    assert told == [("accepted", None)] * 2 + [("duplicate", None)] * 2 + [("rejected", "id_collision")]


async def test_an_id_that_a_dead_record_of_another_source_had_is_free(world: World) -> None:
    dead = {**case("Sak 1"), "source": "/no-4601/archive"}
    alive = {**case("BER-1"), "source": "/no-4601/case-system"}
    for batch in ([dead, alive], [alive], [dead, {**case("BER-2"), "source": "/no-4601/archive"}]):
        await world.settlements.process(
            [world._raw(f"settlements.{TOPIC}.v1", document) for document in batch], _no_commit
        )
    told = [receipt["outcome"] for receipt in await receipts(world)]
    assert told == ["rejected", "accepted", "duplicate", "rejected", "accepted"]


async def test_what_a_release_without_sources_had_handled_is_handled_no_second_time(world: World) -> None:
    await world.settle((TOPIC, case("BER-1")))
    await world.database["inbox"].update_many({}, {"$unset": {"source": ""}})
    await world.settle((TOPIC, case("BER-1")), (TOPIC, case("BER-2")))
    told = [(receipt["outcome"], receipt.get("code")) for receipt in await receipts(world)]
    assert told == [("accepted", None), ("duplicate", None), ("rejected", "id_collision")]
    assert await world.cases() == [1]


async def _no_commit(_: object) -> None:
    """Commits nothing: there is no broker."""


async def test_settlements_on_a_topic_of_no_municipality_are_refused_and_hold_nobody_up(world: World) -> None:
    foreign = [("se-0180", case(f"S{number}")) for number in range(12)]
    await world.settle(*foreign, ("bergen", case("B1")), (TOPIC, case("A1")))
    assert await world.dead() == ["municipality_unknown"] * 13
    assert [one["outcome"] for one in await receipts(world)] == ["accepted"]
    assert await world.sent("receipts.se-0180.v1") == []
