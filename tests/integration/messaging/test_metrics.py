"""What a service tells Prometheus, read as Prometheus reads it."""

from datetime import timedelta

import pytest
from prometheus_client.parser import text_string_to_metric_families
from pymongo.errors import AutoReconnect
from structlog.testing import capture_logs

from deploy.local.stack import Addresses
from shared.clock import Clock
from shared.messaging.batches import committing
from shared.messaging.metrics import Metrics, family
from shared.messaging.reading.records import Readable
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.outbox import Row, bundled
from shared.messaging.sending.producers import relay_producer
from shared.messaging.work import DueRow, microseconds
from shared.mongo import Database
from shared.retry import Backoff
from tests.integration.messaging.ledger import Commits, Ledger, processor, raws
from tests.integration.messaging.members import member, named, send
from tests.support.cluster import Corner, wait_until
from tests.unit.messaging.records import settlement

FAMILY = "settlements.<municipality>.v1"
LAGS = ("kobling_consumer_lag", "kobling_consumer_lag_to_end")
POLITE = Backoff(first=timedelta(milliseconds=100), ceiling=timedelta(milliseconds=100))


async def samples(metrics: Metrics, database: Database) -> dict[str, float]:
    """Each sample by its name and its labels' values, such as `kobling_records_total a 0 dead`."""
    page = (await metrics.render(database, Clock())).decode()
    return {
        " ".join([sample.name, *(sample.labels[label] for label in sorted(sample.labels))]): sample.value
        for metric in text_string_to_metric_families(page)
        for sample in metric.samples
    }


async def test_outcomes_are_counted_once_by_family_and_no_label_names_anybody(
    corner: Corner, ledger: Ledger
) -> None:
    handler = processor(corner, ledger)
    failed: list[str] = []

    def fail_once(record: Readable) -> None:
        if not failed:
            failed.append(record.key)
            raise AutoReconnect

    ledger.before = fail_once
    batch = raws([settlement("BER-1"), b"nonsense", settlement("BER-2")])
    with capture_logs() as logged:
        await handler.process(batch, Commits())
        await handler.process(batch, Commits())
    assert failed
    found = await samples(handler.metrics, ledger.database)
    counted = {name: value for name, value in found.items() if name.startswith("kobling_records_total")}
    assert counted == {
        f"kobling_records_total applied 0 {FAMILY}": 2,
        f"kobling_records_total duplicate 0 {FAMILY}": 0,
        f"kobling_records_total stale 0 {FAMILY}": 0,
        f"kobling_records_total dead 0 {FAMILY}": 1,
    }
    assert found["kobling_batch_seconds_count settlements"] == 2
    # Labels in the order of their names: the code, then the topic. Delivered again it is no new refusal.
    refused = {name: value for name, value in found.items() if name.startswith("kobling_records_refused")}
    assert refused == {f"kobling_records_refused_total not_json {FAMILY}": 1}
    lines = [line for line in logged if line["event"] == "records_refused"]
    assert [(line["topic"], line["code"], line["offsets"]) for line in lines] == [
        ("settlements.no-4601.v1", "not_json", str(batch[1].offset))
    ]
    page = (await handler.metrics.render(ledger.database, Clock())).decode()
    assert "BER-" not in page
    assert "no-4601" not in page


async def test_what_waits_is_told_from_the_database(corner: Corner, ledger: Ledger) -> None:
    metrics, now = Metrics(), Clock().now()
    orders = [microseconds(now - timedelta(minutes=number)) for number in (1, 5, 5)]
    rows = [Row("t", b"%d" % number, b"", (), order, 0) for number, order in enumerate(orders)]
    await ledger.database["outbox"].insert_many(bundled(rows))
    for number, late in enumerate((timedelta(seconds=5), timedelta(hours=1), -timedelta(hours=1))):
        await ledger.database["due"].insert_one(DueRow(str(number), "k", now - late, "s").document())
    await ledger.database["positions"].insert_many(
        [
            {
                "_id": city,
                "topic": f"settlements.{city}.v1",
                "partition": 0,
                "skipped": 2,
                "expired": 3,
                "truncated": 4,
                "unacknowledged": 1,
            }
            for city in ("no-4601", "no-5501")
        ]
    )
    found = await samples(metrics, ledger.database)
    assert found["kobling_outbox_rows"] == 3
    assert found["kobling_outbox_oldest_seconds"] >= 300
    assert found["kobling_due_rows_late"] == 1
    assert found[f"kobling_offsets_skipped_total 0 {FAMILY}"] == 4
    assert found[f"kobling_offsets_expired_total 0 {FAMILY}"] == 6
    assert found[f"kobling_offsets_truncated_total 0 {FAMILY}"] == 8
    assert found["kobling_offsets_expired_unacknowledged"] == 2


