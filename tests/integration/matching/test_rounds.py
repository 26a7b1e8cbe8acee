"""Rounds on the real database: what is proposed, and what happens to rounds that meet."""

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.matching.commands import pools
from services.matching.rounds import RUN_ROUND, Rounds
from shared.contracts.matching.events import ROUND_COMPLETED
from tests.integration.matching.world import GUIDES, OPERATOR, Meanwhile, World, couple, guide, refugee, who


async def test_a_round_proposes_who_suits_and_accounts_for_it(world: World) -> None:
    await world.apply(refugee(1), refugee(2), guide(1))
    await world.run_round()
    assert len(await world.couples(open=True)) == 1
    (proposed,) = await world.sent("pairs.v1")
    assert proposed["type"] == "no.kobling.PairProposed.v1"
    assert proposed["revision"] == 1
    assert proposed["data"]["programme"] == GUIDES
    completed, needed = await world.sent("rounds.v1")
    assert (completed["data"]["proposed"], completed["data"]["skipped"]) == (1, 0)
    brought_about = [proposed["type"], completed["type"], needed["type"]]
    assert brought_about == [message.type for message in pools.RUN_ROUND.events]
    assert [row["kind"] for row in await world.rows("due")] == ["expire_proposal"]


async def test_what_a_round_brings_about_names_the_command_as_it_may_be_passed_on(world: World) -> None:
    """An operator may choose an id of 200 characters: more would make `causationid` unreadable."""
    await world.apply(refugee(1), guide(1))
    await world.run_round("x" * 200)
    for topic in ("pairs.v1", "rounds.v1"):
        (sent,) = await world.sent(topic)
        assert sent["causationid"] == "x" * 200


async def test_two_rounds_at_once_assign_nobody_twice(world: World, meanwhile: list[Meanwhile]) -> None:
    both_have_read = asyncio.Barrier(2)

    async def meet() -> None:
        await both_have_read.wait()

    await world.apply(*(refugee(number) for number in range(6)), *(guide(number) for number in range(4)))
    await world.ask_round("one")
    await world.ask_round("two")
    meanwhile.append(meet)
    await asyncio.wait_for(world.run_due(), 30)
    made = await world.couples(open=True)
    assert len(made) == 4
    assert len({receiving for receiving, _ in made}) == 4
    assert len({giving for _, giving in made}) == 4
    sent = await world.sent("rounds.v1")
    completed = [event["data"] for event in sent if event["type"] == ROUND_COMPLETED.type]
    assert sum(event["proposed"] for event in completed) == 4
    assert sum(event["skipped"] for event in completed) == 4


async def test_a_refugee_who_leaves_during_a_round_is_skipped_and_the_pool_is_due_again(
    world: World, meanwhile: list[Meanwhile]
) -> None:
    async def withdraw() -> None:
        await world.apply(refugee(1, 2, "withdrawn"))

    await world.apply(refugee(1), refugee(2), guide(1), guide(2))
    meanwhile.append(withdraw)
    await world.run_round()
    assert [receiving for receiving, _ in await world.couples()] == [who("refugee", 2)]
    (first,) = await world.sent("rounds.v1")
    assert (first["data"]["proposed"], first["data"]["skipped"]) == (1, 1)
    (again,) = await world.rows("due", kind=RUN_ROUND)
    assert "command" not in again["data"]

    meanwhile.clear()
    await world.apply(refugee(3))
    later = world.later(timedelta(hours=1, minutes=1))
    await later.run_due()
    later.close()
    assert [receiving for receiving, _ in await world.couples()] == [who("refugee", 2), who("refugee", 3)]
    second = next(event for event in await world.sent("rounds.v1") if event["id"] != first["id"])
    assert second["data"]["round"] != first["data"]["round"]
    assert (second["data"]["proposed"], second["data"]["skipped"]) == (1, 0)


async def test_a_guide_with_room_for_more_is_proposed_across_transactions(world: World) -> None:
    small = world.later(timedelta(), proposals_per_transaction=1)
    await small.apply(refugee(1), refugee(2), refugee(3), guide(1, capacity=3))
    await small.run_round()
    small.close()
    assert await world.couples(open=True) == [couple(1, 1), couple(2, 1), couple(3, 1)]
    assert sorted(row["slot"] for row in await world.rows("pairs")) == [0, 1, 2]
    (completed,) = await world.sent("rounds.v1")
    assert (completed["data"]["proposed"], completed["data"]["skipped"]) == (3, 0)


async def test_a_guide_who_changes_between_two_transactions_is_skipped_from_then_on(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = world.later(timedelta(), proposals_per_transaction=1)
    await small.apply(refugee(1), refugee(2), guide(1, capacity=2))
    propose = Rounds._propose

    async def change_then_propose(*args: Any) -> set[str]:
        if await small.rows("pairs"):
            await small.apply(guide(1, revision=2, capacity=1))
        return await propose(*args)

    monkeypatch.setattr(Rounds, "_propose", change_then_propose)
    await small.run_round()
    small.close()
    assert len(await world.couples(open=True)) == 1


async def test_a_dry_run_shows_the_proposal_with_its_score_and_proposes_nothing(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round(dry_run=True)
    assert await world.couples() == []
    assert await world.sent("pairs.v1") == []
    assert await world.sent("rounds.v1") == []
    assert await world.rows("due") == []
    (*_, reply) = await world.sent(f"replies.{OPERATOR.operator}.v1")
    assert reply["type"] == "no.kobling.CommandPreviewed.v1"
    shown = reply["data"]["result"]
    assert shown["proposed"] == 1
    (would_be,) = shown["proposals"]

    await world.run_round("round-2")
    (*_, reply) = await world.sent(f"replies.{OPERATOR.operator}.v1")
    (made,) = reply["data"]["result"]["proposals"]
    own = ("pair", "respond_by", "round")
    assert {name: value for name, value in would_be.items() if name != "round"} == {
        name: value for name, value in made.items() if name not in own
    }
    assert would_be["score"] == sum(would_be["parts"].values()) > 0


async def test_days_are_the_municipalitys_own(world: World) -> None:
    """At 23:30 UTC on the last day of June it is July in Bergen, where the deadline is a day's end."""
    await world.apply(refugee(1), guide(1))
    night = World(world.corner, datetime(2016, 6, 30, 23, 30, tzinfo=UTC), world.options, world.offsets)
    await night.run_round()
    night.close()
    (proposed,) = await world.sent("pairs.v1")
    assert proposed["time"].startswith("2016-06-30T23:3")
    assert proposed["data"]["proposed_on"] == proposed["data"]["spells"][0]["from"] == "2016-07-01"
    assert proposed["data"]["respond_by"] == "2016-07-15T21:59:59Z"
