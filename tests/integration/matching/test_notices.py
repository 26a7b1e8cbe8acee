"""What a pair's coordinators are told, on the real database: in the transaction of the fact, and once."""

from collections.abc import Collection
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.matching.store import Parties
from shared.contracts.matching.commands.pairs import EndPair, ReplaceGuide
from shared.contracts.matching.commands.proposals import AnswerProposal, SignAgreement, TakeBackAnswer
from shared.messaging.commands.answers import Accepted
from shared.mongo import Session
from tests.integration.matching.test_course import SIGNATORIES, TODAY, of
from tests.integration.matching.world import GUIDES, OPERATOR, World, away, erased, guide, refugee, who
from tests.support.cluster import Record

NAMES = ("bergen-1", "bergen-2", "bergen-3")
WEEKS = timedelta(days=60)


def looked_after(record: Record, coordinator: str) -> Record:
    """The same state, with somebody who looks after the person."""
    topic, key, value = record
    document = orjson.loads(value or b"")
    document["data"]["coordinator"] = coordinator
    return topic, key, orjson.dumps(document)


def staffed(world: World) -> World:
    """With three coordinators."""
    for name in NAMES:
        world.wiring.resources.operators.put(name, OPERATOR.model_copy(update={"operator": name}))
    return world


@pytest.fixture
def bergen(world: World) -> World:
    return staffed(world)


async def told(world: World) -> dict[str, list[str]]:
    """The codes that each coordinator's topic has, in order, with details."""
    return {
        name: [":".join([one["data"]["code"], *one["data"].get("details", ())]) for one in sent]
        for name in NAMES
        if (sent := await world.sent(f"notices.{name}.v1"))
    }


async def pair_of(world: World) -> str:
    (found,) = await world.rows("pairs", open=True)
    subject: str = found["_id"]
    return subject


async def create(world: World) -> str:
    """A signed pair of two whom different coordinators look after."""
    await world.apply(looked_after(refugee(1), "bergen-1"), looked_after(guide(1), "bergen-2"))
    await world.run_round()
    pair = await pair_of(world)
    steps: list[Any] = [
        of(AnswerProposal, side=side, accept=True, answered_on=TODAY) for side in ("receiving", "giving")
    ]
    steps += [
        of(SignAgreement, signatory=signatory, text_version="1", signed_on=TODAY) for signatory in SIGNATORIES
    ]
    for number, step in enumerate(steps):
        assert isinstance(await world.decide(step, pair, id=f"step-{number}"), Accepted)
    return pair


async def test_both_peoples_coordinators_are_told_and_nobody_else(bergen: World) -> None:
    pair = await create(bergen)
    assert await told(bergen) == {"bergen-1": ["proposal_made"], "bergen-2": ["proposal_made"]}
    (notice,) = await bergen.sent("notices.bergen-1.v1")
    assert (notice["type"], notice["subject"]) == ("no.kobling.NoticeGiven.v1", pair)
    assert notice["data"] == {
        "code": "proposal_made",
        "municipality": "no-4601",
        "programme": GUIDES,
        "about": [who("refugee", 1), who("volunteer", 1)],
        "on": "2016-06-15",
        "due_on": "2016-06-29",
        "details": [],
    }


async def test_of_who_has_no_coordinator_all_of_the_municipality_are_told(bergen: World) -> None:
    await bergen.apply(refugee(1), looked_after(guide(1), "bergen-2"))
    await bergen.run_round()
    assert await told(bergen) == {name: ["proposal_made"] for name in NAMES}


async def test_a_coordinator_who_is_named_later_hears_of_what_comes_then(bergen: World) -> None:
    await create(bergen)
    await bergen.apply(looked_after(refugee(1, 2), "bergen-3"))
    await bergen.decide(of(EndPair, end_reason="personal_giving", ended_on=TODAY), await pair_of(bergen))
    assert await told(bergen) == {
        "bergen-1": ["proposal_made"],
        "bergen-2": ["proposal_made", "pair_ended:personal_giving"],
        "bergen-3": ["pair_ended:personal_giving"],
    }


