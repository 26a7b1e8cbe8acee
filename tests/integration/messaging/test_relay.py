import asyncio
from collections.abc import AsyncIterator, Collection
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import orjson
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, MessageSizeTooLargeError, ProducerFenced
from pymongo import MongoClient

from deploy.local.stack import Addresses
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.health import Health
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.outbox import Bundle, Place, Row, bundled, slot_of, waiting
from shared.messaging.sending.producers import relay_producer
from shared.messaging.sending.relay import Relay
from shared.retry import Backoff
from tests.integration.messaging.ledger import Ledger
from tests.support.cluster import Corner, wait_until
from tests.support.outbox import waiting_rows


@pytest.fixture
async def pairs(corner: Corner) -> str:
    await corner.create_topics(["no-4601"], service="intake")
    await corner.create_topics(service="matching")
    return topics.PAIRS.name


def relay(
    corner: Corner,
    ledger: Ledger,
    stack: Addresses,
    part: int = 0,
    parts: int = 1,
    poll: timedelta = timedelta(milliseconds=20),
) -> Relay:
    return Relay(
        ledger.database,
        Lease(ledger.database, "relay", part, parts),
        lambda: relay_producer(stack.cluster, f"{corner.prefix}relay-{part}"),
        lambda _: (),
        Health(),
        rows=100,
        poll=poll,
        backoff=Backoff(timedelta(milliseconds=10), timedelta(milliseconds=50)),
    )


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(one.run()) for one in relays]
    try:
        yield
    finally:
        for one in relays:
            one.stop()
        await asyncio.wait_for(asyncio.gather(*tasks), 20)


def row(corner: Corner, key: str, revision: int, topic: Topic = topics.PAIRS, owner: str = "") -> Row:
    name = topic.named(owner, corner.prefix) if owner else corner.prefix + topic.name
    value, headers = orjson.dumps({"revision": revision}), (("content-type", b"application/json"),)
    return Row(name, key.encode(), value, headers, revision, slot_of(topic, name, key.encode()))


def receipt(corner: Corner, revision: int, owner: str) -> Row:
    return row(corner, "case", revision, topics.RECEIPTS, owner)


async def put(ledger: Ledger, *rows: Row) -> None:
    """As a transaction would."""
    await ledger.database["outbox"].insert_many(bundled(rows))


async def revisions(corner: Corner, topic: str) -> dict[str, list[int]]:
    """Revisions by key, as a reader of committed records meets them."""
    found: dict[str, list[int]] = {}
    for record in await corner.read(topic):
        found.setdefault((record.key or b"").decode(), []).append(
            orjson.loads(record.value or b"{}")["revision"]
        )
    return found


async def empty(ledger: Ledger) -> bool:
    return await ledger.count("outbox") == 0


async def test_rows_of_a_key_arrive_in_order_and_are_deleted(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    rows = [row(corner, f"pair-{key}", revision) for revision in range(1, 6) for key in range(30)]
    await put(ledger, *rows[::-1])
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, pairs) == {f"pair-{key}": [1, 2, 3, 4, 5] for key in range(30)}


@pytest.mark.parametrize(("keys", "revisions_each"), [(1, 4), (350, 1)], ids=["of one key", "over its limit"])
async def test_what_is_left_behind_goes_without_waiting(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, keys: int, revisions_each: int
) -> None:
    ascending = range(1, revisions_each + 1)
    await put(
        ledger, *(row(corner, f"pair-{key}", revision) for revision in ascending for key in range(keys))
    )
    async with running(relay(corner, ledger, stack, poll=timedelta(minutes=10))):
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, pairs) == {f"pair-{key}": list(ascending) for key in range(keys)}


