"""What happens to a pair in its course: evaluations, another guide, other coordinators, and what is due."""

import itertools
from collections.abc import AsyncIterator
from typing import Any

import pytest

from services.matching.rows import MILESTONE
from services.matching.state_hash import STATE
from shared.contracts.commands import Command
from shared.messaging.commands.answers import Accepted, Rejected, UnknownSubject
from shared.messaging.state_hash import state_hash
from tests.integration.matching.couples import (
    MILESTONE as THREE_MONTHS,
)
from tests.integration.matching.couples import (
    OTHER,
    TODAY,
    Life,
    command,
    couple,
    looked_after,
)
from tests.integration.matching.test_rebuild import rebuilt, send_outbox
from tests.integration.matching.world import (
    BERGEN,
    GUIDES,
    OPERATOR,
    POOL,
    World,
    away,
    elsewhere,
    erased,
    guide,
    refugee,
    who,
)
from tests.integration.matching.world import couple as two
from tests.support.cluster import Record

THREE, OVERDUE = "2016-09-15", "2016-09-29"
OPINION = {
    "side": "giving",
    "milestone": "three_months",
    "on": THREE,
    "answers": [{"question": "language_progress", "answer": 4}, {"question": "would_go_on", "answer": True}],
}


@pytest.fixture
async def life(world: World) -> AsyncIterator[Life]:
    found = Life(world, milestones=[THREE_MONTHS], duration={"at_least": "P9M", "at_most": "P12M"})
    yield found
    found.close()


async def test_a_milestone_is_told_once_when_it_is_due_and_once_when_it_is_overdue(
    world: World, life: Life
) -> None:
    pair = await life.create()
    (row,) = await world.rows("due", kind=MILESTONE)
    assert f"{row['due_at']:%Y-%m-%d %H:%M}" == "2016-09-14 22:00"
    await life.on("2016-09-14").now.run_due()
    assert await life.notices() == []
    await life.on(THREE).now.run_due()
    await life.now.run_due()
    (due,) = await life.notices()
    assert (due["code"], due["on"], due["details"]) == (
        "milestone_due",
        THREE,
        ["three_months", "receiving", "giving"],
    )
    await life.accepted("RecordEvaluation", pair, **OPINION)
    await life.on(OVERDUE).now.run_due()
    await life.on("2016-12-01").now.run_due()
    assert [notice["code"] for notice in await life.notices()] == ["milestone_due", "milestone_overdue"]
    assert (await life.notices())[-1]["details"] == ["three_months", "receiving"]
    assert [fact for fact in await life.facts() if fact.startswith("Milestone")] == [
        "MilestoneDue",
        "MilestoneOverdue",
    ]
    assert await life.now.rows("due", kind=MILESTONE) == []


async def test_nobody_is_told_of_a_milestone_that_all_have_evaluated(world: World, life: Life) -> None:
    pair = await life.create()
    life.on("2016-09-10")
    await life.accepted("RecordEvaluation", pair, **OPINION | {"on": "2016-09-10"})
    said = [{"question": "would_go_on", "answer": False}]
    state = await life.accepted(
        "RecordEvaluation", pair, **OPINION | {"on": "2016-09-10", "side": "receiving", "answers": said}
    )
    assert [item["side"] for item in state["evaluations"]] == ["giving", "receiving"]
    assert state["evaluations"][1]["answers"] == said
    await life.on("2016-12-01").now.run_due()
    assert await life.notices() == []


async def test_a_service_that_was_down_tells_of_both_when_it_is_back(life: Life) -> None:
    await life.create()
    life.on("2017-01-15")
    await life.now.run_due()
    await life.now.run_due()
    assert [notice["code"] for notice in await life.notices()] == ["milestone_due", "milestone_overdue"]


async def test_a_pair_that_has_ended_has_no_milestones_to_come(world: World, life: Life) -> None:
    await life.create()
    await world.apply(refugee(1, 2, "withdrawn"))
    assert await world.rows("due") == []
    await life.on(THREE).now.run_due()
    assert await life.notices() == []