async def test_a_decline_and_an_expiry_are_told(bergen: World) -> None:
    await bergen.apply(*(looked_after(one, "bergen-1") for one in (refugee(1), guide(1))))
    await bergen.run_round()
    decline = of(AnswerProposal, side="giving", accept=False, answered_on=TODAY)
    dry = await bergen.decide(decline, await pair_of(bergen), dry_run=True)
    assert isinstance(dry, Accepted)
    await bergen.decide(decline, await pair_of(bergen))
    await bergen.apply(looked_after(refugee(2), "bergen-2"))
    await bergen.run_round("round-2")
    late = staffed(bergen.later(WEEKS))
    await late.run_due()
    await late.run_due()
    late.close()
    assert await told(bergen) == {
        "bergen-1": ["proposal_made", "proposal_declined", "proposal_made", "proposal_expired"],
        "bergen-2": ["proposal_made", "proposal_expired"],
    }


async def test_an_answer_that_is_taken_back_is_told_with_the_day_until_which_it_may_be_given(
    bergen: World,
) -> None:
    await bergen.apply(looked_after(refugee(1), "bergen-1"), looked_after(guide(1), "bergen-2"))
    await bergen.run_round()
    pair = await pair_of(bergen)
    no = of(AnswerProposal, side="giving", accept=False, answered_on=TODAY)
    assert isinstance(await bergen.decide(no, pair, id="no"), Accepted)
    back = of(TakeBackAnswer, side="giving", taken_back_on=TODAY)
    assert isinstance(await bergen.decide(back, pair, id="back"), Accepted)
    expected = ["proposal_made", "proposal_declined", "proposal_reopened"]
    assert await told(bergen) == {"bergen-1": expected, "bergen-2": expected}
    *_, notice = await bergen.sent("notices.bergen-1.v1")
    assert (notice["data"]["on"], notice["data"]["due_on"]) == (TODAY, "2016-06-29")


async def test_another_guide_is_told_to_the_coordinators_of_all_three(bergen: World) -> None:
    pair = await create(bergen)
    await bergen.apply(looked_after(guide(2), "bergen-3"))
    other = of(ReplaceGuide, giving=who("volunteer", 2), replaced_on=TODAY)
    assert isinstance(await bergen.decide(other, pair, id="other"), Accepted)
    assert await told(bergen) == {
        "bergen-1": ["proposal_made", "guide_replaced"],
        "bergen-2": ["proposal_made", "guide_replaced"],
        "bergen-3": ["guide_replaced"],
    }
    (notice,) = await bergen.sent("notices.bergen-3.v1")
    assert notice["data"]["about"] == [who("refugee", 1), who("volunteer", 2), who("volunteer", 1)]


async def test_what_people_do_to_their_pair_is_told_once_however_often_it_arrives(bergen: World) -> None:
    await create(bergen)
    coming_and_going = (away(1, 2), away(1, 3), guide(1, 4), guide(1, 4))
    for record in (looked_after(one, "bergen-2") for one in coming_and_going):
        await bergen.apply(record)
    await bergen.apply(refugee(1, 2, "withdrawn"))
    expected = ["proposal_made", "pair_paused:giving", "pair_resumed:giving", "pair_ended:withdrawn"]
    assert await told(bergen) == {"bergen-1": expected, "bergen-2": expected}


async def test_who_was_erased_in_the_same_batch_is_told_of_as_a_withdrawal_to_their_own_coordinator(
    bergen: World,
) -> None:
    await create(bergen)
    await bergen.apply_batch([refugee(1, 2, "withdrawn"), erased("refugee", 1)])
    assert (await told(bergen))["bergen-1"] == ["proposal_made", "pair_ended:withdrawn"]
    assert "bergen-3" not in await told(bergen)
    (_, notice) = await bergen.sent("notices.bergen-2.v1")
    assert notice["causationid"] not in {"", who("refugee", 1)}


async def test_many_pairs_take_one_query(bergen: World, monkeypatch: pytest.MonkeyPatch) -> None:
    many, asked, find = range(1, 9), [], Parties.coordinators

    async def counted(parties: Parties, people: Collection[str], session: Session) -> dict[str, str]:
        asked.append(len(people))
        return await find(parties, people, session)

    monkeypatch.setattr(Parties, "coordinators", counted)
    await bergen.apply_batch([refugee(number) for number in many])
    await bergen.apply_batch([guide(number) for number in many])
    await bergen.run_round()
    assert len((await told(bergen))["bergen-3"]) == len(many)
    assert asked == [2 * len(many)]
