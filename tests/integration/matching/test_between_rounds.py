"""What pools keep between rounds: the cohort controller's points, and what recruitment was told."""

from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.matching.state_hash import STATE
from shared.contracts.pairing import PackCohorts
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.state_hash import state_hash
from shared.programmes import shipped_packs
from tests.integration.matching.test_rebuild import send_outbox
from tests.integration.matching.world import BERGEN, GUIDES, NOW, OPERATOR, World, guide, refugee, who
from tests.support.cluster import Record, event

ACTIVE = f"active/{BERGEN}/{GUIDES}"


def waits(number: int, gender: str, since: str, **changes: Any) -> Record:
    """A refugee's state who waits since a day."""
    state = orjson.loads(refugee(number)[2] or b"")["data"]
    state["participations"][0]["ready_since"] = since
    return event(
        "RefugeeReady", who("refugee", number), {**state, "gender": gender, **changes}, NOW, revision=1
    )


def even_out(world: World) -> World:
    """Has Bergen run a version of the pack that evens out how long women and men wait."""
    pack = shipped_packs()[f"{GUIDES}@1.0"]
    policy = pack.pairing.policy.model_copy(update={"cohort_controller": PackCohorts(attribute="gender")})
    pairing = pack.pairing.model_copy(update={"policy": policy})
    programmes = world.wiring.resources.programmes
    programmes.put(f"{GUIDES}@2.0", pack.model_copy(update={"version": "2.0", "pairing": pairing}))
    programmes.put(ACTIVE, ActiveProgramme(municipality=BERGEN, programme=GUIDES, pack_version="2.0"))
    return world


async def told(world: World, name: str) -> list[dict[str, Any]]:
    """What rounds published under a name."""
    sent = await world.sent("rounds.v1")
    return [one["data"] for one in sent if one["type"] == f"no.kobling.{name}.v1"]


async def longer_waiting_men(world: World) -> None:
    men = [waits(number, "male", "2016-03-07") for number in range(5)]
    women = [waits(number, "female", "2016-05-06") for number in range(5, 10)]
    await world.apply(*men, *women)


async def test_the_controller_moves_once_a_local_day_and_is_told(world: World) -> None:
    even_out(world)
    await longer_waiting_men(world)
    await world.run_round("one")
    await world.run_round("two")
    first = {"attribute": "gender", "favours": "male", "points": 0.6, "gap_days": 60.0, "on": "2016-06-15"}
    assert [one["cohorts"] for one in await told(world, "RoundCompleted")] == [first, first]
    # Half past eleven in the evening in UTC is the next day in Bergen.
    later = even_out(world.later(timedelta(hours=15, minutes=30)))
    await later.run_round("three")
    later.close()
    third = [one["cohorts"] for one in await told(world, "RoundCompleted")][-1]
    assert (third["points"], third["on"]) == (1.2, "2016-06-16")


async def test_a_trial_or_a_question_moves_nothing_on(world: World) -> None:
    even_out(world)
    await longer_waiting_men(world)
    await world.run_round(dry_run=True)
    assert await world.rows("pools") == []


async def test_who_has_a_guide_counts_with_the_days_until_then(world: World) -> None:
    even_out(world)
    await longer_waiting_men(world)
    await world.apply(*(guide(number) for number in range(3)))
    await world.run_round("one")
    assert len(await world.couples(open=True)) == 3
    later = even_out(world.later(timedelta(days=10)))
    await later.run_round("two")
    later.close()
    taken = {receiving for receiving, _ in await world.couples(open=True)}
    men = sum(100 if who("refugee", number) in taken else 110 for number in range(5))
    women = sum(40 if who("refugee", number) in taken else 50 for number in range(5, 10))
    assert (await told(world, "RoundCompleted"))[-1]["cohorts"]["gap_days"] == (men - women) / 5


async def test_a_pack_without_a_controller_keeps_nothing_of_it(world: World) -> None:
    await longer_waiting_men(world)
    await world.run_round()
    (completed,) = await told(world, "RoundCompleted")
    assert "cohorts" not in completed
    assert all("cohorts" not in pool for pool in await world.rows("pools"))


async def test_points_favour_who_waits_longer_in_the_round(world: World) -> None:
    even_out(world)
    await longer_waiting_men(world)
    await world.database["pools"].insert_one(
        {"_id": f"{BERGEN}/{GUIDES}", "cohorts": {"points": 19.9, "gap_days": None, "on": "2016-06-14"}}
    )
    await world.apply(guide(1))
    await world.run_round()
    (pair,) = await world.sent("pairs.v1")
    assert pair["data"]["receipt"]["cohort_bonus"] == 20


async def test_recruitment_is_told_once_a_day_unless_it_changes(world: World) -> None:
    await world.apply(*(refugee(number) for number in range(6)))
    await world.run_round("one")
    await world.run_round("two")
    (first,) = await told(world, "RecruitmentNeeded")
    assert (first["waiting"], first["proven"], first["on"]) == (6, True, "2016-06-15")
    assert first["needs"] == [{"guides": 6, "helps": 6}]
    await world.apply(refugee(7))
    await world.run_round("three")
    assert [one["waiting"] for one in await told(world, "RecruitmentNeeded")] == [6, 7]
    later = world.later(timedelta(days=1))
    await later.run_round("four")
    later.close()
    assert [one["on"][-2:] for one in await told(world, "RecruitmentNeeded")] == ["15", "15", "16"]


async def test_recruitment_is_told_of_nobody_left_by_nothing(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    assert await told(world, "RecruitmentNeeded") == []


async def test_tromso_is_told_that_it_lacks_men(world: World) -> None:
    own = [
        waits(number, gender, "2016-06-02", wishes={"guide_gender": gender})
        for number in range(40)
        for gender in ["female" if number < 20 else "male"]
    ]
    guides = [_guide(number, "male" if number < 4 else "female") for number in range(44)]
    await world.apply(*own, *guides)
    await world.run_round()
    (needed,) = await told(world, "RecruitmentNeeded")
    assert needed["needs"] == [{"guides": 16, "helps": 20, "gender": "male", "suits_percent": 100}]
    assert not {"subject", "subjects"} & needed.keys()
    assert "refugee-" not in orjson.dumps(needed).decode()


def _guide(number: int, gender: str) -> Record:
    state = orjson.loads(guide(number)[2] or b"")["data"]
    return event("VolunteerApproved", who("volunteer", number), {**state, "gender": gender}, NOW, revision=1)


@pytest.mark.parametrize("more", [1, 2])
async def test_a_database_built_anew_keeps_what_pools_kept(world: World, more: int) -> None:
    even_out(world)
    people = [
        waits(number, "male" if number < 6 else "female", f"2016-0{5 - number // 6}-07")
        for number in range(12)
    ]
    await world.apply(*people)
    for number in range(more):
        later = even_out(world.later(timedelta(days=number)))
        await later.run_round(f"round-{number}")
        later.close()
    before = await state_hash(world.database, STATE)
    (kept,) = await world.rows("pools")
    assert {"cohorts", "told"} <= kept.keys()
    await world.corner.create_topics([BERGEN], [OPERATOR.operator], service="matching")
    await send_outbox(world)
    await world.database.drop()
    await world.ensure()
    await world.corner.produce(people)
    await world.rebuild()
    assert await world.rows("pools") == [kept]
    assert await state_hash(world.database, STATE) == before
