"""Two whom a coordinator proposes, and couples that may be proposed again."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta

import pytest

from services.matching.rows import EXPIRE
from services.matching.state_hash import STATE
from shared.messaging.commands.answers import Accepted, Rejected
from shared.messaging.state_hash import state_hash
from tests.integration.matching.couples import TODAY, Life, command, couple
from tests.integration.matching.test_rebuild import rebuilt, send_outbox
from tests.integration.matching.world import (
    BERGEN,
    OPERATOR,
    POOL,
    Meanwhile,
    World,
    away,
    guide,
    refugee,
    who,
)
from tests.integration.matching.world import couple as two


@pytest.fixture
async def life(world: World) -> AsyncIterator[Life]:
    found = Life(world)
    yield found
    found.close()


async def test_two_are_proposed_as_a_round_would_with_its_receipt(world: World, life: Life) -> None:
    await world.apply(refugee(1), guide(1), guide(2))
    result = await life.accepted("ProposePair", POOL, **couple())
    assert (result["status"], result["revision"], result["respond_by"]) == (
        "proposed",
        1,
        "2016-06-29T21:59:59Z",
    )
    receipt = result["receipt"]
    assert receipt["score"] == sum(receipt["parts"].values()) > 0
    (proposed,) = await world.sent("pairs.v1")
    assert (proposed["type"], proposed["subject"]) == ("no.kobling.PairProposed.v1", result["pair"])
    (completed,) = await world.sent("rounds.v1")
    assert (completed["data"]["round"], completed["data"]["proposed"]) == (receipt["round"], 1)
    assert [row["kind"] for row in await world.rows("due")] == [EXPIRE]
    await world.run_round()
    assert await world.couples(open=True) == [two(1, 1)]


async def test_a_trial_shows_the_receipt_and_proposes_nothing(world: World, life: Life) -> None:
    await world.apply(refugee(1), guide(1))
    shown = await life.accepted("ProposePair", POOL, **couple(), dry_run=True)
    assert shown["receipt"]["score"] > 0
    assert {"pair", "revision"}.isdisjoint(shown)
    assert (await world.rows("pairs"), await world.rows("outbox"), await world.rows("due")) == ([], [], [])


async def test_who_may_not_be_proposed_is_refused_with_what_is_in_the_way(world: World, life: Life) -> None:
    minors = guide(3)
    await world.apply(refugee(1), refugee(2), guide(1), guide(2), away(4, 1), minors)
    assert await life.refused("ProposePair", POOL, **couple(9, 1)) == ("not_waiting", "receiving")
    assert await life.refused("ProposePair", POOL, **couple(1, 4)) == ("not_waiting", "giving")
    assert await life.refused("ProposePair", f"{BERGEN}/other", **couple()) == ("subject_invalid", "subject")
    unknown = couple() | {"programme": "other"}
    assert await life.refused("ProposePair", f"{BERGEN}/other", **unknown) == (
        "unknown_programme",
        "programme",
    )
    await life.propose(1, 1)
    assert await life.refused("ProposePair", POOL, **couple(1, 2)) == ("slot_taken", "receiving")
    assert await life.refused("ProposePair", POOL, **couple(2, 1)) == ("slot_taken", "giving")
    assert len(await world.rows("pairs")) == 1


async def test_what_one_batch_brings_about_is_known_to_its_next_command(world: World, life: Life) -> None:
    """An operator's commands come in one batch where they are sent at once."""
    await world.apply(refugee(1), guide(1), guide(2))
    pair = await life.propose(1, 1)
    no = {"side": "giving", "accept": False, "answered_on": TODAY}
    answers = await world.decide_all(
        (command("AnswerProposal", **no), pair),
        (command("ProposePair", **couple(1, 2)), POOL),
        (command("ProposePair", **couple(1, 1)), POOL),
        (command("ListProposals", municipality=BERGEN, programme="flyktningguide-bergen"), POOL),
    )
    assert [type(answer) for answer in answers] == [Accepted, Accepted, Rejected, Accepted]
    assert answers[-1].result["count"] == 1  # type: ignore[union-attr]
    assert await world.couples(open=True) == [two(1, 2)]