async def test_a_pair_goes_on_with_another_guide_and_the_former_one_waits_again(
    world: World, life: Life
) -> None:
    pair = await life.create()
    await world.apply(guide(2), refugee(2))
    life.on("2016-07-20")
    await life.accepted("LogMeeting", pair, held_on="2016-06-20", hours=2)
    state = await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on="2016-07-15")
    assert (state["giving"], state["created_on"], state["ends_on"]) == (
        who("volunteer", 2),
        TODAY,
        "2017-06-15",
    )
    assert state["meetings"] == [{"held_on": "2016-06-20", "hours": 2.0, "giving": who("volunteer", 1)}]
    assert [item["signatory"] for item in state["signatures"]] == ["refugee", "red_cross_bergen"]
    due = await life.accepted("ListDuePairs", POOL, municipality=BERGEN, programme=GUIDES)
    assert due["pairs"][0]["due"] == [{"what": "signature", "of": ["guide"]}]
    await life.now.run_round("round-2")
    assert await world.couples(open=True) == [two(1, 2), two(2, 1)]
    signed = {"signatory": "guide", "text_version": "1", "signed_on": "2016-07-20"}
    await life.accepted("SignAgreement", pair, **signed)
    assert (await life.facts())[-1] == "AgreementSigned"
    same = await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on="2016-07-20")
    assert same["former_guides"] == state["former_guides"]


async def test_a_former_guide_is_kept_apart_by_the_pairs_end_until_somebody_allows_them(
    world: World, life: Life
) -> None:
    pair = await life.create()
    await world.apply(guide(2))
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on=TODAY)
    await life.accepted("EndPair", pair, end_reason="mismatched_expectations", ended_on=TODAY)
    await world.run_round("round-2")
    assert await world.couples(open=True) == []
    assert await life.refused("ProposePair", POOL, **couple(1, 1)) == ("rules_forbid", None)
    await life.accepted("AllowCouple", POOL, **couple(1, 1))
    stored = await life.pair(pair)
    assert (stored["former_guides"][0]["allowed_on"], stored["allowed_on"]) == (TODAY, None)
    await world.run_round("round-3")
    assert await world.couples(open=True) == [two(1, 1)]


async def test_another_guide_is_held_to_the_rules_of_a_proposal(world: World, life: Life) -> None:
    pair = await life.create()
    replaced = {"replaced_on": TODAY}
    await world.apply(guide(2), refugee(3), away(4, 1))
    await life.propose(3, 2)
    assert await life.refused("ReplaceGuide", pair, giving=who("volunteer", 2), **replaced) == (
        "slot_taken",
        "giving",
    )
    assert await life.refused("ReplaceGuide", pair, giving=who("volunteer", 4), **replaced) == (
        "not_waiting",
        "giving",
    )
    shown = await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 1), **replaced, dry_run=True)
    assert shown["giving"] == who("volunteer", 1)


async def test_a_guide_who_lapsed_is_replaced_and_their_return_moves_nothing(
    world: World, life: Life
) -> None:
    pair = await life.create()
    await world.apply(away(1, 2), guide(2))
    assert (await life.pair(pair))["status"] == "paused"
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on=TODAY)
    before = await life.facts()
    await world.apply(guide(1, 3), away(1, 4), erased("volunteer", 3))
    assert ((await life.pair(pair))["status"], await life.facts()) == ("active", before)
    await world.apply(away(2, 2))
    assert (await life.pair(pair))["status"] == "paused"


async def test_nothing_is_left_of_a_former_guide_who_is_erased(world: World, life: Life) -> None:
    pair = await life.create()
    await world.apply(guide(2))
    await life.accepted("LogMeeting", pair, held_on=TODAY, hours=2)
    life.on("2016-07-20")
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on="2016-07-20")
    await life.now.apply(erased("volunteer", 1))
    assert (await life.pair(pair))["status"] == "active"
    assert who("volunteer", 1) not in str(await world.rows("pairs"))
    *_, told = await life.now.sent("pairs.v1")
    assert (told["type"], told["data"]["former_guides"]) == (
        "no.kobling.PairCorrected.v1",
        [{"from": TODAY, "to": "2016-07-20"}],
    )
    assert told["data"]["meetings"] == [{"held_on": TODAY, "hours": 2.0}]


async def test_a_pair_is_looked_after_by_its_peoples_coordinators(world: World, life: Life) -> None:
    await world.apply(looked_after(refugee(1), OPERATOR.operator), looked_after(guide(1), OTHER.operator))
    pair = await life.propose()
    assert (await life.pair(pair))["coordinator"] == OPERATOR.operator
    await world.apply(looked_after(refugee(1, 2), None))
    assert (await life.pair(pair))["coordinator"] == OTHER.operator
    await world.apply(
        looked_after(guide(1, 2), OPERATOR.operator), looked_after(guide(1, 3), OPERATOR.operator)
    )
    assert (await life.pair(pair))["coordinator"] == OPERATOR.operator
    assert await life.facts() == ["PairProposed", "CoordinatorChanged", "CoordinatorChanged"]


