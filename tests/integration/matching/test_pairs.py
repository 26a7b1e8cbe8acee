"""The life of a pair on the real database: answers, departures, deadlines."""

from datetime import timedelta

import pytest

from services.matching.domain.pair import Side
from services.matching.rows import EXPIRE
from shared.contracts.matching.commands.proposals import AnswerProposal
from shared.messaging.commands.answers import Accepted, Rejected
from shared.mongo import Document
from tests.integration.matching.world import OPERATOR, World, couple, elsewhere, guide, moved, refugee
from tests.support.cluster import Record

DAY = timedelta(days=1)


def answer(side: Side, *, accept: bool) -> AnswerProposal:
    return AnswerProposal.model_validate(
        {"reason": "asked", "side": side, "accept": accept, "answered_on": "2016-06-15"}
    )


async def pair(world: World) -> Document:
    (found,) = await world.rows("pairs")
    return found


@pytest.fixture
async def proposed(world: World) -> str:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    subject: str = (await pair(world))["_id"]
    return subject


async def test_both_accept_and_the_deadline_is_off(world: World, proposed: str) -> None:
    await world.decide(answer("receiving", accept=True), proposed)
    answered = await world.decide(answer("giving", accept=True), proposed)
    assert isinstance(answered, Accepted)
    assert answered.result["revision"] == 3
    assert (await pair(world))["status"] == "accepted"
    assert await world.rows("due", kind=EXPIRE) == []


async def test_a_withdrawal_ends_the_pair_and_frees_the_guide(world: World, proposed: str) -> None:
    await world.apply(refugee(1, 2, "withdrawn"), refugee(2))
    ended = await pair(world)
    assert (ended["_id"], ended["status"], ended["pair"]["end_reason"]) == (proposed, "ended", "withdrawn")
    assert await world.rows("due", kind=EXPIRE) == []
    await world.run_round("round-2")
    assert await world.couples(open=True) == [couple(2, 1)]


async def test_a_declined_couple_is_left_out_for_the_packs_exclusion_days(
    world: World, proposed: str
) -> None:
    assert isinstance(await world.decide(answer("giving", accept=False), proposed), Accepted)
    for days, expected in ((0, []), (179, []), (180, [couple(1, 1)])):
        later = world.later(days * DAY)
        await later.run_round(f"round-{days}")
        later.close()
        assert await world.couples(open=True) == expected, days


async def test_an_unanswered_proposal_expires_and_both_wait_again(world: World, proposed: str) -> None:
    await world.decide(answer("receiving", accept=True), proposed)
    # Until the fourteenth day's end.
    early = world.later(14 * DAY + timedelta(minutes=1))
    await early.run_due()
    early.close()
    assert (await pair(world))["status"] == "proposed"
    late = world.later(15 * DAY)
    await late.run_due()
    assert (await pair(world))["status"] == "expired"
    assert await world.rows("due") == []
    assert (await world.sent("pairs.v1"))[-1]["type"] == "no.kobling.ProposalExpired.v1"

    # The couple is left out for now, so only crosswise can both be proposed.
    await late.apply(refugee(2), guide(2))
    await late.run_round("round-2")
    late.close()
    assert await world.couples(open=True) == [couple(1, 2), couple(2, 1)]


async def test_an_answer_to_an_older_revision_is_refused_with_the_state(world: World, proposed: str) -> None:
    await world.decide(answer("receiving", accept=True), proposed, expected_revision=1)
    late = await world.decide(answer("giving", accept=False), proposed, expected_revision=1)
    assert isinstance(late, Rejected)
    assert late.code == "stale_revision"
    assert late.state is not None
    assert late.state["status"] == "proposed"
    assert (await pair(world))["state"][0] == 2


async def test_a_dry_run_shows_what_would_be_and_changes_nothing(world: World, proposed: str) -> None:
    before = await pair(world)
    shown = await world.decide(answer("giving", accept=False), proposed, dry_run=True)
    assert isinstance(shown, Accepted)
    assert shown.result["status"] == "declined"
    assert await pair(world) == before
    assert len(await world.sent("pairs.v1")) == 1


async def test_an_operator_of_another_municipality_is_refused(world: World, proposed: str) -> None:
    elsewhere = OPERATOR.model_copy(update={"municipalities": ["dk-751"]})
    refused = await world.decide(answer("giving", accept=False), proposed, operator=elsewhere)
    assert isinstance(refused, Rejected)
    assert refused.code == "not_your_municipality"
    assert (await pair(world))["status"] == "proposed"


MOVES = {
    "both are known": [moved(1, 2), elsewhere(1, 3, "settled")],
    "both are known, and they wait there": [moved(1, 2), elsewhere(1, 3)],
    "the arrival alone": [elsewhere(1, 2, "settled")],
    "the arrival alone, and they wait there": [elsewhere(1, 2)],
    "the arrival and a correction": [elsewhere(1, 2, "settled"), elsewhere(1, 3)],
}


@pytest.mark.parametrize("together", [False, True], ids=["apart", "in one batch"])
@pytest.mark.parametrize("records", MOVES.values(), ids=MOVES)
@pytest.mark.usefixtures("proposed")
async def test_whoever_moves_to_another_municipality_leaves_their_pair(
    world: World, records: list[Record], *, together: bool
) -> None:
    await (world.apply_batch(records) if together else world.apply(*records))
    ended = (await pair(world))["pair"]
    assert (ended["status"], ended["end_reason"]) == ("ended", "moved")
    assert [event["type"] for event in await world.sent("pairs.v1")][1:] == ["no.kobling.PairEnded.v1"]
    await world.apply(refugee(2))
    await world.run_round("round-2")
    assert await world.couples(open=True) == [couple(2, 1)], "the guide waits again"


@pytest.mark.usefixtures("proposed")
async def test_who_moves_and_is_back_in_one_batch_goes_on(world: World) -> None:
    await world.apply_batch([elsewhere(1, 2), refugee(1, 3)])
    assert (await pair(world))["open"]