async def test_relays_that_share_an_outbox_send_every_row_once_and_in_order(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    rows = [row(corner, f"pair-{key}", revision) for revision in range(1, 6) for key in range(30)]
    await put(ledger, *rows[::-1])
    quarters = [relay(corner, ledger, stack, part, 4) for part in range(4)]
    async with running(quarters[0]):
        await wait_until(lambda: _without(ledger, slots=[0, 4, 8, 12]))
        others = [one for one in rows if one.slot % 4]
        assert await waiting(ledger.database) == len(others) > 0
        async with running(*quarters[1:]):
            await wait_until(lambda: empty(ledger))
    assert await revisions(corner, pairs) == {f"pair-{key}": [1, 2, 3, 4, 5] for key in range(30)}


async def test_of_two_relays_one_sends_and_the_other_takes_over(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    first, second = relay(corner, ledger, stack), relay(corner, ledger, stack)
    async with running(second):
        async with running(first):
            for revision in range(1, 11):
                await put(ledger, row(corner, "pair-a", revision))
            await wait_until(lambda: empty(ledger))
        await put(ledger, row(corner, "pair-a", 11))
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, pairs) == {"pair-a": list(range(1, 12))}


async def test_a_relay_that_was_overtaken_can_append_nothing(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    """It read revision 1, slept past its lease, and wakes when revision 2 has been sent by another."""
    sleeper = relay(corner, ledger, stack)
    producer = sleeper.make_producer()
    await producer.start()
    await put(ledger, row(corner, "pair-a", 1))
    (read,) = await waiting_rows(ledger.database)
    await producer.begin_transaction()
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: empty(ledger))
        await put(ledger, row(corner, "pair-a", 2))
        await wait_until(lambda: empty(ledger))
        with pytest.raises((ProducerFenced, InvalidProducerEpoch, AssertionError)):
            await _finish(producer, read)
        await put(ledger, row(corner, "pair-a", 3))
        await wait_until(lambda: empty(ledger))
    await asyncio.wait_for(producer.stop(), 10)
    assert await revisions(corner, pairs) == {"pair-a": [1, 2, 3]}


async def test_a_fenced_relay_competes_again_and_reads_afresh(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    made = relay(corner, ledger, stack)
    async with running(made):
        await put(ledger, row(corner, "pair-a", 1))
        await wait_until(lambda: empty(ledger))
        intruder = made.make_producer()
        await intruder.start()
        await put(ledger, row(corner, "pair-a", 2), row(corner, "pair-a", 3))
        await wait_until(lambda: empty(ledger))
        await intruder.stop()
    assert await revisions(corner, pairs) == {"pair-a": [1, 2, 3]}


async def test_a_crash_between_acknowledgement_and_deletion_repeats_and_reorders_nothing(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    rows = [row(corner, "pair-a", revision) for revision in (1, 2)]
    await put(ledger, rows[0])
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: empty(ledger))
    await put(ledger, *rows)
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, pairs) == {"pair-a": [1, 1, 2]}


async def test_a_topic_that_does_not_exist_holds_up_nobody(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.relay.MISSING", timedelta(seconds=1))
    missing = topics.RECEIPTS.named("dk-751")
    await put(ledger, receipt(corner, 1, "dk-751"), receipt(corner, 2, "dk-751"), row(corner, "pair-a", 1))
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: _left(ledger, 2))
        assert await revisions(corner, pairs) == {"pair-a": [1]}
        await corner.create_topics(["dk-751"], service="intake")
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, missing) == {"case": [1, 2]}


async def test_notices_wait_for_their_topic_in_an_installation_that_was_set_up_before_there_were_any(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.relay.MISSING", timedelta(seconds=1))
    await corner.create_topics(["no-4601"], ["bergen-1"], service="matching")
    notices = topics.NOTICES.named("bergen-1")
    await corner.delete_topic(notices)
    told = [row(corner, "pair-a", number, topics.NOTICES, "bergen-1") for number in (1, 2)]
    reply = row(corner, "command-1", 1, topics.REPLIES, "bergen-1")
    await put(ledger, *told, reply, row(corner, "pair-a", 3))
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: _left(ledger, 2))
        assert await revisions(corner, pairs) == {"pair-a": [3]}
        assert await revisions(corner, topics.REPLIES.named("bergen-1")) == {"command-1": [1]}
        # As `kobling setup` does.
        await corner.create_topics(["no-4601"], ["bergen-1"], service="matching")
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, notices) == {"pair-a": [1, 2]}


