"""Letters in traces: each that goes out is below the record that called for it, at whichever try."""

import pytest

from tests.integration.notifications.people import both_cards
from tests.integration.notifications.world import World, subjects
from tests.support.cluster import wait_until
from tests.support.collector import Collector
from tests.support.traced import SAMPLED, SENT, TRACE


async def test_a_letter_that_goes_out_at_a_later_try_is_in_its_trace(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    pair, receiving, giving = subjects()
    world.sink.recipient_replies["zahrabanu@mail.example"] = "451 try later"
    with Collector().running() as collector:
        monkeypatch.setenv("OTEL_EXPORTER_OTLP_ENDPOINT", collector.endpoint)
        await world.start()
        await both_cards(world, receiving, giving)
        world.traceparent = SAMPLED
        await world.pair(pair, 1, receiving, giving)

        async def refused() -> bool:
            return world.sink.refusals >= 2

        await wait_until(refused, "two refusals")
        world.sink.recipient_replies.clear()
        await world.ended()
        sent = await world.events_until(2)
        # Stopping sends the last of them.
        await world.stop()
    (processed,) = collector.named("process pairs.v1")
    assert (processed.service, processed.parent) == ("kobling-notifications", SENT)
    runs = collector.named("run send_message")
    # Each try is a run, the refused ones too.
    assert len(runs) >= 4
    assert {run.parent for run in runs} == {processed.id}
    parents = {(event.traceparent or "").split("-")[2] for event in sent}
    assert len(parents) == 2
    assert parents <= {run.id for run in runs}
    assert {span.trace for span in collector.spans} == {TRACE}
