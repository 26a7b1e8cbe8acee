"""A pair is made in its people's trace, whoever acts."""

from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace import ReadableSpan

from services.matching.rows import EXPIRE
from services.matching.settings import Settings
from services.matching.state_hash import STATE
from shared.messaging.state_hash import state_hash
from shared.messaging.wiring import Resources
from tests.integration.matching.couples import Life
from tests.integration.matching.world import NOW, World, erased, guide, refugee, who
from tests.support.cluster import Corner, Record
from tests.support.traced import SAMPLED, SENT, TRACE, UNSAMPLED, Traced, links_of, named, parent_of

OTHER = f"00-{TRACE[::-1]}-{SENT}-01"


@pytest.fixture
def traced() -> Traced:
    return Traced()


@pytest.fixture
async def recording(world: World, traced: Traced, corner: Corner) -> AsyncIterator[World]:
    """A replica whose spans are recorded, on the database of `world`."""
    made = recorded(world, traced, NOW)
    yield made
    made.close()


def recorded(world: World, traced: Traced, now: Any) -> World:
    settings = Settings(**world.corner.settings)
    clock = world.wiring.resources.clock
    resources = replace(
        Resources.of("matching", settings),
        clock=replace(clock, offset=clock.offset + (now - NOW)),
        tracer=traced.tracer,
    )
    return World(world.corner, now, offsets=world.offsets, resources=resources)


def within(record: Record, traceparent: str) -> Record:
    """A state in a trace."""
    topic, key, value = record
    return topic, key, orjson.dumps({**orjson.loads(value or b""), "traceparent": traceparent})


def spans(traced: Traced) -> list[tuple[str, ReadableSpan]]:
    """The spans of pairs by name, in their order."""
    return [(span.name, span) for span in traced.spans if not span.name.startswith("process ")]


async def trace_of(world: World, kind: str, number: int = 1) -> str | None:
    """What is kept of somebody's trace."""
    (row,) = await world.rows("parties", _id=who(kind, number))
    kept: str | None = row.get("trace")
    return kept


async def test_a_round_proposes_in_the_refugee_s_trace(recording: World, traced: Traced) -> None:
    await recording.apply(within(refugee(1), SAMPLED), guide(1))
    (processed,) = traced.spans
    await recording.run_round()
    ((name, span),) = spans(traced)
    assert (name, parent_of(span)) == ("PairProposed", f"{processed.context.span_id:016x}")
    (proposed,) = await recording.sent("pairs.v1")
    assert proposed["traceparent"] == named(span)
    (row,) = await recording.rows("due", kind=EXPIRE)
    assert row["data"]["traceparent"] == named(span)
    # The round is nobody's: what it publishes of all carries no trace.
    assert [one for one in await recording.sent("rounds.v1") if "traceparent" in one] == []


async def test_of_two_traces_the_refugee_s_is_followed(recording: World, traced: Traced) -> None:
    await recording.apply(within(refugee(1), SAMPLED), within(guide(1), OTHER))
    await recording.run_round()
    ((_, span),) = spans(traced)
    assert f"{span.context.trace_id:032x}" == TRACE


async def test_without_it_the_guide_s_is(recording: World, traced: Traced) -> None:
    await recording.apply(refugee(1), within(guide(1), OTHER))
    await recording.run_round()
    ((_, span),) = spans(traced)
    assert f"{span.context.trace_id:032x}" == TRACE[::-1]


async def test_a_person_keeps_the_first_recorded_trace(recording: World, traced: Traced) -> None:
    await recording.apply(within(refugee(1), UNSAMPLED))
    assert await trace_of(recording, "refugee") is None
    await recording.apply(within(refugee(1, revision=2), SAMPLED))
    first = named(traced.spans[0])
    assert await trace_of(recording, "refugee") == first
    await recording.apply(within(refugee(1, revision=3), OTHER), refugee(1, revision=4))
    assert await trace_of(recording, "refugee") == first


async def test_nothing_is_kept_of_who_is_erased_nor_where_nothing_is_recorded(
    recording: World, world: World
) -> None:
    await recording.apply(within(refugee(1), SAMPLED), erased("refugee", 1))
    assert await trace_of(recording, "refugee") is None
    await world.apply(within(refugee(2), SAMPLED), guide(1))
    await world.run_round()
    assert await trace_of(world, "refugee", 2) is None
    (proposed,) = await world.sent("pairs.v1")
    assert "traceparent" not in proposed


async def test_each_step_to_the_pair_is_below_the_last_and_then_the_trace_ends(
    recording: World, traced: Traced
) -> None:
    life = Life(recording)
    await recording.apply(within(refugee(1), SAMPLED))
    pair = await life.create()
    steps = spans(traced)
    assert [name for name, _ in steps] == [
        "PairProposed",
        "AnswerRecorded",
        "ProposalAccepted",
        "AgreementSigned",
        "AgreementSigned",
        "PairCreated",
    ]
    parents = [parent_of(span) for _, span in steps]
    assert parents[1:] == [f"{span.context.span_id:016x}" for _, span in steps[:-1]]
    published = [one.get("traceparent") for one in await recording.sent("pairs.v1")]
    assert published == [named(span) for _, span in steps]
    await life.accepted("LogMeeting", pair, held_on="2016-06-15", hours=1.0)
    assert len(spans(traced)) == len(steps)
    assert "traceparent" not in (await recording.sent("pairs.v1"))[-1]
    (row,) = await recording.rows("pairs")
    assert "trace" not in row
    life.close()


async def test_a_proposal_that_nobody_answers_ends_in_its_trace(recording: World, traced: Traced) -> None:
    await recording.apply(within(refugee(1), SAMPLED), guide(1))
    await recording.run_round()
    later = recorded(recording, traced, NOW + timedelta(days=60))
    await later.run_due()
    (_, proposed), (run, ran), *_ = [one for one in spans(traced) if one[0] != "ProposalExpired"]
    assert (run, parent_of(ran)) == (f"run {EXPIRE}", f"{proposed.context.span_id:016x}")
    expired = (await later.sent("pairs.v1"))[1]
    assert (expired["type"], expired["traceparent"]) == ("no.kobling.ProposalExpired.v1", named(ran))
    later.close()


async def test_the_state_s_hash_is_the_same_with_traces_and_without(recording: World) -> None:
    await recording.apply(within(refugee(1), SAMPLED), guide(1))
    await recording.run_round()
    with_traces = await state_hash(recording.database, STATE)
    for collection in ("parties", "pairs"):
        changed = await recording.database[collection].update_many(
            {"trace": {"$exists": True}}, {"$unset": {"trace": ""}}
        )
        assert changed.modified_count == 1
    assert await state_hash(recording.database, STATE) == with_traces


async def test_a_round_that_is_asked_for_in_a_trace_is_linked(recording: World, traced: Traced) -> None:
    await recording.apply(within(refugee(1), SAMPLED), guide(1))
    await recording.ask_round(traceparent=OTHER)
    await recording.run_due()
    (name, proposed), (run, ran) = spans(traced)
    assert (name, run) == ("PairProposed", "run run_round")
    assert f"{ran.context.trace_id:032x}" == TRACE[::-1]
    assert links_of(proposed) == [f"{ran.context.span_id:016x}"]
    (completed, *_) = await recording.sent("rounds.v1")
    assert completed["traceparent"] == named(ran)
