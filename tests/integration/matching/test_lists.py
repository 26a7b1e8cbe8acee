"""Lists of proposals and pairs, in pages."""

from typing import Any

import pytest

from shared.contracts.matching.commands.pairs import EndPair
from shared.contracts.matching.commands.pools import ListPairs, ListProposals
from shared.contracts.matching.commands.proposals import AnswerProposal
from shared.messaging.commands.answers import Accepted, Rejected
from tests.integration.matching.world import BERGEN, GUIDES, POOL, World, guide, refugee, who

TODAY = "2016-06-15"


async def told(world: World, model: type[ListPairs] | type[ListProposals], **fields: Any) -> dict[str, Any]:
    command = model.model_validate({"reason": "asked", "municipality": BERGEN, "programme": GUIDES, **fields})
    answer = await world.decide(command, POOL)
    assert isinstance(answer, Accepted)
    return answer.result


async def answered(world: World, pair: str, *, accept: bool) -> None:
    command = {"reason": "asked", "side": "giving", "accept": accept, "answered_on": TODAY}
    await world.decide(AnswerProposal.model_validate(command), pair)


@pytest.fixture
async def proposed(world: World) -> list[str]:
    await world.apply(*map(refugee, range(1, 6)), *map(guide, range(1, 6)))
    await world.run_round()
    return [row["_id"] for row in await world.rows("pairs")]


async def test_a_list_of_proposals_says_who_has_answered_and_until_when(
    world: World, proposed: list[str]
) -> None:
    await answered(world, proposed[0], accept=True)
    await answered(world, proposed[1], accept=False)
    found = await told(world, ListProposals)
    assert found["count"] == 4, "a declined one is none any more"
    first = found["pairs"][0]
    assert first["pair"] == proposed[0]
    assert first["answers"] == [{"side": "giving", "accept": True, "on": TODAY}]
    assert first["respond_by"] == "2016-06-29T21:59:59Z"
    assert "next" not in found


async def test_pages_follow_each_other_and_hold_each_pair_once(world: World, proposed: list[str]) -> None:
    pages: list[dict[str, Any]] = [await told(world, ListPairs, limit=2)]
    while "next" in pages[-1]:
        pages.append(await told(world, ListPairs, limit=2, after=pages[-1]["next"]))
    assert [len(page["pairs"]) for page in pages] == [2, 2, 1]
    assert [pair["pair"] for page in pages for pair in page["pairs"]] == proposed
    assert {page["count"] for page in pages} == {5}


async def test_a_last_page_that_is_full_names_no_next(world: World, proposed: list[str]) -> None:
    assert "next" not in await told(world, ListPairs, limit=len(proposed))


async def test_pairs_are_listed_by_status(world: World, proposed: list[str]) -> None:
    ended = EndPair.model_validate({"reason": "told", "end_reason": "other", "ended_on": TODAY})
    await world.decide(ended, proposed[2])
    found = await told(world, ListPairs, status=["ended"])
    assert [(pair["pair"], pair["end_reason"]) for pair in found["pairs"]] == [(proposed[2], "other")]


async def test_a_list_is_of_a_pool_that_there_is(world: World) -> None:
    nowhere = ListPairs(reason="asked", municipality=BERGEN, programme="chess")
    answer = await world.decide(nowhere, POOL)
    assert isinstance(answer, Rejected)
    assert answer.code == "unknown_programme"
    elsewhere = ListPairs(reason="asked", municipality=BERGEN, programme=GUIDES)
    answer = await world.decide(elsewhere, f"{BERGEN}/chess")
    assert isinstance(answer, Rejected)
    assert answer.code == "subject_invalid"


async def test_who_is_listed_can_be_forgotten(world: World, proposed: list[str]) -> None:
    command = ListPairs(reason="asked", municipality=BERGEN, programme=GUIDES)
    answer = await world.decide(command, POOL)
    assert isinstance(answer, Accepted)
    assert answer.subject is not None
    assert {who("refugee", 1), who("volunteer", 5)} <= set(answer.subject)
    assert len(answer.subject) == 2 * len(proposed)
