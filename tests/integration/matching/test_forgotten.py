"""Somebody erased stands in other people's pairs: their receipts name whom another guide would have cost."""

import asyncio
from datetime import timedelta
from typing import Any

import orjson
import pytest

from services.matching.store import Pairs
from shared.contracts.commands import Command
from shared.contracts.matching.commands.pairs import ExplainPair
from shared.contracts.matching.commands.pools import ExplainWaiting, ListWaiting, RunRound
from shared.messaging.commands.answers import Accepted
from shared.mongo import Session
from tests.integration.matching.test_rebuild import rebuilt, send_outbox
from tests.integration.matching.world import (
    BERGEN,
    GUIDES,
    OPERATOR,
    POOL,
    Meanwhile,
    World,
    couple,
    erased,
    guide,
    refugee,
    who,
)
from tests.support.cluster import Record

CORRECTED = "no.kobling.PairCorrected.v1"


def said(record: Record, **changes: Any) -> Record:
    """The same state, but for some fields."""
    topic, key, value = record
    document = orjson.loads(value or b"")
    document["data"] |= changes
    return topic, key, orjson.dumps(document)


ASKED: dict[str, Any] = {"reason": "asked", "municipality": BERGEN, "programme": GUIDES}

PEOPLE = (
    said(refugee(1), wishes={"guide_gender": "female"}),
    refugee(2),
    guide(1),
    said(guide(2), gender="male", birth_year=1960),
)
"""The first wishes a woman, so that the second gets the guide who suits them less."""


async def proposed(world: World) -> str:
    """The second refugee's pair, whose receipt says what its better guide is needed for."""
    await world.apply(*PEOPLE)
    await world.run_round()
    assert await world.couples() == [couple(1, 1), couple(2, 2)]
    (row,) = await world.rows("pairs", receiving=who("refugee", 2))
    assert row["pair"]["receipt"]["alternative"]["need"]["receiving"] == who("refugee", 1)
    pair: str = row["_id"]
    return pair


async def left(world: World, kind: str) -> tuple[dict[str, Any], str]:
    """The newest state of the second's pair, and all that is stored of pairs and replies."""
    (*_, told) = [one for one in await world.sent("pairs.v1") if one]
    assert told["data"]["receiving"] == who("refugee", 2)
    kept = repr([await world.rows("pairs"), await world.rows("replies")])
    assert who(kind, 1) not in kept
    return told, kept


async def test_what_an_erased_refugee_needed_is_in_nobodys_pair(world: World) -> None:
    pair = await proposed(world)
    await world.decide(ExplainPair(reason="asked"), pair, id="explained")
    await world.apply(erased("refugee", 1))
    told, _ = await left(world, "refugee")
    assert (told["type"], told["subject"]) == (CORRECTED, pair)
    other = told["data"]["receipt"]["alternative"]
    assert (other["giving"], "need" in other) == (who("volunteer", 1), False)
    answer = await world.decide(ExplainPair(reason="asked"), pair, id="again")
    assert isinstance(answer, Accepted)
    assert who("refugee", 1) not in repr(answer.result)


async def test_an_erased_guide_is_nobodys_alternative(world: World) -> None:
    await proposed(world)
    await world.apply(erased("volunteer", 1))
    told, _ = await left(world, "volunteer")
    assert (told["type"], "alternative" in told["data"]["receipt"]) == (CORRECTED, False)


async def test_a_pool_s_reply_that_names_somebody_in_an_alternative_is_forgotten_with_them(
    world: World,
) -> None:
    await world.apply(refugee(1), refugee(2), guide(1))
    waits = ListWaiting(reason="asked", municipality=BERGEN, programme=GUIDES)
    await world.decide(waits, POOL, id="waiting")
    await world.run_due()
    assert who("volunteer", 1) in repr(await world.rows("replies"))
    await world.apply(erased("volunteer", 1))
    assert who("volunteer", 1) not in repr(await world.rows("replies"))


async def test_who_is_erased_while_a_round_is_solved_is_named_by_none_of_its_pairs(
    world: World, meanwhile: list[Meanwhile]
) -> None:
    await world.apply(*PEOPLE)
    meanwhile.append(lambda: world.apply(erased("refugee", 1)))
    await world.run_round()
    assert await world.couples() == [couple(2, 2)]
    assert who("refugee", 1) not in repr(await world.rows("pairs"))


@pytest.mark.usefixtures("meanwhile")
async def test_an_erasure_that_runs_beside_a_round_is_of_all_its_pairs(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The round has read whom its second pair names and not committed it when the erasure runs."""
    slow, other = world.later(timedelta(), proposals_per_transaction=1), world.later(timedelta())
    await slow.apply(*PEOPLE)
    insert, written, erasing = Pairs.insert, 0, []

    async def inserted(pairs: Pairs, items: Any, session: Session) -> None:
        nonlocal written
        written += 1
        if written == 2:
            erasing.append(asyncio.ensure_future(other.apply(erased("refugee", 1))))
            # As long as an erasure takes that nothing holds up, and a round that was read before it is done.
            await asyncio.wait(erasing, timeout=1.0)
        await insert(pairs, items, session)

    monkeypatch.setattr(Pairs, "insert", inserted)
    await slow.run_round()
    await asyncio.gather(*erasing)
    assert written >= 2
    assert await world.couples(open=True) == [couple(2, 2)]
    await left(world, "refugee")


@pytest.mark.parametrize(
    ("command", "kind", "number"),
    [
        (ListWaiting(**ASKED), "refugee", 3),
        (ListWaiting(**ASKED), "volunteer", 1),
        (RunRound(**ASKED), "refugee", 1),
        (ExplainWaiting(**ASKED, person=who("refugee", 3)), "refugee", 3),
        (ExplainWaiting(**ASKED, person=who("refugee", 2)), "volunteer", 2),
        (ExplainWaiting(**ASKED, person=who("refugee", 3)), "volunteer", 2),
    ],
)
async def test_who_is_erased_while_a_pool_is_solved_is_in_no_reply_about_it(
    world: World, meanwhile: list[Meanwhile], command: Command, kind: str, number: int
) -> None:
    await world.apply(*PEOPLE, refugee(3))
    meanwhile.append(lambda: world.apply(erased(kind, number)))
    await world.decide(command, POOL, id="asked", dry_run=isinstance(command, RunRound))
    await world.run_due()
    (reply,) = await world.rows("replies")
    assert reply["data"] is not None
    assert who(kind, number) not in repr(reply)


async def test_a_rebuild_forgets_them_too(world: World) -> None:
    await world.corner.create_topics([BERGEN], [OPERATOR.operator], service="matching")
    await proposed(world)
    await send_outbox(world)
    await world.database.drop()
    await world.ensure()
    await rebuilt(world, *PEOPLE, erased("refugee", 1))
    told, _ = await left(world, "refugee")
    assert (told["type"], told["revision"]) == (CORRECTED, 2)
    assert await world.couples(open=True) == [couple(2, 2)]