async def test_a_database_that_does_not_answer_leaves_its_gauges_out_and_no_alarm(
    corner: Corner, ledger: Ledger
) -> None:
    metrics = Metrics()
    await ledger.database["positions"].insert_one(
        {"_id": "a", "topic": "settlements.no-4601.v1", "partition": 0, "skipped": 2}
    )
    found = await samples(metrics, ledger.database)
    assert "kobling_outbox_rows" in found
    assert found["kobling_database_answered"] == 1
    away = Database("mongodb://127.0.0.1:9/?serverSelectionTimeoutMS=50", "away")
    found = await samples(metrics, away)
    assert "kobling_outbox_rows" not in found
    assert found["kobling_database_answered"] == 0
    assert found[f"kobling_offsets_skipped_total 0 {FAMILY}"] == 2
    assert "process_resident_memory_bytes" in found


async def test_lag_is_what_was_not_handled_yet(corner: Corner, ledger: Ledger, stack: Addresses) -> None:
    await corner.create_topics(["no-4601"], service="intake")
    await send(stack, corner.prefix, "no-4601", [named("no-4601", number) for number in range(5)])
    away = True

    def wait(_: Readable) -> None:
        if away:
            raise AutoReconnect

    ledger.before = wait
    async with member(stack, ledger, corner.prefix, backoff=POLITE) as (_, handler):

        async def lag(count: int) -> bool:
            found = await samples(handler.metrics, ledger.database)
            return found.get(f"kobling_consumer_lag 0 {FAMILY}") == count

        await wait_until(lambda: lag(5))
        away = False
        await wait_until(lambda: lag(0))


async def test_a_relay_leads_while_it_holds_the_lease(ledger: Ledger) -> None:
    lease = Lease(ledger.database, "relay")
    other = Metrics(leads=lambda: Lease(ledger.database, "relay").held)
    metrics = Metrics(leads=lambda: lease.held)
    assert (await samples(metrics, ledger.database))["kobling_relay_leads"] == 0
    await lease.acquire()
    assert (await samples(metrics, ledger.database))["kobling_relay_leads"] == 1
    assert (await samples(other, ledger.database))["kobling_relay_leads"] == 0
    await lease.release()
    assert (await samples(metrics, ledger.database))["kobling_relay_leads"] == 0


@pytest.mark.parametrize(
    ("topic", "name"),
    [
        ("p.refugees.v1", "refugees.v1"),
        ("p.receipts.no-4601.v1", "receipts.<municipality>.v1"),
        ("x.v1", "other"),
    ],
)
def test_a_topic_is_known_by_its_familys_name(topic: str, name: str) -> None:
    assert family(topic, "p.") == name


async def test_an_open_transaction_of_a_sender_shows_as_lag_to_the_end_and_for_how_long(
    corner: Corner, ledger: Ledger, stack: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committing, "OPEN_LONG", timedelta(seconds=1))
    await corner.create_topics(["no-4601"], service="intake")
    producer = relay_producer(stack.cluster, f"{corner.prefix}outside")
    await producer.start()
    async with member(stack, ledger, corner.prefix) as (_, handler):
        topic = f"{corner.prefix}settlements.no-4601.v1"
        await producer.begin_transaction()
        await producer.send_and_wait(topic, b"open", b"open", partition=0)
        await send(stack, corner.prefix, "no-4601", [named("no-4601", 1)])

        async def shown() -> bool:
            found = await samples(handler.metrics, ledger.database)
            held = found.get(f"kobling_consumer_held_seconds 0 {FAMILY}", 0.0)
            behind = (found.get(f"{name} 0 {FAMILY}") for name in LAGS)
            return tuple(behind) == (0, 2) and held >= 1 and "settlements" in handler.health.notes

        async def over() -> bool:
            found = await samples(handler.metrics, ledger.database)
            return found[f"kobling_consumer_held_seconds 0 {FAMILY}"] == 0 and not handler.health.notes

        await wait_until(shown)
        assert f"{topic}/0: a sender's transaction" in handler.health.notes["settlements"]
        assert handler.health.causes == {}
        await producer.abort_transaction()
        await wait_until(over)
        await wait_until(lambda: _handled(ledger))
    await producer.stop()


async def _handled(ledger: Ledger) -> bool:
    return await ledger.count("ledger") == 1