async def test_an_answer_in_the_batch_of_its_proposal(world: World, life: Life) -> None:
    await world.apply(refugee(1), guide(1), refugee(2), guide(2))
    first, second = await world.decide_all(
        (command("ProposePair", **couple(1, 1)), POOL), (command("ProposePair", **couple(2, 2)), POOL)
    )
    assert isinstance(first, Accepted)
    assert isinstance(second, Accepted)
    assert await world.couples(open=True) == [two(1, 1), two(2, 2)]


async def test_two_who_propose_the_same_guide_at_once(world: World, life: Life) -> None:
    await world.apply(refugee(1), refugee(2), guide(1))
    answers = await asyncio.gather(
        *(
            world.decide(command("ProposePair", **couple(number, 1)), POOL, id=str(number))
            for number in (1, 2)
        )
    )
    assert sorted(type(answer).__name__ for answer in answers) == ["Accepted", "Rejected"]
    assert len(await world.rows("pairs", open=True)) == 1


async def test_a_round_skips_whom_a_coordinator_proposes_meanwhile(
    world: World, life: Life, meanwhile: list[Meanwhile]
) -> None:
    async def propose() -> None:
        await life.propose(1, 2)

    await world.apply(refugee(1), guide(1), guide(2))
    meanwhile.append(propose)
    await world.run_round()
    assert await world.couples(open=True) == [two(1, 2)]
    skipped = [one["data"]["skipped"] for one in await world.sent("rounds.v1")]
    assert sum(skipped) == 1


async def test_an_exclusion_is_lifted_for_rounds_and_coordinators_and_after_a_rebuild(
    world: World, life: Life
) -> None:
    people = [refugee(1), guide(1)]
    await world.corner.create_topics([BERGEN], [OPERATOR.operator], service="matching")
    await world.apply(*people)
    pair = await life.propose()
    await life.accepted("AnswerProposal", pair, side="giving", accept=False, answered_on=TODAY)
    assert await life.refused("ProposePair", POOL, **couple()) == ("rules_forbid", None)
    before = await life.accepted("AllowCouple", POOL, **couple(), dry_run=True)
    assert (before["allowed_on"], (await life.pair(pair))["allowed_on"]) == (TODAY, None)
    allowed = await life.accepted("AllowCouple", POOL, **couple())
    assert (allowed["pair"], allowed["allowed_on"], allowed["status"]) == (pair, TODAY, "declined")
    assert await life.facts() == ["PairProposed", "ProposalDeclined", "CoupleAllowed"]
    assert await life.refused("AllowCouple", POOL, **couple()) == ("not_excluded", None)

    whole = await state_hash(world.database, STATE)
    await send_outbox(world)
    await world.database.drop()
    await world.ensure()
    await rebuilt(world, *people)
    assert await state_hash(world.database, STATE) == whole
    await world.run_round()
    assert await world.couples(open=True) == [two(1, 1)]


async def test_the_couple_of_an_ended_pair_is_allowed_and_proposed_again(world: World, life: Life) -> None:
    pair = await life.create()
    await life.accepted("EndPair", pair, end_reason="other", ended_on=TODAY)
    assert await life.refused("ProposePair", POOL, **couple()) == ("rules_forbid", None)
    await life.accepted("AllowCouple", POOL, **couple())
    assert await life.propose() != pair
    assert await life.refused("AllowCouple", POOL, **couple(1, 7)) == ("not_excluded", None)


@pytest.mark.parametrize("name", ["ProposePair", "AllowCouple"])
async def test_nobody_acts_on_couples_of_another_municipality(world: World, life: Life, name: str) -> None:
    await world.apply(refugee(1), guide(1))
    elsewhere = OPERATOR.model_copy(update={"municipalities": ["no-5501"]})
    assert await world.reply(name, POOL, elsewhere, **couple()) == "not_your_municipality"
    expired = OPERATOR.model_copy(update={"valid_until": world.now - timedelta(days=1)})
    assert await world.reply(name, POOL, expired, **couple()) == "unknown_operator"
    approver = OPERATOR.model_copy(update={"roles": ["approver"]})
    assert await world.reply(name, POOL, approver, **couple()) == "role_missing"
    assert await world.rows("pairs") == []
    assert who("refugee", 1) not in str(await world.sent(f"replies.{OPERATOR.operator}.v1"))
