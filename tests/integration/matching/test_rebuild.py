"""Matching's database built anew from real topics, whose history was never true all at once."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import orjson
import pytest
from aiokafka.errors import KafkaError

from services.matching.rows import EXPIRE
from services.matching.state_hash import STATE
from shared.contracts import topics
from shared.messaging import rebuild
from shared.messaging.reading.outcome import Applied, Outcome, Stale
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received
from shared.messaging.sending.producers import relay_producer
from shared.messaging.state_hash import state_hash
from shared.messaging.work import Work
from shared.mongo import Session
from tests.integration.matching.world import (
    BERGEN,
    GUIDES,
    NOW,
    OPERATOR,
    POOL,
    World,
    elsewhere,
    guide,
    refugee,
    who,
)
from tests.support.cluster import Record, event
from tests.support.outbox import waiting_rows
from tests.unit.messaging.records import STRUCTURED

RESPOND_BY = NOW + timedelta(days=7)


def pair(number: int, revision: int, name: str, status: str, people: tuple[int, int], **more: Any) -> Record:
    """A pair's state as matching publishes it, proposed on the day after its number."""
    receiving, giving = people
    receipt = {"score": 1, "parts": {"age": 1}, "waiting_bonus": 0, "rank": 1, "candidates": 1}
    data = {
        "municipality": BERGEN,
        "programme": GUIDES,
        "pack_version": "1.0",
        "receiving": who("refugee", receiving),
        "giving": who("volunteer", giving),
        "relation": "guide",
        "slot": 0,
        "status": status,
        "spells": [{"status": status, "from": f"2016-06-{number:02}"}],
        "receipt": {**receipt, "pack_version": "1.0", "round": "round-1"},
        "proposed_on": f"2016-06-{number:02}",
        "respond_by": "2016-06-22T08:00:00Z",
        **more,
    }
    return event(name, who("pair", number), data, NOW, revision=revision)


@pytest.fixture
async def small(world: World) -> AsyncIterator[World]:
    """A matching that rebuilds in batches of one record, so that every state is a moment of its own."""
    await world.corner.create_topics([BERGEN], [OPERATOR.operator], service="matching")
    made = World(world.corner, options={"batch_records": 1})
    yield made
    made.close()


async def rebuilt(world: World, *records: Record) -> World:
    await world.corner.produce(records)
    await world.rebuild()
    return world


async def published(world: World) -> list[tuple[str, int]]:
    """What waits to be sent of pairs: type and revision."""
    return [
        (event["type"].removeprefix("no.kobling."), event["revision"])
        for event in await world.sent("pairs.v1")
    ]


async def send_outbox(world: World) -> None:
    """What a relay does."""
    rows = await waiting_rows(world.database)
    by_name = {topic.name: topic for topic in (topics.PAIRS, topics.ROUNDS)}
    await world.corner.produce(
        (by_name[name], (row.key or b"").decode(), row.value)
        for row in rows
        if (name := row.topic.removeprefix(world.corner.prefix)) in by_name
    )


async def test_what_happened_in_the_service_is_there_again(world: World, small: World) -> None:
    people = [*(refugee(number) for number in (1, 2, 3)), *(guide(number, capacity=2) for number in (1, 2))]
    await world.apply(*people)
    await world.run_round()
    left = refugee(1, 2, "withdrawn")
    await world.apply(left)
    before = await state_hash(world.database, STATE)
    assert len(await world.rows("due", kind=EXPIRE)) == 2
    await send_outbox(world)
    await world.database.drop()
    await world.ensure()
    await rebuilt(small, *people, left)
    assert await state_hash(world.database, STATE) == before
    assert await world.rows("outbox") == []


async def test_a_departure_of_the_past_ends_no_pair_of_today(small: World) -> None:
    came_back = [refugee(1, 1, "withdrawn"), refugee(1, 2), refugee(1, 3, "withdrawn"), refugee(1, 4)]
    await rebuilt(small, *came_back, guide(1), pair(1, 5, "PairCreated", "active", (1, 1)))
    (found,) = await small.rows("pairs")
    assert (found["status"], found["open"], await published(small)) == ("active", True, [])


async def test_a_departure_that_had_no_effect_yet_ends_the_pair_now(small: World) -> None:
    active = pair(1, 5, "PairCreated", "active", (1, 1))
    await rebuilt(small, refugee(1), refugee(1, 2, "withdrawn"), guide(1), active)
    (found,) = await small.rows("pairs")
    assert (found["status"], found["pair"]["end_reason"]) == ("ended", "withdrawn")
    assert await published(small) == [("PairEnded.v1", 6)]