async def test_a_rounds_pairs_have_a_coordinator_who_alone_is_told(world: World, life: Life) -> None:
    await world.apply(refugee(1), looked_after(guide(1), OTHER.operator))
    await world.run_round()
    ((pair,),) = [[row["_id"] for row in await world.rows("pairs", coordinator=OTHER.operator)]]
    for side in ("receiving", "giving"):
        await life.accepted("AnswerProposal", pair, side=side, accept=True, answered_on=TODAY)
    for signatory in ("refugee", "guide", "red_cross_bergen"):
        await life.accepted("SignAgreement", pair, signatory=signatory, text_version="1", signed_on=TODAY)
    await life.on(THREE).now.run_due()
    assert (len(await life.notices(OTHER.operator)), await life.notices()) == (1, [])


async def test_what_is_due_is_listed_in_pages_and_for_one_coordinator(world: World, life: Life) -> None:
    mine = looked_after(refugee(3), OTHER.operator)
    await world.apply(refugee(1), refugee(2), mine, *(guide(number) for number in (1, 2, 3)))
    pairs = sorted([await life.propose(number, number) for number in (1, 2, 3)])
    asked = {"municipality": BERGEN, "programme": GUIDES}
    first = await life.accepted("ListDuePairs", POOL, **asked, limit=2)
    rest = await life.accepted("ListDuePairs", POOL, **asked, limit=2, after=first["next"])
    found = [item for page in (first, rest) for item in page["pairs"]]
    assert [item["pair"] for item in found] == pairs
    assert "next" not in rest
    assert found[0]["due"] == [{"what": "answer", "by": "2016-06-29", "of": ["receiving", "giving"]}]
    own = await life.accepted("ListDuePairs", POOL, **asked, coordinator=OTHER.operator)
    assert [item["receiving"] for item in own["pairs"]] == [who("refugee", 3)]
    for name in ("ListPairs", "ListProposals"):
        listed = await life.accepted(name, POOL, **asked, coordinator=OTHER.operator)
        assert [item["receiving"] for item in listed["pairs"]] == [who("refugee", 3)]


async def test_a_pair_that_nothing_is_due_of_is_not_listed_until_its_end_comes_near(life: Life) -> None:
    pair = await life.create()
    asked = {"municipality": BERGEN, "programme": GUIDES}
    assert (await life.accepted("ListDuePairs", POOL, **asked))["pairs"] == []
    for side in ("receiving", "giving"):
        said = [{"question": "would_go_on", "answer": True}]
        life.on(THREE)
        await life.accepted("RecordEvaluation", pair, **OPINION | {"side": side, "answers": said})
    life.on("2017-05-16")
    await life.accepted("LogMeeting", pair, held_on="2017-05-10", hours=2)
    (due,) = (await life.accepted("ListDuePairs", POOL, **asked))["pairs"]
    assert due["due"] == [{"what": "end", "by": "2017-06-15"}]


async def test_a_whole_life_is_there_again_after_a_rebuild(world: World, life: Life) -> None:
    await world.corner.create_topics([BERGEN], [OPERATOR.operator], service="matching")
    pair = await life.create()
    people: list[Record] = [refugee(1), guide(1), looked_after(guide(2), OTHER.operator)]
    await world.apply(people[-1])
    await life.on("2016-07-20").accepted("LogMeeting", pair, held_on=TODAY, hours=2)
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 2), replaced_on="2016-07-20")
    await world.apply(looked_after(guide(2, 2), OTHER.operator))
    await life.on(THREE).now.run_due()
    await life.accepted("RecordEvaluation", pair, **OPINION)
    before = await state_hash(world.database, STATE)
    assert len(await life.now.rows("due")) == 2
    await send_outbox(life.now)
    await world.database.drop()
    await world.ensure()
    await rebuilt(life.now, *people, looked_after(guide(2, 2), OTHER.operator))
    assert await state_hash(world.database, STATE) == before
    await life.now.run_due()
    assert await life.now.rows("outbox") == [], "what was told is not told again"


