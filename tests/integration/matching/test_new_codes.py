"""A municipality's new code and moves: what becomes of pairs, proposals and who waits, in any order."""

import asyncio
import itertools
from collections.abc import AsyncIterator, Sequence
from typing import Any

import pytest

from services.matching import codes
from shared.contracts.matching.commands.pairs import CompletePair, LogMeeting
from shared.contracts.matching.commands.pools import ListPairs, RunRound
from shared.contracts.matching.commands.proposals import AnswerProposal
from shared.contracts.programmes import ActiveProgramme
from shared.messaging.commands.answers import Accepted, Rejected
from tests.integration.matching.test_course import DAY, TODAY, Course, of
from tests.integration.matching.world import (
    _PERSON,
    BERGEN,
    GUIDES,
    NOW,
    OPERATOR,
    World,
    away,
    couple,
    elsewhere,
    erased,
    guide,
    moved,
    refugee,
    who,
)
from tests.support.cluster import Record, event

NEW = "no-4699"
THERE = OPERATOR.model_copy(update={"municipalities": [NEW]})


@pytest.fixture
async def course(world: World) -> AsyncIterator[Course]:
    found = Course(world)
    yield found
    found.close()


def under_new(kind: str, number: int, revision: int) -> Record:
    """Somebody's state under the new code, all else as it was."""
    status = "ready" if kind == "refugee" else "approved"
    state = {**_PERSON, "status": status, "municipality": NEW, "former_codes": [BERGEN]}
    name = "RefugeeCorrected" if kind == "refugee" else "VolunteerUpdated"
    return event(name, who(kind, number), state, NOW, revision=revision)


def renames(*worlds: World) -> None:
    """Administrators say that the new code is Bergen's successor."""
    for world in worlds:
        active = ActiveProgramme(
            municipality=NEW, programme=GUIDES, pack_version="1.0", predecessors=[BERGEN]
        )
        world.wiring.resources.programmes.put(f"active/{NEW}/{GUIDES}", active)


async def bring(world: World) -> None:
    for step in world.wiring.on_programmes:
        await step()
    await world.run_due()


async def names(world: World) -> list[str]:
    return [one["type"].split(".")[-2] for one in await world.sent("pairs.v1") if one]


@pytest.mark.parametrize("steps", list(itertools.permutations(["bring", "refugee", "guide"])))
async def test_a_pair_goes_on_under_the_new_code_whoever_is_heard_of_first(
    course: Course, steps: Sequence[str]
) -> None:
    await course.create()
    heard = {"refugee": under_new("refugee", 1, 2), "guide": under_new("volunteer", 1, 2)}
    renames(course.world)
    for step in steps:
        await (bring(course.world) if step == "bring" else course.world.apply(heard[step]))
    pair = await course.pair()
    assert (pair["municipality"], pair["status"], pair["open"]) == (NEW, "active", True)
    told = (await course.world.sent("pairs.v1"))[-1]
    assert (told["type"], told["data"]["municipality"]) == ("no.kobling.PairUpdated.v1", NEW)
    assert told["data"]["former_codes"] == [BERGEN]
    assert (await names(course.world)).count("PairUpdated") == 1
    # A state from before, read late, ends nothing; nor does being heard of again.
    await course.world.apply(guide(1, 3), under_new("refugee", 1, 3), under_new("volunteer", 1, 4))
    assert (await course.pair())["status"] == "active"
    assert "PairEnded" not in await names(course.world)


async def test_proposals_declines_and_who_waits_are_those_of_the_new_code(world: World) -> None:
    await world.apply(refugee(1), refugee(2), guide(1), guide(2))
    await world.run_round()
    first, second = await world.couples(open=True)
    (declined,) = await world.rows("pairs", receiving=first[0])
    no = of(AnswerProposal, side="giving", accept=False, answered_on=TODAY)
    await world.decide(no, declined["_id"], id="no")
    renames(world)
    await world.apply(under_new("refugee", 1, 2), under_new("volunteer", 1, 2))
    await world.apply(under_new("refugee", 2, 2), under_new("volunteer", 2, 2))
    round_ = {"municipality": NEW, "programme": GUIDES}
    pool = f"{NEW}/{GUIDES}"
    # Before any pair that is over was brought: the couple that declined is kept apart all the same.
    await world.decide(of(RunRound, **round_), pool, id="round-2", operator=THERE)
    await world.run_due()
    assert await world.couples(open=True) == [second]
    await bring(world)
    answer = await world.decide(of(ListPairs, **round_), pool, id="list", operator=THERE)
    assert isinstance(answer, Accepted)
    assert [one["status"] for one in answer.result["pairs"]].count("declined") == 1
    assert answer.result["count"] == 2
    old = await world.decide(of(RunRound, municipality=BERGEN, programme=GUIDES), f"{BERGEN}/{GUIDES}")
    assert isinstance(old, Rejected)
    assert old.code == "unknown_programme"