async def test_of_the_past_no_coordinator_is_told_again_and_of_an_end_that_comes_now_they_are(
    small: World,
) -> None:
    small.wiring.resources.operators.put(OPERATOR.operator, OPERATOR)
    past = [
        pair(1, 1, "PairProposed", "proposed", (1, 1)),
        pair(1, 2, "ProposalDeclined", "declined", (1, 1)),
        pair(2, 1, "PairProposed", "proposed", (2, 1)),
        pair(2, 2, "PairCreated", "active", (2, 1)),
    ]
    await rebuilt(small, *past, refugee(1), refugee(2), refugee(2, 2, "withdrawn"), guide(1))
    notices = await small.sent(f"notices.{OPERATOR.operator}.v1")
    assert [(one["subject"], one["data"]["code"]) for one in notices] == [(who("pair", 2), "pair_ended")]


async def test_a_move_that_had_no_effect_yet_ends_the_pair_now(small: World) -> None:
    records = [pair(1, 1, "PairProposed", "proposed", (1, 1)), refugee(1), guide(1), elsewhere(1, 2)]
    await rebuilt(small, *records)
    assert await published(small) == [("PairEnded.v1", 2)]
    (ended,) = await small.rows("pairs")
    assert ended["pair"]["end_reason"] == "moved"


async def test_a_slot_may_have_been_held_by_many(small: World) -> None:
    first = [
        pair(1, 1, "PairProposed", "proposed", (1, 1)),
        pair(1, 2, "ProposalDeclined", "declined", (1, 1)),
    ]
    second = [pair(2, 1, "PairProposed", "proposed", (2, 1)), pair(2, 2, "PairCreated", "active", (2, 1))]
    # The newer one's whole life stands before the older one's on the topic's partitions, or beside it.
    await rebuilt(small, *second, *first, refugee(1), refugee(2), guide(1))
    assert await small.couples(open=True) == [(who("refugee", 2), who("volunteer", 1))]
    assert [row["status"] for row in await small.rows("pairs")] == ["declined", "active"]
    assert await published(small) == []


@pytest.mark.parametrize("others", [{"people": (2, 1)}, {"people": (1, 2), "slot": 1}])
async def test_of_two_in_one_place_the_older_had_ended(small: World, others: dict[str, Any]) -> None:
    """Its end was decided, and was lost on its way to the topic."""
    await rebuilt(
        small,
        *(refugee(1), refugee(2), guide(1), guide(2)),
        pair(3, 1, "PairProposed", "proposed", (1, 1)),
        pair(4, 1, "PairProposed", "proposed", **others),
    )
    assert [row["status"] for row in await small.rows("pairs")] == ["ended", "proposed"]
    assert await published(small) == [("PairEnded.v1", 2)]
    assert [row["subject"] for row in await small.rows("due", kind=EXPIRE)] == [who("pair", 4)]


async def test_of_two_rounds_on_one_day_the_later_ones_proposal_is_the_newer(small: World) -> None:
    """Both have the same deadline; their rounds' ids begin with their time."""

    def proposed(number: int, receiving: int, round_id: str) -> Record:
        made = pair(number, 1, "PairProposed", "proposed", (receiving, 1), proposed_on="2016-06-15")
        changed = orjson.loads(made[2] or b"")
        changed["data"]["receipt"]["round"] = round_id
        return made[0], made[1], orjson.dumps(changed)

    morning, evening = f"round-{UUID(int=1)}", f"round-{UUID(int=2)}"
    await rebuilt(small, refugee(1), refugee(2), guide(1), proposed(3, 1, morning), proposed(4, 2, evening))
    assert [row["status"] for row in await small.rows("pairs")] == ["ended", "proposed"]


async def test_a_deadline_stands_in_whatever_state_is_left(small: World) -> None:
    """Compaction leaves the newest state alone."""
    yes = [{"side": "giving", "accept": True, "on": "2016-06-15"}]
    await rebuilt(small, pair(1, 2, "AnswerRecorded", "proposed", (1, 1), answers=yes))
    (row,) = await small.rows("due")
    assert (row["kind"], row["due_at"]) == (EXPIRE, RESPOND_BY + timedelta(milliseconds=1))


