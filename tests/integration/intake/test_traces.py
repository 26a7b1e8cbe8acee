"""Commands in traces: those in one record, and those that wait."""

from datetime import timedelta
from typing import Any

import pytest

from shared.mongo import Database
from tests.integration.intake.test_batches import batch, seen
from tests.integration.intake.test_commands import JOIN, REGISTER, approve
from tests.integration.intake.test_safeguard import BERGEN, IDS, STRICTLY, assert_of_their_own
from tests.integration.intake.world import World, settled
from tests.support.traced import SAMPLED, Traced, named, parent_of


@pytest.fixture
def traced() -> Traced:
    return Traced()


@pytest.fixture
async def world(database: Database, traced: Traced) -> World:
    made = World(database, tracer=traced.tracer)
    await made.ensure()
    return made


def within(document: dict[str, Any]) -> dict[str, Any]:
    return {**document, "traceparent": SAMPLED}


async def test_what_a_batch_s_commands_cause_is_below_the_batch(world: World, traced: Traced) -> None:
    await world.send(("red-1", within(batch("all", REGISTER, seen(kind="training")))))
    (span,) = traced.spans
    assert dict(span.attributes or {})["kobling.event.type"] == "no.kobling.command.RunBatch.v1"
    told = [*await world.sent("volunteers.v1"), *await world.sent("replies.red-1.v1")]
    assert len(told) == 5
    assert {row["value"]["traceparent"] for row in told} == {named(span)}


async def test_a_command_that_waits_for_its_subject_goes_on_in_its_trace(
    world: World, traced: Traced
) -> None:
    await world.send(("red-1", within({**seen(kind="training"), "id": "early"})))
    await world.send(("red-1", REGISTER))
    await world.run_due(timedelta(seconds=3))
    waited, ran = traced.spans
    assert (ran.name, parent_of(ran)) == ("run command", f"{waited.context.span_id:016x}")
    pending, accepted = [row for row in await world.sent("replies.red-1.v1") if row["key"] == "early"]
    assert pending["value"]["traceparent"] == named(waited)
    assert accepted["value"]["traceparent"] == named(ran)
    assert (await world.sent("volunteers.v1"))[-1]["value"]["traceparent"] == named(ran)


async def test_an_approval_that_waits_in_vain_is_told_in_its_trace(world: World, traced: Traced) -> None:
    await world.send(("red-1", REGISTER), ("red-1", JOIN))
    await world.send(("red-1", within(approve("one"))))
    (asked,) = traced.spans
    await world.run_due(timedelta(days=40))
    ran = traced.spans[-1]
    assert parent_of(ran) == f"{asked.context.span_id:016x}"
    *_, last = [row for row in await world.sent("replies.red-1.v1") if row["key"] == "one"]
    assert last["value"]["type"] == "no.kobling.CommandRejected.v1"
    assert last["value"]["traceparent"] == named(ran)


async def test_a_take_back_and_a_referral_carry_no_trace(world: World, traced: Traced) -> None:
    id_of = next(iter(IDS.values()))
    await world.settle((BERGEN, within(settled("A1", id_of(1), 7))))
    await world.settle((BERGEN, within(settled("A1", id_of(2), 8, **STRICTLY))))
    await world.settle((BERGEN, within(settled("A2", id_of(3), 8, unaccompanied_minor=True))))
    await world.run_due(timedelta(days=2))
    rows = [row["value"] for row in await world.sent("refugees.v1") if row["value"]]
    apart = [row for row in rows if row["type"].split(".")[2] in {"RefugeeWithdrawn", "RefugeeReferred"}]
    assert len(apart) == 2
    assert_of_their_own(apart, rows)
    assert "traceparent" in rows[0]
    assert {dict(span.attributes or {})["kobling.event.type"] for span in traced.spans} == {
        "no.kobling.PersonSettled.v1"
    }
