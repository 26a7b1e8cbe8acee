"""Spans of batches and of due rows: of what was committed, and of nothing else."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson
import pytest
from opentelemetry.sdk.trace.sampling import ALWAYS_ON, ParentBased
from pymongo.errors import AutoReconnect

from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.intake.receipts import SETTLEMENT_RECEIPT, SettlementReceipt
from shared.health import Health
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.due import Task
from shared.messaging.due_runner import DueRunner
from shared.messaging.reading.records import Readable
from shared.messaging.work import DueRow, Work
from tests.integration.matching.world import refugee
from tests.integration.messaging.ledger import Commits, Ledger, processor, raws
from tests.integration.messaging.test_due import NOW, schedule
from tests.support.cluster import Corner
from tests.support.outbox import waiting_rows
from tests.support.traced import SAMPLED, SENT, TRACE, UNSAMPLED, Traced, named, parent_of
from tests.unit.messaging.records import raw, settlement
from tests.unit.messaging.test_personal_numbers import TRACE as WITH_NUMBER


def traced_processor(corner: Corner, ledger: Ledger, traced: Traced, **options: Any) -> BatchProcessor:
    """A processor whose spans are recorded."""
    handler = processor(corner, ledger, **options)
    handler.transaction = replace(handler.transaction, tracer=traced.tracer)
    return handler


def sent(case: str, traceparent: str | None = SAMPLED) -> dict[str, Any]:
    """A settlement in a trace."""
    return settlement(case) if traceparent is None else {**settlement(case), "traceparent": traceparent}


async def passed_on(ledger: Ledger) -> dict[int, str | None]:
    """The `traceparent` of each receipt that waits to be sent, by the offset that it answers."""
    receipts = [
        orjson.loads(row.value or b"")
        for row in await waiting_rows(ledger.database)
        if row.topic.startswith("receipts.")
    ]
    return {one["data"]["offset"]: one.get("traceparent") for one in receipts}


async def test_each_record_of_a_sampled_trace_has_a_span_and_what_it_causes_is_below_it(
    corner: Corner, ledger: Ledger
) -> None:
    traced = Traced()
    batch = [sent("BER-1"), sent("BER-2", None), sent("BER-3", UNSAMPLED), sent("BER-1"), sent("BER-4")]
    wrong = {**sent("BER-5"), "type": "no.kobling.PersonSettled.v9"}
    await traced_processor(corner, ledger, traced).process(raws([*batch, wrong, b"nonsense"]), Commits())
    assert traced.outcomes == [
        (0, "applied", None),
        (3, "duplicate", None),
        (4, "applied", None),
        (5, "dead", "unknown_version"),
    ]
    assert {parent_of(span) for span in traced.spans} == {SENT}
    assert {f"{span.context.trace_id:032x}" for span in traced.spans} == {TRACE}
    first, again, last, _ = map(named, traced.spans)
    # What isn't recorded is passed on as it came; a refused record's receipt tells nothing of it, as ever.
    told = {0: first, 1: None, 2: UNSAMPLED, 3: again, 4: last, 5: None, 6: None}
    assert await passed_on(ledger) == told
    assert ledger.reported[5] == (5, "Dead")


async def test_a_span_says_where_its_record_stands(corner: Corner, ledger: Ledger) -> None:
    traced = Traced()
    await traced_processor(corner, ledger, traced).process(raws([sent("BER-1")], start=41), Commits())
    (span,) = traced.spans
    assert (span.name, span.kind.name) == ("process settlements.<municipality>.v1", "CONSUMER")
    assert dict(span.attributes or {}) == {
        "messaging.system": "kafka",
        "messaging.operation.name": "process",
        "messaging.operation.type": "process",
        "messaging.destination.name": "settlements.no-4601.v1",
        "messaging.destination.template": "settlements.<municipality>.v1",
        "messaging.destination.partition.id": "0",
        "messaging.kafka.offset": 41,
        "messaging.consumer.group.name": "intake.settlements",
        "kobling.event.type": "no.kobling.PersonSettled.v1",
        "kobling.outcome": "applied",
    }


async def test_a_transaction_that_is_run_again_has_one_span_a_record(corner: Corner, ledger: Ledger) -> None:
    traced = Traced()
    failing = iter([AutoReconnect("away"), AutoReconnect("away")])

    def fail(_: Readable) -> None:
        if (error := next(failing, None)) is not None:
            raise error

    ledger.before = fail
    await traced_processor(corner, ledger, traced).process(raws([sent("BER-1"), sent("BER-2")]), Commits())
    assert traced.outcomes == [(0, "applied", None), (1, "applied", None)]
    assert await passed_on(ledger) == dict(enumerate(map(named, traced.spans)))


async def test_a_record_that_no_release_can_handle_is_told_as_dead_among_the_others(
    corner: Corner, ledger: Ledger
) -> None:
    def fail(record: Readable) -> None:
        if record.key == "BER-2":
            raise ZeroDivisionError

    ledger.before = fail
    traced = Traced()
    batch = raws([sent("BER-1"), sent("BER-2"), sent("BER-3")])
    await traced_processor(corner, ledger, traced).process(batch, Commits())
    assert traced.outcomes == [
        (0, "applied", None),
        (1, "dead", "unhandled_exception"),
        (2, "applied", None),
    ]


async def test_a_crash_inside_the_transaction_leaves_no_span(corner: Corner, ledger: Ledger) -> None:
    class Crash(BaseException):
        pass

    def crash(_: Readable) -> None:
        raise Crash

    ledger.before = crash
    traced = Traced()
    with pytest.raises(Crash):
        await traced_processor(corner, ledger, traced).process(raws([sent("BER-1")]), Commits())
    assert traced.spans == ()


async def test_a_record_that_is_delivered_again_says_so_and_sends_nothing(
    corner: Corner, ledger: Ledger
) -> None:
    batch, traced = raws([sent("BER-1")]), Traced()
    await traced_processor(corner, ledger, traced).process(batch, Commits())
    before = await passed_on(ledger)
    await traced_processor(corner, ledger, traced).process(batch, Commits())
    assert traced.outcomes == [(0, "applied", None), (0, "redelivered", None)]
    assert await passed_on(ledger) == before == {0: named(traced.spans[0])}


async def test_a_trace_that_seems_to_hold_a_personal_number_is_not_recorded(
    corner: Corner, ledger: Ledger
) -> None:
    traced = Traced(ParentBased(ALWAYS_ON))
    refused = {**sent("BER-2", WITH_NUMBER), "type": "no.kobling.PersonSettled.v9"}
    batch = raws([sent("BER-1", WITH_NUMBER), refused])
    await traced_processor(corner, ledger, traced).process(batch, Commits())
    # By this sampler the first begins a trace of its own.
    (span,) = traced.spans
    assert span.parent is None
    assert f"{span.context.trace_id:032x}" not in WITH_NUMBER


async def test_what_comes_without_a_trace_may_begin_one(corner: Corner, ledger: Ledger) -> None:
    traced = Traced(ParentBased(ALWAYS_ON))
    batch = raws([sent("BER-1", None), sent("BER-2", UNSAMPLED)])
    await traced_processor(corner, ledger, traced).process(batch, Commits())
    (span,) = traced.spans
    assert span.parent is None
    assert await passed_on(ledger) == {0: named(span), 1: UNSAMPLED}


async def test_a_state_without_a_trace_begins_none(corner: Corner, ledger: Ledger) -> None:
    traced = Traced(ParentBased(ALWAYS_ON))
    handler = traced_processor(corner, ledger, traced, topic=topics.REFUGEES)
    topic, key, value = refugee(1)
    await handler.process([raw(value, topic=topic.name, key=key)], Commits())
    assert ledger.reported == [(0, "Applied")]
    assert traced.spans == ()


# Due rows


def runner(ledger: Ledger, traced: Traced | None) -> DueRunner:
    """What runs rows that send a receipt, and rows that fail after that."""

    async def remind(task: Task) -> None:
        async def send(work: Work) -> None:
            receipt = SettlementReceipt(outcome="accepted", partition=0, offset=1)
            work.emit(SETTLEMENT_RECEIPT, subject="case", data=receipt, cause=task.row.cause, owner="no-4601")
            if task.row.kind == "fail":
                raise ZeroDivisionError

        await task.finish(send)

    handlers = {"remind": remind, "fail": remind}
    return DueRunner(
        ledger.database,
        "intake",
        "",
        Clock(source=lambda: NOW),
        handlers,
        Health(),
        lambda: None,
        timedelta(milliseconds=20),
        tracer=None if traced is None else traced.tracer,
    )


def row(kind: str = "remind", **data: Any) -> DueRow:
    return DueRow(f"{kind}/1", kind, NOW, "pair-1", data=data)


async def test_a_row_s_run_is_a_span_below_what_called_for_it(ledger: Ledger) -> None:
    traced = Traced()
    await schedule(ledger, row(traceparent=SAMPLED))
    await runner(ledger, traced).run_due()
    (span,) = traced.spans
    assert (span.name, parent_of(span)) == ("run remind", SENT)
    assert dict(span.attributes or {}) == {"kobling.due.kind": "remind"}
    assert await passed_on(ledger) == {1: named(span)}


async def test_a_row_that_nothing_traced_called_for_has_none(ledger: Ledger) -> None:
    traced = Traced(ParentBased(ALWAYS_ON))
    await schedule(ledger, row())
    await runner(ledger, traced).run_due()
    assert traced.spans == ()
    assert await passed_on(ledger) == {1: None}


async def test_a_row_that_fails_leaves_no_span(ledger: Ledger) -> None:
    traced = Traced()
    await schedule(ledger, row("fail", traceparent=SAMPLED))
    await runner(ledger, traced).run_due()
    assert traced.spans == ()
    assert await passed_on(ledger) == {}


async def test_a_row_of_a_time_when_traces_were_recorded_runs_without(ledger: Ledger) -> None:
    await schedule(ledger, row(traceparent=SAMPLED))
    await runner(ledger, None).run_due()
    assert await passed_on(ledger) == {1: SAMPLED}