async def test_an_erased_pair_stays_away(small: World) -> None:
    gone = (topics.PAIRS, who("pair", 1), None)
    await rebuilt(small, pair(1, 1, "PairEnded", "ended", (1, 1)), gone)
    assert await small.rows("pairs") == []


async def test_replicas_may_rebuild_at_once(world: World, small: World) -> None:
    records = [
        *(refugee(number) for number in range(1, 9)),
        *(guide(number) for number in range(1, 9)),
        *(pair(number, 1, "PairProposed", "proposed", (number, number)) for number in range(1, 9)),
        refugee(8, 2, "withdrawn"),
    ]
    await world.corner.produce(records)
    await asyncio.gather(world.rebuild(), small.rebuild())
    assert len(await small.rows("pairs", open=True)) == 7
    assert await published(small) == [("PairEnded.v1", 2)]
    assert world.wiring.past.until == small.wiring.past.until > 0


async def test_a_database_in_use_is_left_alone(world: World, small: World) -> None:
    """Of a release before rebuilds: it has no marker, and commands on the way are no past."""
    await world.apply(refugee(1))
    await rebuilt(small, pair(1, 1, "PairProposed", "proposed", (1, 1)))
    assert await small.rows("pairs") == []
    assert small.wiring.past.until == rebuild.NEVER


async def test_output_that_cannot_be_read_is_not_passed_over(small: World) -> None:
    """Else its revisions would be published a second time."""
    topic, key, _ = pair(1, 1, "PairProposed", "proposed", (1, 1))
    with pytest.raises(rebuild.OutputUnreadable, match="offset 0: not_json"):
        await rebuilt(small, (topic, key, b"{"))
    (marker,) = await small.rows(rebuild.COLLECTION)
    assert not marker["done"]


async def test_the_lost_database_s_relay_sends_nothing_any_more(small: World) -> None:
    """What it has under way would come after the end that was read."""
    settings = small.settings
    relay = relay_producer(settings.cluster, f"{small.corner.prefix}matching-relay")
    await relay.start()
    await relay.begin_transaction()
    _, key, value = pair(1, 1, "PairProposed", "proposed", (1, 1))
    await relay.send_and_wait(f"{small.corner.prefix}pairs.v1", value, key.encode())
    await small.rebuild()
    with pytest.raises((KafkaError, AssertionError)):
        await relay.commit_transaction()
    await relay.stop()
    assert await small.corner.read("pairs.v1") == []


async def test_a_party_is_stored_the_same_by_every_process(world: World) -> None:
    """Sets have another order in each."""
    interests = [f"interest_{number}" for number in range(20)]
    state = orjson.loads(refugee(1)[2] or b"")["data"] | {"interests": interests}
    await world.apply(event("RefugeeReady", who("refugee", 1), state, NOW, revision=1))
    (found,) = await world.rows("parties")
    assert found["attributes"]["interests"] == sorted(interests)


async def test_commands_of_the_past_have_no_effect_and_no_answer(small: World) -> None:
    await rebuilt(small, refugee(1), guide(1), pair(5, 1, "ProposalExpired", "expired", (2, 2)))
    until = small.wiring.past.until
    assert await command(small, until) == [Stale()]
    assert (await small.rows("due"), await small.rows("outbox")) == ([], [])
    assert await command(small, until + 1) == [Applied()]
    assert [row["kind"] for row in await small.rows("due")] == ["run_round"]


async def command(world: World, timestamp: int) -> list[Outcome]:
    """Gives RunRound in a record that the broker had at a time."""
    world.wiring.resources.operators.put(OPERATOR.operator, OPERATOR)
    _, _, value = event(
        "RunRound", POOL, {"reason": "weekly", "municipality": BERGEN, "programme": GUIDES}, NOW
    )
    document = orjson.loads(value or b"")
    del document["dataschema"]
    name = world.corner.prefix + topics.COMMANDS["matching"].named(OPERATOR.operator)
    raw = Raw(name, 0, 0, timestamp, POOL.encode(), orjson.dumps(document), STRUCTURED)
    record = Parser(topics.COMMANDS["matching"], world.corner.prefix).parse(raw)
    assert isinstance(record, Received)

    async def body(session: Session) -> list[Outcome]:
        now = world.wiring.resources.clock.now()
        work = Work(session, world.database, "matching", world.corner.prefix, now)
        outcomes = await world.wiring.commands.apply([record], work)
        await work.flush()
        return outcomes

    return await world.database.transact(body)