async def test_a_record_that_the_broker_refuses_holds_up_its_own_key_alone(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.relay.REFUSED", timedelta(seconds=1))
    large = row(corner, "pair-a", 1)._replace(value=b"x" * 1_500_000)
    others = [row(corner, f"pair-{number}", 1) for number in range(40)]
    await put(ledger, *others[:20], large, row(corner, "pair-a", 2), *others[20:])
    together = await ledger.database["outbox"].count_documents({"order": 1, "slot": large.slot})
    assert together < sum(one.slot == large.slot for one in others)
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: _left(ledger, 2))
        assert await revisions(corner, pairs) == {f"pair-{number}": [1] for number in range(40)}
        small = [[large.key, orjson.dumps({"revision": 1})]]
        await ledger.database["outbox"].update_one({"order": 1}, {"$set": {"rows": small}})
        await wait_until(lambda: empty(ledger))
    assert (await revisions(corner, pairs))["pair-a"] == [1, 2]


async def test_a_newer_row_waits_for_the_older_ones_of_its_topic(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.relay.MISSING", timedelta(seconds=2))
    missing = topics.RECEIPTS.named("dk-751")
    await put(ledger, receipt(corner, 1, "dk-751"), row(corner, "pair-a", 1))
    async with running(relay(corner, ledger, stack)):
        await wait_until(lambda: _left(ledger, 1))
        await corner.create_topics(["dk-751"], service="intake")
        await put(ledger, receipt(corner, 2, "dk-751"))
        await wait_until(lambda: empty(ledger))
    assert await revisions(corner, missing) == {"case": [1, 2]}


async def test_of_a_key_one_row_is_in_hand_and_none_before_an_older_one(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    rows = [row(corner, f"pair-{key}", revision) for revision in (1, 2, 3) for key in "abc"]
    await put(ledger, *rows[::-1])
    found = [one for bundle in (await relay(corner, ledger, stack)._oldest())[0] for one in bundle.rows]
    assert sorted((one.key or b"", one.order) for one in found) == [
        (b"pair-a", 1),
        (b"pair-b", 1),
        (b"pair-c", 1),
    ]


async def test_a_key_that_waits_holds_up_no_other(corner: Corner, ledger: Ledger, stack: Addresses) -> None:
    """Bundles stay behind an older one that has a key of theirs, whether that one goes or stays too."""
    chain = ["pair-a", "pair-a", "pair-a pair-b", "pair-b pair-c", "pair-c", "pair-d"]
    for order, keys in enumerate(chain):
        await put(ledger, *(row(corner, key, order)._replace(slot=0) for key in keys.split()))
    found, _ = await relay(corner, ledger, stack)._oldest()
    assert [[one.order for one in bundle.rows] for bundle in found] == [[0], [5]]


async def test_what_is_stored_while_the_relay_reads_is_not_read_in_part(
    corner: Corner, ledger: Ledger, stack: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A subject's older record, behind where the relay reads, and a newer one before it."""
    await put(ledger, *(row(corner, f"pair-{order}", order) for order in range(10, 20)))
    late = bundled([row(corner, "pair-a", 1)]) + bundled([row(corner, "pair-a", 100)])
    reads = Bundle.of

    def of(document: dict[str, Any], aside: Collection[Place] = ()) -> Bundle:
        if late:
            with MongoClient[dict[str, Any]](stack.mongodb) as client:
                client[corner.database_name]["outbox"].insert_many(late)
            late.clear()
        return reads(document, aside)

    monkeypatch.setattr("shared.messaging.sending.relay.CURSOR_BATCH", 2)
    monkeypatch.setattr(Bundle, "of", of)
    made = relay(corner, ledger, stack)
    assert [bundle.rows[0].order for bundle in (await made._oldest())[0]] == list(range(10, 20))
    assert [bundle.rows[0].order for bundle in (await made._oldest())[0]] == [1, *range(10, 20)]


async def test_many_batches_for_one_partition_wait_for_one_another(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    """As many as a refused batch makes, whose rows are sent alone."""
    rows = [row(corner, f"case-{number}", 1, topics.RECEIPTS, "no-4601") for number in range(400)]
    made = relay(corner, ledger, stack)
    made.rows = len(rows)
    made._alone = {one.place for one in rows}
    await put(ledger, *rows)
    async with running(made):
        await wait_until(lambda: empty(ledger))
    sent = await revisions(corner, topics.RECEIPTS.named("no-4601"))
    assert sent == {f"case-{number}": [1] for number in range(400)}


async def test_a_topic_that_the_broker_refuses_is_set_aside_as_a_whole(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.relay.TOPIC_REFUSALS", (MessageSizeTooLargeError,))
    large = receipt(corner, 1, "no-4601")._replace(value=b"x" * 1_500_000)
    after = [row(corner, f"case-{number}", 2, topics.RECEIPTS, "no-4601") for number in range(20)]
    made = relay(corner, ledger, stack)
    await put(ledger, large, *after, row(corner, "pair-a", 1))
    async with running(made):
        await wait_until(lambda: _left(ledger, 1 + len(after)))
    assert list(made._aside) == [(large.topic, None)]


async def test_after_a_loss_of_leadership_what_goes_well_starts_the_patience_anew(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    made = relay(corner, ledger, stack)
    made._waits.failures = 10
    await put(ledger, row(corner, "pair-a", 1))
    async with running(made):
        await wait_until(lambda: empty(ledger))
    assert made._waits.failures == 0


async def test_a_relay_that_was_overtaken_brings_nothing_back(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """It had sent b and held a back; its successor has sent a and b, and holds c back."""
    rows = [row(corner, key, 1)._replace(slot=0) for key in ("pair-a", "pair-b", "pair-c")]
    await put(ledger, *rows)
    (document,) = await ledger.database["outbox"].find({}).to_list(None)
    read = Bundle.of(document, {rows[0].place})
    await ledger.database["outbox"].update_one({}, {"$set": {"rows": document["rows"][2:]}})
    await relay(corner, ledger, stack)._delete([read])
    assert [one.key for one in await waiting_rows(ledger.database)] == [b"pair-c"]


async def test_a_topic_that_is_deleted_meanwhile_holds_up_nobody_for_long(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shared.messaging.sending.producers.TRANSACTION_TIMEOUT", timedelta(seconds=3))
    receipts = topics.RECEIPTS.named("no-4601")
    async with running(relay(corner, ledger, stack)):
        await put(ledger, receipt(corner, 1, "no-4601"))
        await wait_until(lambda: empty(ledger))
        await corner.delete_topic(receipts)
        rows = [receipt(corner, 2, "no-4601"), row(corner, "pair-a", 1)]
        await put(ledger, *rows)
        await wait_until(lambda: _left(ledger, 1))
        assert await revisions(corner, pairs) == {"pair-a": [1]}


async def _finish(producer: AIOKafkaProducer, late: Row) -> None:
    """What a relay does with a row that it has read."""
    await (await producer.send(late.topic, late.value, late.key))
    await producer.commit_transaction()


async def _without(ledger: Ledger, slots: list[int]) -> bool:
    return await ledger.database["outbox"].count_documents({"slot": {"$in": slots}}) == 0


async def _left(ledger: Ledger, count: int) -> bool:
    return await waiting(ledger.database) == count
