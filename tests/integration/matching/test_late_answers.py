"""Answers that are recorded late or taken back, while others may take the two meanwhile."""

import asyncio
from collections.abc import AsyncIterator

import pytest

from services.matching.rows import EXPIRE
from tests.integration.matching.couples import TODAY, Life, command, couple
from tests.integration.matching.world import (
    POOL,
    Meanwhile,
    World,
    away,
    guide,
    refugee,
)
from tests.integration.matching.world import couple as two

IN_TIME, EXPIRED, RECORDED = "2016-06-29", "2016-06-30", "2016-07-03"
LATE = {"accept": True, "answered_on": IN_TIME}


@pytest.fixture
async def life(world: World) -> AsyncIterator[Life]:
    found = Life(world)
    yield found
    found.close()


@pytest.fixture
async def expired(world: World, life: Life) -> str:
    await world.apply(refugee(1), guide(1))
    pair = await life.propose()
    await life.on(EXPIRED).now.run_due()
    assert (await life.pair(pair))["status"] == "expired"
    life.on(RECORDED)
    return pair


async def test_an_answer_given_in_time_opens_the_proposal_for_the_other_side(
    life: Life, expired: str
) -> None:
    told = await life.accepted("AnswerProposal", expired, side="receiving", **LATE)
    assert (told["status"], told["respond_by"]) == ("proposed", "2016-07-17T21:59:59Z")
    (row,) = await life.now.rows("due")
    assert (row["kind"], f"{row['due_at']:%Y-%m-%d}") == (EXPIRE, "2016-07-17")
    await life.accepted("AnswerProposal", expired, side="giving", accept=True, answered_on=RECORDED)
    assert await life.facts() == ["PairProposed", "ProposalExpired", "ProposalReopened", "ProposalAccepted"]


async def test_who_stays_silent_in_an_opened_proposal_lets_it_expire_again(life: Life, expired: str) -> None:
    await life.accepted("AnswerProposal", expired, side="receiving", **LATE)
    await life.on("2016-07-18").now.run_due()
    assert (await life.pair(expired))["status"] == "expired"
    assert await life.refused(
        "AnswerProposal", expired, side="giving", accept=True, answered_on="2016-07-18"
    ) == (
        "proposal_expired",
        "answered_on",
    )


async def test_no_late_answer_takes_a_place_that_is_anothers_by_now(
    world: World, life: Life, expired: str
) -> None:
    await world.apply(refugee(2), guide(2))
    await life.propose(2, 1)
    assert await life.refused("AnswerProposal", expired, side="giving", **LATE) == ("slot_taken", "giving")
    await life.propose(1, 2)
    assert await life.refused("AnswerProposal", expired, side="giving", **LATE) == ("slot_taken", "receiving")
    assert await world.couples(open=True) == [two(1, 2), two(2, 1)]


async def test_a_guide_with_another_free_place_takes_the_proposal_there(
    world: World, life: Life, expired: str
) -> None:
    await world.apply(guide(1, 2, capacity=2), refugee(2))
    await life.propose(2, 1)
    assert (await life.accepted("AnswerProposal", expired, side="giving", **LATE))["slot"] == 1


async def test_nobody_who_left_or_is_away_is_proposed_by_a_late_answer(
    world: World, life: Life, expired: str
) -> None:
    await world.apply(away(1, 2))
    assert await life.refused("AnswerProposal", expired, side="receiving", **LATE) == (
        "not_waiting",
        "giving",
    )
    await world.apply(guide(1, 3), refugee(1, 2, "withdrawn"))
    assert await life.refused("AnswerProposal", expired, side="giving", **LATE) == (
        "not_waiting",
        "receiving",
    )
    no = {"side": "giving", "accept": False, "answered_on": IN_TIME}
    assert (await life.accepted("AnswerProposal", expired, **no))["status"] == "declined"


async def test_the_exclusion_goes_with_the_expiry(world: World, life: Life, expired: str) -> None:
    assert await life.refused("ProposePair", POOL, **couple()) == ("rules_forbid", None)
    await life.accepted("AnswerProposal", expired, side="receiving", **LATE)
    await life.accepted("EndPair", expired, end_reason="other", ended_on=RECORDED)
    assert await life.accepted("AllowCouple", POOL, **couple())


@pytest.mark.usefixtures("expired")
async def test_a_round_skips_who_is_proposed_by_a_late_answer_meanwhile(
    world: World, life: Life, meanwhile: list[Meanwhile]
) -> None:
    (pair,) = [row["_id"] for row in await world.rows("pairs")]

    async def answer() -> None:
        await life.accepted("AnswerProposal", pair, side="giving", **LATE)

    await world.apply(refugee(2))
    meanwhile.append(answer)
    await life.now.run_round("round-2")
    assert await world.couples(open=True) == [two(1, 1)]


async def test_a_late_answer_and_a_proposal_at_once_give_one_of_them_the_place(
    world: World, life: Life, expired: str
) -> None:
    await world.apply(refugee(2))
    await asyncio.gather(
        life.now.decide(command("AnswerProposal", side="giving", **LATE), expired, id="a"),
        life.now.decide(command("ProposePair", **couple(2, 1)), POOL, id="b"),
    )
    assert len(await world.couples(open=True)) == 1


async def test_an_answer_taken_back_waits_for_another_and_may_be_a_no(world: World, life: Life) -> None:
    await world.apply(refugee(1), guide(1))
    pair = await life.propose()
    for side in ("receiving", "giving"):
        await life.accepted("AnswerProposal", pair, side=side, accept=True, answered_on=TODAY)
    assert await world.rows("due", kind=EXPIRE) == []
    back = await life.accepted("TakeBackAnswer", pair, side="giving", taken_back_on=TODAY)
    assert (back["status"], [given["side"] for given in back["answers"]]) == ("proposed", ["receiving"])
    assert len(await world.rows("due", kind=EXPIRE)) == 1
    no = await life.accepted("AnswerProposal", pair, side="giving", accept=False, answered_on=TODAY)
    assert no["status"] == "declined"
    yes = await life.accepted("TakeBackAnswer", pair, side="giving", taken_back_on=TODAY)
    assert (yes["status"], yes["slot"]) == ("proposed", 0)
    assert await life.refused("TakeBackAnswer", pair, side="giving", taken_back_on=TODAY) == (
        "not_answered",
        "side",
    )


async def test_a_no_stays_once_another_has_the_place(world: World, life: Life) -> None:
    await world.apply(refugee(1), refugee(2), guide(1))
    pair = await life.propose()
    await life.accepted("AnswerProposal", pair, side="giving", accept=False, answered_on=TODAY)
    await life.propose(2, 1)
    taken_back = {"side": "giving", "taken_back_on": TODAY}
    assert await life.refused("TakeBackAnswer", pair, **taken_back) == ("slot_taken", "giving")


async def test_no_answer_before_the_introduction_that_the_pack_asks_for(world: World) -> None:
    life = Life(world, steps=["introduction_meeting"])
    await world.apply(refugee(1), guide(1))
    pair = await life.propose()
    yes = {"side": "giving", "accept": True, "answered_on": TODAY}
    assert await life.refused("AnswerProposal", pair, **yes) == ("step_missing", None)
    met = await life.accepted("RecordIntroductionMeeting", pair, held_on=TODAY)
    assert met["steps"] == [{"step": "introduction_meeting", "held_on": TODAY}]
    await life.accepted("AnswerProposal", pair, **yes)
    assert await life.facts() == ["PairProposed", "StepRecorded", "AnswerRecorded"]
