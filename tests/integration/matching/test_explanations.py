"""Why this pair, and why somebody waits, asked of a running pool."""

from datetime import timedelta
from typing import Any

from shared.contracts.matching.commands.pairs import ExplainPair
from shared.contracts.matching.commands.pools import ExplainWaiting, ListPairs
from shared.contracts.matching.commands.proposals import AnswerProposal, SignAgreement
from shared.messaging.commands.answers import Accepted, Answer, Pending, Rejected, UnknownSubject
from tests.integration.matching.couples import Life
from tests.integration.matching.world import (
    BERGEN,
    GUIDES,
    NOW,
    OPERATOR,
    POOL,
    World,
    away,
    guide,
    refugee,
    who,
)
from tests.support.cluster import Record, event

TODAY = "2016-06-15"


async def asked(world: World, person: str, id_: str = "why") -> dict[str, Any]:
    """The final reply about somebody."""
    command = ExplainWaiting(reason="asked", municipality=BERGEN, programme=GUIDES, person=person)
    assert await world.decide(command, POOL, id=id_) == Pending(("round",))
    await world.run_due()
    replies = await world.sent("replies.bergen-1.v1")
    told: dict[str, Any] = [one for one in replies if one["subject"] == id_][-1]["data"]
    return told


async def explained(world: World, pair: str, **options: Any) -> Answer:
    return await world.decide(ExplainPair(reason="asked"), pair, **options)


def joined(number: int) -> Record:
    """A refugee who lacks something yet."""
    part = {"programme": GUIDES, "pack_version": "1.0", "status": "joined", "missing": ["interview"]}
    state = {"municipality": BERGEN, "status": "consented", "participations": [part]}
    return event("RefugeeConsented", who("refugee", number), state, NOW, revision=1)


async def test_a_waiting_refugee_is_told_which_rule_removes_how_many(world: World) -> None:
    await world.apply(refugee(1), refugee(2), guide(1))
    told = (await asked(world, who("refugee", 2)))["result"]
    assert (told["others"], told["removed"], told["candidates"]) == (1, {}, 1)
    assert told["reason"] == "outbid" or told["proposed"] == who("volunteer", 1)
    assert told["since"] == "2016-06-02"


async def test_of_who_is_in_no_pool_it_is_told_what_keeps_them_out(world: World) -> None:
    await world.apply(joined(1), refugee(2), refugee(3), guide(1), guide(2), guide(3), away(3, 2))
    await world.run_round()
    told = [
        (await asked(world, who(*one), f"why-{one}"))["result"] for one in (("refugee", 1), ("refugee", 2))
    ]
    assert [(one["reason"], one["removed"], one["others"]) for one in told] == [
        ("not_ready", {"not_ready": 2}, 2),
        ("paired", {"paired": 2}, 2),
    ]
    assert told[0]["missing"] == ["interview"]
    (pair,) = told[1]["pairs"]
    assert pair in [row["_id"] for row in await world.rows("pairs")]
    absent = (await asked(world, who("volunteer", 3), "away"))["result"]
    assert absent["reason"] == "not_available"
    full = (await asked(world, who("volunteer", 1), "full"))["result"]
    assert full["reason"] == "full"
    assert (await asked(world, who("refugee", 9), "nobody"))["code"] == "unknown_subject"


async def test_a_guide_for_two_who_rests_after_one_is_not_told_as_paired(world: World) -> None:
    life = Life(world)
    await world.apply(refugee(1), refugee(2), guide(1, capacity=2))
    first, _ = await life.propose(1, 1), await life.propose(2, 1)
    assert (await asked(world, who("volunteer", 1), "full"))["result"]["reason"] == "full"
    ended = {"end_reason": "other", "ended_on": TODAY, "receiving": "waits", "giving": "rests"}
    await life.accepted("EndPair", first, **ended)
    told = (await asked(world, who("volunteer", 1), "rests"))["result"]
    assert (told["reason"], "pairs" in told) == ("rests", False)
    life.close()


async def test_what_somebody_lacks_is_forgotten_once_they_are_ready(world: World) -> None:
    await world.apply(joined(1), guide(1))
    assert (await asked(world, who("refugee", 1)))["result"]["reason"] == "not_ready"
    await world.apply(refugee(1, revision=2))
    assert (await asked(world, who("refugee", 1), "again"))["result"]["proposed"] == who("volunteer", 1)
    (row,) = await world.rows("parties", _id=who("refugee", 1))
    assert "lacks" not in row


async def test_a_pair_is_explained_in_figures_and_in_sentences(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    (pair,) = [row["_id"] for row in await world.rows("pairs")]
    answer = await explained(world, pair)
    assert isinstance(answer, Accepted)
    told = answer.result
    assert told["score"] == sum(told["parts"].values())
    assert told["explanation"][0].startswith(f"They score {told['score']}: ")
    assert told["explanation"][2] == "No other guide was possible."
    assert told["health"] == []
    assert isinstance(answer.subject, tuple)
    assert {pair, who("refugee", 1), who("volunteer", 1)} <= set(answer.subject)
    assert await world.sent("pairs.v1") == (before := await world.sent("pairs.v1"))
    assert len(before) == 1


async def test_a_pair_is_explained_to_who_may_act_there_alone(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    (pair,) = [row["_id"] for row in await world.rows("pairs")]
    elsewhere = OPERATOR.model_copy(update={"municipalities": ["no-5501"]})
    refused = await explained(world, pair, operator=elsewhere)
    assert isinstance(refused, Rejected)
    assert refused.code == "not_your_municipality"
    assert await explained(world, who("pair", 1)) == UnknownSubject()


async def test_a_list_says_how_active_pairs_fare(world: World) -> None:
    await world.apply(refugee(1), guide(1))
    await world.run_round()
    (pair,) = [row["_id"] for row in await world.rows("pairs")]
    for side in ("receiving", "giving"):
        answered = {"reason": "asked", "side": side, "accept": True, "answered_on": TODAY}
        await world.decide(AnswerProposal.model_validate(answered), pair)
    for signatory in ("refugee", "guide", "red_cross_bergen"):
        signed = {"reason": "asked", "signatory": signatory, "text_version": "1", "signed_on": TODAY}
        await world.decide(SignAgreement.model_validate(signed), pair)
    command = ListPairs(reason="asked", municipality=BERGEN, programme=GUIDES)
    now = await world.decide(command, POOL, id="now")
    later = world.later(timedelta(days=21))
    then = await later.decide(command, POOL, id="then")
    assert isinstance(now, Accepted)
    assert isinstance(then, Accepted)
    assert "health" not in now.result["pairs"][0]
    assert then.result["pairs"][0]["health"] == [{"concern": "silent", "since": TODAY}]
    later.close()
