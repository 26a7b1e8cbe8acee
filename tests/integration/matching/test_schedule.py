"""Rounds by themselves: once at each of the pack's times, whoever runs them."""

import asyncio
from datetime import UTC, datetime, timedelta

import pytest

from services.matching.rounds import RUN_ROUND
from services.matching.schedule import ROUND_AT, Schedule
from shared.contracts.pairing import PackRounds
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.due import Task
from shared.messaging.metrics import Metrics
from shared.messaging.work import Work
from shared.programmes import shipped_packs
from tests.integration.matching.world import BERGEN, GUIDES, NOW, World, guide, refugee

NIGHTLY = PackRounds(every="P1D", at="03:00")
ACTIVE = f"active/{BERGEN}/{GUIDES}"


def activate(world: World, version: str, rounds: PackRounds | None) -> Schedule:
    """Has Bergen run a version of the pack with these rounds; returns what keeps its row."""
    pack = shipped_packs()[f"{GUIDES}@1.0"]
    pairing = pack.pairing.model_copy(update={"rounds": rounds})
    programmes = world.wiring.resources.programmes
    programmes.put(f"{GUIDES}@{version}", pack.model_copy(update={"version": version, "pairing": pairing}))
    programmes.put(ACTIVE, ActiveProgramme(municipality=BERGEN, programme=GUIDES, pack_version=version))
    return Schedule(world.database, programmes, world.wiring.resources.clock, timedelta(seconds=1))


async def due_times(world: World) -> list[datetime]:
    return [row["due_at"] for row in await world.rows("due", kind=ROUND_AT)]


async def rounds_run(world: World) -> int:
    return len(await world.sent("rounds.v1"))


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


async def run_at(
    world: World, moment: str, version: str = "2.0", rounds: PackRounds | None = NIGHTLY
) -> None:
    """Has another replica, whose clock shows this moment, run what is due."""
    later = world.later(at(moment) - NOW)
    activate(later, version, rounds)
    await later.run_due()
    later.close()


async def test_a_round_runs_at_the_pack_s_time_and_the_next_is_due(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    assert await due_times(world) == [at("2016-06-16T01:00")]
    await world.apply(refugee(1), guide(1))
    await run_at(world, "2016-06-16T00:59")
    assert await rounds_run(world) == 0
    await run_at(world, "2016-06-16T01:00")
    assert len(await world.couples(open=True)) == 1
    (completed,) = await world.sent("rounds.v1")
    assert (completed["data"]["proposed"], completed["data"]["pack_version"]) == (1, "2.0")
    assert await due_times(world) == [at("2016-06-17T01:00")]
    await run_at(world, "2016-06-16T12:00")
    assert await rounds_run(world) == 1


async def test_looking_again_changes_nothing(world: World) -> None:
    schedule = activate(world, "2.0", NIGHTLY)
    for _ in range(3):
        await schedule.ensure()
        await activate(world, "2.0", NIGHTLY).ensure()
    assert await due_times(world) == [at("2016-06-16T01:00")]


async def test_a_service_that_was_down_for_a_week_runs_once(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    await run_at(world, "2016-06-23T09:30")
    assert await rounds_run(world) == 1
    assert await due_times(world) == [at("2016-06-24T01:00")]


async def test_two_replicas_run_one_round(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    others = [world.later(timedelta(days=1)) for _ in range(2)]
    for other in others:
        await activate(other, "2.0", NIGHTLY).ensure()
    await asyncio.gather(*(other.run_due() for other in others))
    for other in others:
        other.close()
    assert await rounds_run(world) == 1
    assert len(await due_times(world)) == 1


async def test_killed_before_the_commit_it_starts_the_round_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    later = world.later(timedelta(days=1))
    activate(later, "2.0", NIGHTLY)
    flush = Work.flush

    async def die(self: Work) -> None:
        await flush(self)
        raise asyncio.CancelledError

    monkeypatch.setattr(Work, "flush", die)
    with pytest.raises(asyncio.CancelledError):
        await _run_alone(later)
    monkeypatch.undo()
    assert [row["kind"] for row in await world.rows("due")] == [ROUND_AT]
    await world.database["due"].update_many({}, {"$unset": {"claimed_by": "", "claimed_until": ""}})
    await later.run_due()
    later.close()
    assert await rounds_run(world) == 1
    assert len(await due_times(world)) == 1


async def _run_alone(world: World) -> None:
    """Runs the row's handler as a runner does, and nothing that would follow it."""
    runner = world.wiring.due_runner(lambda: None, timedelta(seconds=1), Metrics())
    claimed = await runner._claim(world.wiring.resources.clock.now())
    assert claimed is not None
    resources = world.wiring.resources
    task = Task(
        claimed.row,
        world.database,
        resources.service,
        resources.prefix,
        resources.clock,
        lambda: None,
        runner.holder,
    )
    await runner.handlers[ROUND_AT](task)


async def test_a_version_with_other_times_takes_over(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    weekly = PackRounds(every="P7D", at="05:00", weekday="friday")
    await activate(world, "2.1", weekly).ensure()
    assert sorted(await due_times(world)) == [at("2016-06-16T01:00"), at("2016-06-17T03:00")]
    await run_at(world, "2016-06-16T01:00", "2.1", weekly)
    assert await rounds_run(world) == 0
    assert await due_times(world) == [at("2016-06-17T03:00")]
    await run_at(world, "2016-06-17T03:00", "2.1", weekly)
    assert await rounds_run(world) == 1
    assert await due_times(world) == [at("2016-06-24T03:00")]


async def test_a_version_with_the_same_times_goes_on_with_the_row(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    await activate(world, "2.1", NIGHTLY).ensure()
    await run_at(world, "2016-06-16T01:00", "2.1")
    (completed,) = await world.sent("rounds.v1")
    assert completed["data"]["pack_version"] == "2.1"


@pytest.mark.parametrize("taken", ["the pack's rounds", "the programme"])
async def test_what_is_taken_away_runs_no_more(world: World, taken: str) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    later = world.later(timedelta(days=1))
    activate(later, "2.1", None)
    if taken == "the programme":
        later.wiring.resources.programmes.put(ACTIVE, None)
    await later.run_due()
    later.close()
    assert (await rounds_run(world), await world.rows("due")) == (0, [])


async def test_a_pack_without_rounds_has_no_row(world: World) -> None:
    await activate(world, "2.0", None).ensure()
    assert await world.rows("due") == []


async def test_a_round_on_demand_leaves_the_schedule_alone(world: World) -> None:
    await activate(world, "2.0", NIGHTLY).ensure()
    await world.run_round()
    assert await rounds_run(world) == 1
    assert await due_times(world) == [at("2016-06-16T01:00")]
    assert await world.rows("due", kind=RUN_ROUND) == []


async def test_a_running_service_follows_what_is_activated(world: World) -> None:
    schedule = activate(world, "2.0", None)
    schedule.poll = timedelta(milliseconds=5)
    following = asyncio.create_task(schedule.follow())
    activate(world, "2.1", NIGHTLY)
    for _ in range(2000):
        if await due_times(world):
            break
        await asyncio.sleep(0.01)
    following.cancel()
    assert await due_times(world) == [at("2016-06-16T01:00")]
