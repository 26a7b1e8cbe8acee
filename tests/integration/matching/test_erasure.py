"""Nobody comes back: whatever a replica still holds of somebody who was erased is stale."""

from datetime import timedelta

from shared.messaging.batches.inbox import KEPT
from shared.mongo import Document
from tests.integration.matching.world import World, couple, erased, guide, refugee, who


async def party(world: World, kind: str, number: int) -> Document:
    (found,) = await world.rows("parties", _id=who(kind, number))
    return found


async def test_an_old_batch_does_not_bring_an_erased_refugee_back(world: World) -> None:
    states = [refugee(1, revision) for revision in (1, 2, 3)]
    await world.apply(guide(1), *states, erased("refugee", 1))
    await world.apply_batch(states)
    await world.apply(refugee(1, 4))
    stone = await party(world, "refugee", 1)
    assert set(stone) == {"_id", "revision", "version", "erased", "at"}
    assert (stone["revision"], stone["erased"]) == (3, True)
    await world.run_round()
    assert await world.couples() == []
    (stale,) = await world.rows("positions", _id={"$regex": "refugees"})
    assert stale["stale"] == 4


async def test_states_and_their_tombstone_in_one_batch_leave_a_gravestone(world: World) -> None:
    await world.apply(refugee(1))
    await world.apply_batch([guide(1), erased("volunteer", 1), guide(1, 2)])
    assert (await party(world, "volunteer", 1))["erased"]
    await world.run_round()
    assert await world.couples() == []


async def test_a_tombstone_of_somebody_never_seen_keeps_them_out(world: World) -> None:
    await world.apply(guide(1), erased("refugee", 1), refugee(1))
    assert (await party(world, "refugee", 1))["revision"] == 0
    await world.run_round()
    assert await world.couples() == []


async def test_an_erasure_ends_the_pair_once(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    assert await world.couples(open=True) == [couple(1, 1)]
    await world.apply(erased("refugee", 1), erased("refugee", 1))
    assert await world.couples(open=True) == []
    assert [event["type"] for event in await world.sent("pairs.v1")] == [
        "no.kobling.PairProposed.v1",
        "no.kobling.PairEnded.v1",
    ]


async def test_gravestones_go_when_nothing_can_hold_what_came_before(world: World) -> None:
    indexes = await world.app.runtime.database["parties"].index_information()
    seconds = {index["key"][0][0]: index.get("expireAfterSeconds") for index in indexes.values()}
    assert seconds["at"] == KEPT / timedelta(seconds=1)