async def test_who_may_act_under_the_new_code_does_and_others_are_told_what_would_help(
    course: Course,
) -> None:
    await course.create()
    renames(course.world)
    await bring(course.world)
    pair = (await course.pair())["_id"]
    meets = of(LogMeeting, held_on=TODAY, hours=2)
    refused = await course.world.decide(meets, pair, id="old")
    assert isinstance(refused, Rejected)
    assert refused.code == "not_your_municipality"
    assert f"{BERGEN}, which is {NEW} now" in refused.message
    assert isinstance(await course.world.decide(meets, pair, id="new", operator=THERE), Accepted)


async def test_killed_midway_or_run_by_two_replicas_each_pair_is_brought_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = range(1, 6)
    await world.apply(*[record for number in people for record in (refugee(number), guide(number))])
    await world.run_round()
    beside = world.later(DAY * 0)
    renames(world, beside)
    monkeypatch.setattr(codes, "AT_ONCE", 1)
    whole, steps = codes._under_its_code, itertools.count(1)

    def killed(*args: Any) -> Any:
        if next(steps) == 3:
            raise RuntimeError("killed")
        return whole(*args)

    monkeypatch.setattr(codes, "_under_its_code", killed)
    await bring(world)
    assert (await names(world)).count("PairUpdated") == 2
    # The claim of the one that died has run out. Meanwhile people are heard of under the new code.
    await world.database["due"].update_many({}, {"$unset": {"claimed_until": "", "claimed_by": ""}})
    await asyncio.gather(
        bring(world), bring(beside), world.apply(*[under_new("volunteer", number, 2) for number in people])
    )
    assert {row["municipality"] for row in await world.rows("pairs")} == {NEW}
    assert (await names(world)).count("PairUpdated") == len(people)
    assert len(await world.couples(open=True)) == len(people)
    beside.close()


HEARD = {
    "move": (moved(1, 2), elsewhere(1, 3, "settled")),
    "arrival": (elsewhere(1, 3, "settled"), moved(1, 2)),
    "pause": (away(1, 2),),
    "protection": (erased("refugee", 1),),
}


@pytest.mark.parametrize("order", list(itertools.permutations(["move", "pause", "arrival"])))
async def test_what_comes_of_both_sides_ends_a_pair_exactly_once(
    course: Course, order: Sequence[str]
) -> None:
    await course.create()
    for one in order:
        # Twice each, as the broker may deliver it.
        await course.world.apply(*HEARD[one], *HEARD[one])
    found = await names(course.world)
    assert found.count("PairEnded") == 1
    assert (await course.pair())["pair"]["end_reason"] == "moved"
    # The guide waits again since the day they were ready.
    await course.world.apply(guide(1, 3), refugee(2), guide(2))
    await course.world.run_round("round-2")
    assert len(await course.world.couples(open=True)) == 1


async def test_after_protection_nothing_else_that_is_heard_brings_the_pair_back(course: Course) -> None:
    await course.create()
    await course.world.apply(*HEARD["protection"], *HEARD["move"], *HEARD["pause"], guide(1, 3))
    assert await course.world.rows("pairs") == []
    assert (await course.world.sent("pairs.v1"))[-1] == {}, "a tombstone"


async def test_who_rested_after_a_pair_elsewhere_waits_since_it_was_over(course: Course) -> None:
    await course.create()
    await course.on("2017-03-20").decide(CompletePair, completed_on="2017-03-20")
    # Ready in Tromsø since they were in Bergen, as who moves is; another waits there since 2016.
    tromso = course.now
    active = ActiveProgramme(municipality="no-5501", programme=GUIDES, pack_version="1.0")
    tromso.wiring.resources.programmes.put(f"active/no-5501/{GUIDES}", active)
    guide_there = {**_PERSON, "status": "approved", "capacity": 1, "municipality": "no-5501"}
    await tromso.apply(
        elsewhere(1, 4),
        elsewhere(2, 1),
        event("VolunteerApproved", who("volunteer", 9), guide_there, NOW, revision=1),
    )
    operator = OPERATOR.model_copy(update={"municipalities": ["no-5501"]})
    asked = of(RunRound, municipality="no-5501", programme=GUIDES)
    await tromso.decide(asked, f"no-5501/{GUIDES}", id="round-2", operator=operator)
    await tromso.run_due()
    assert await tromso.couples(open=True) == [couple(2, 9)]