MIDST: dict[str, tuple[list[Record], str]] = {
    "the refugee leaves": ([refugee(1, 2, "withdrawn")], "ended"),
    "the refugee moves": ([elsewhere(1, 2), elsewhere(1, 3, "settled")], "ended"),
    "the guide is away and back": ([away(1, 2), guide(1, 3)], "active"),
    "the guide is away": ([guide(1, 2), away(1, 3)], "paused"),
    "both at once": ([away(1, 2), refugee(1, 2, "withdrawn")], "ended"),
}


@pytest.mark.parametrize(("records", "status"), MIDST.values(), ids=MIDST)
async def test_what_intake_says_in_the_middle_counts_once_in_whatever_order_it_comes(
    world: World, life: Life, records: list[Record], status: str
) -> None:
    """Of each person the newest state holds, so that every order ends alike."""
    await world.apply(guide(2), guide(3))
    pair = await life.create()
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 3), replaced_on=TODAY)
    await life.accepted("ReplaceGuide", pair, giving=who("volunteer", 1), replaced_on=TODAY)
    rows = [await world.rows(name) for name in ("pairs", "parties")]
    for order in itertools.permutations([*records, *records]):
        for name, documents in zip(("pairs", "parties"), rows, strict=True):
            await world.database[name].delete_many({})
            await world.database[name].insert_many(documents)
        await world.database["outbox"].delete_many({})
        await world.apply(*order)
        stored = await life.pair(pair)
        assert stored["status"] == status
        assert (await life.facts()).count("PairEnded") == (status == "ended")


OF_PAIRS: dict[str, dict[str, Any]] = {
    "RecordIntroductionMeeting": {"held_on": TODAY},
    "TakeBackAnswer": {"side": "giving", "taken_back_on": TODAY},
    "RecordEvaluation": OPINION,
    "ReplaceGuide": {"giving": who("volunteer", 2), "replaced_on": TODAY},
}


def asked(name: str) -> Command:
    return command(name, **OF_PAIRS[name])


@pytest.mark.parametrize("name", OF_PAIRS)
async def test_a_command_on_a_pair_is_for_its_municipalitys_operators_and_for_pairs_that_there_are(
    world: World, life: Life, name: str
) -> None:
    pair = await life.create()
    assert await world.decide(asked(name), "pair-" + "x" * 20) == UnknownSubject()
    abroad = OPERATOR.model_copy(update={"municipalities": ["no-5501"]})
    answer = await world.decide(asked(name), pair, operator=abroad)
    assert isinstance(answer, Rejected)
    assert answer.code == "not_your_municipality"
    late = await world.decide(asked(name), pair, expected_revision=1)
    assert isinstance(late, Rejected)
    assert late.code == "stale_revision"
    for change in ({"valid_until": world.now}, {"roles": ["approver"]}):
        operator = OPERATOR.model_copy(update=change)
        code = "unknown_operator" if "valid_until" in change else "role_missing"
        assert await world.reply(name, pair, operator, **OF_PAIRS[name]) == code


async def test_trials_change_nothing(world: World) -> None:
    life = Life(world, steps=["introduction_meeting"], milestones=[THREE_MONTHS])
    await world.apply(refugee(1), guide(1), guide(2))
    pair = await life.propose()
    before = await state_hash(world.database, STATE)
    await life.accepted("RecordIntroductionMeeting", pair, held_on=TODAY, dry_run=True)
    assert await state_hash(world.database, STATE) == before
    await life.accepted("RecordIntroductionMeeting", pair, held_on=TODAY)
    for side in ("receiving", "giving"):
        await life.accepted("AnswerProposal", pair, side=side, accept=True, answered_on=TODAY)
    before = await state_hash(world.database, STATE)
    shown = await life.accepted("TakeBackAnswer", pair, **OF_PAIRS["TakeBackAnswer"], dry_run=True)
    assert shown["status"] == "proposed"
    assert await state_hash(world.database, STATE) == before
    for signatory in ("refugee", "guide", "red_cross_bergen"):
        await life.accepted("SignAgreement", pair, signatory=signatory, text_version="1", signed_on=TODAY)
    life.on(THREE)
    before = await state_hash(world.database, STATE)
    for name in ("RecordEvaluation", "ReplaceGuide"):
        answer = await life.now.decide(asked(name), pair, dry_run=True)
        assert isinstance(answer, Accepted)
    assert await state_hash(world.database, STATE) == before
    assert await life.refused("AllowCouple", POOL, **couple()) == ("not_excluded", None)
    life.close()
