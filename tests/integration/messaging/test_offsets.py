"""Skipped, expired and lost offsets, on the real broker and with Kafka's own tool."""

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.records_to_delete import RecordsToDelete
from structlog.testing import capture_logs

from deploy.local.kafka_tools import KafkaTools
from deploy.local.stack import Addresses
from kobling.errors import AdministrationError
from kobling.restoring import restore_done
from shared.contracts import topics
from shared.health import Health
from shared.messaging.batches.batch_consumer import BatchConsumer
from shared.messaging.places.admission import Admission
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.places.offsets import Committed
from shared.messaging.sending.producers import relay_producer
from shared.mongo import Document
from shared.settings import ServiceSettings
from tests.integration.messaging.ledger import Ledger
from tests.integration.messaging.members import commit_for, committed, committed_offset, member, named, send
from tests.support.cluster import Corner, wait_until

CITY = "no-4601"


@pytest.fixture(autouse=True)
async def city(corner: Corner) -> None:
    await corner.create_topics([CITY], service="intake")


def topic(corner: Corner) -> str:
    return corner.prefix + topics.SETTLEMENTS.named(CITY)


def reset(corner: Corner, *how: str) -> None:
    """What an operator does with Kafka's own tool."""
    group = f"{corner.prefix}intake.settlements"
    where = ["--group", group, "--topic", topic(corner)]
    KafkaTools(corner.addresses.cluster).consumer_groups(*where, "--reset-offsets", *how, "--execute")


async def position(ledger: Ledger) -> Document:
    return await ledger.database["positions"].find_one({}) or {}


async def settle(stack: Addresses, corner: Corner, *numbers: int) -> None:
    await send(stack, corner.prefix, CITY, [named(CITY, number) for number in numbers])


async def handled(ledger: Ledger, count: int) -> bool:
    return len(await ledger.rows()) == count


async def stands_at(corner: Corner, offset: int) -> bool:
    """Whether the group has committed this offset with Kobling's stamp."""
    found = await committed(corner.addresses, corner.prefix, CITY)
    return found is not None and found.offset == offset and found.newest is not None


async def read_to(corner: Corner, ledger: Ledger, offset: int) -> None:
    """A member reads until the group has committed this offset, and leaves."""
    async with member(corner.addresses, ledger, corner.prefix):
        await wait_until(lambda: stands_at(corner, offset))


async def read_until_handled(corner: Corner, ledger: Ledger, count: int) -> None:
    """A member reads until this many subjects are stored, and leaves."""
    async with member(corner.addresses, ledger, corner.prefix):
        await wait_until(lambda: handled(ledger, count))


async def abort_one(corner: Corner) -> None:
    """Leaves an aborted record and its marker at the topic's end."""
    producer = relay_producer(corner.addresses.cluster, f"{corner.prefix}outside")
    await producer.start()
    await producer.begin_transaction()
    await producer.send(topic(corner), b"never", b"never")
    await producer.flush()
    await producer.abort_transaction()
    await producer.stop()


async def delete_before(corner: Corner, offset: int) -> None:
    """What retention does, at once."""
    admin = AIOKafkaAdminClient(**corner.addresses.cluster.options)
    await admin.start()
    try:
        await admin.delete_records({TopicPartition(topic(corner), 0): RecordsToDelete(before_offset=offset)})
    finally:
        await admin.close()


async def test_a_jump_forward_at_rest_is_obeyed_and_raises_one_alarm(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await settle(stack, corner, *range(3))
    await read_until_handled(corner, ledger, 3)
    await settle(stack, corner, *range(3, 8))
    reset(corner, "--to-latest")
    with capture_logs() as lines:
        for _ in range(2):
            await read_to(corner, ledger, 8)
    alarms = [line for line in lines if line["event"] == "offsets_skipped"]
    assert [(line["from"], line["to"], line["count"]) for line in alarms] == [(3, 8, 5)]
    assert {name: (await position(ledger))[name] for name in ("next_offset", "skipped", "applied")} == {
        "next_offset": 8,
        "skipped": 5,
        "applied": 3,
    }
    async with member(stack, ledger, corner.prefix):
        await settle(stack, corner, 8)
        await wait_until(lambda: handled(ledger, 4))
    assert sorted(offsets for (offsets,) in (await ledger.rows()).values()) == [0, 1, 2, 8]


async def test_offsets_that_hold_no_record_are_no_jump(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """Kobling's own idle commits and an operator's reset both stand behind what a transaction left."""
    await settle(stack, corner, *range(3))
    await abort_one(corner)
    with capture_logs() as lines:
        await read_to(corner, ledger, 5)
        reset(corner, "--to-latest")
        await read_to(corner, ledger, 5)
    assert not [line for line in lines if line["event"] in {"offsets_skipped", "database_behind_group"}]
    assert (await position(ledger)).get("skipped", 0) == 0


async def test_what_an_idle_commit_passes_is_stored_before_it_is_committed(
    corner: Corner, ledger: Ledger, stack: Addresses, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed between the two, a commit without its position would look like a restored database."""
    await settle(stack, corner, *range(3))
    await abort_one(corner)
    ahead = []
    commit = BatchConsumer.commit_handled

    async def look(self: BatchConsumer, offsets: dict[tuple[str, int], int]) -> None:
        for where, offset in offsets.items():
            stored = await OffsetGuard(ledger.database).stored([where])
            ahead.append(offset - stored[where].next_offset)
        await commit(self, offsets)

    monkeypatch.setattr(BatchConsumer, "commit_handled", look)
    await read_to(corner, ledger, 5)
    assert ahead
    assert max(ahead) == 0


async def test_expired_unread_is_an_alarm_until_it_is_acknowledged(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await settle(stack, corner, *range(3))
    await read_until_handled(corner, ledger, 3)
    await settle(stack, corner, *range(3, 8))
    await delete_before(corner, 7)
    with capture_logs() as lines:
        for _ in range(2):
            await read_until_handled(corner, ledger, 4)
    assert [line["count"] for line in lines if line["event"] == "offsets_expired"] == [4]
    guard = OffsetGuard(ledger.database)
    assert list((await guard.unacknowledged()).values()) == [4]
    assert list((await guard.acknowledge()).values()) == [4]
    assert await guard.unacknowledged() == {}
    assert (await position(ledger))["expired"] == 4


async def test_what_expires_on_a_topic_that_was_empty_when_it_was_met_is_seen(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await read_to(corner, ledger, 0)
    await settle(stack, corner, *range(5))
    await delete_before(corner, 3)
    await read_until_handled(corner, ledger, 2)
    assert (await position(ledger))["expired"] == 3


async def test_records_that_expire_under_a_running_consumer_are_seen_too(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await settle(stack, corner, *range(3))
    where = TopicPartition(topic(corner), 0)
    async with member(stack, ledger, corner.prefix) as (broker, _):
        await wait_until(lambda: stands_at(corner, 3))
        subscriber: Any = broker.subscribers[0]
        consumer: BatchConsumer = subscriber.consumer
        # As a consumer that can't keep up: it fetches nothing while these come and go.
        consumer.pause(where)
        await wait_until(lambda: _fetches_nothing(consumer))
        await settle(stack, corner, *range(3, 8))
        await delete_before(corner, 7)
        consumer.resume(where)
        await wait_until(lambda: _counted(ledger, "expired", 4))
        await wait_until(lambda: stands_at(corner, 8))
    assert len(await ledger.rows()) == 4


async def test_a_topic_made_again_under_a_running_consumer_is_read_from_its_beginning(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await settle(stack, corner, *range(5))
    async with member(stack, ledger, corner.prefix):
        await wait_until(lambda: stands_at(corner, 5))
        await _make_again(corner)
        await settle(stack, corner, 10, 11)
        await wait_until(lambda: handled(ledger, 7))
        await wait_until(lambda: stands_at(corner, 2))
    with capture_logs() as lines:
        async with member(stack, ledger, corner.prefix):
            await settle(stack, corner, 12)
            await wait_until(lambda: handled(ledger, 8))
    assert not [line for line in lines if line["log_level"] in {"error", "critical"}]
    assert "skipped" not in await position(ledger)


async def test_a_topic_made_again_that_is_longer_than_what_was_committed_is_read_whole(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    former = await _read_and_made_again(corner, ledger)
    await settle(stack, corner, *range(10, 18))
    await commit_for(stack, corner.prefix, CITY, former)
    with capture_logs() as lines:
        await read_until_handled(corner, ledger, 13)
        await read_to(corner, ledger, 8)
    assert _truncations(lines) == [(0, 5, 5)]
    assert (await position(ledger))["truncated"] == 5


async def test_a_log_that_lost_its_end_and_grew_again_is_read_from_there(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """What an unclean election leaves, to a consumer that keeps its assignment through it."""
    # Apart, by a producer of its own each: the broker may give what comes together one timestamp.
    await settle(stack, corner, *range(3))
    await settle(stack, corner, 3, 4)
    async with member(stack, ledger, corner.prefix) as (broker, _):
        await wait_until(lambda: stands_at(corner, 5))
        subscriber: Any = broker.subscribers[0]
        consumer: BatchConsumer = subscriber.consumer
        await ledger.database["positions"].update_one({}, {"$set": {"newest": await _timestamp(corner, 2)}})
        with capture_logs() as lines:
            consumer._client.force_metadata_update()
            await wait_until(lambda: _counted(ledger, "truncated", 2))
            await settle(stack, corner, 5)
            await wait_until(lambda: stands_at(corner, 6))
    assert _truncations(lines) == [(3, 5, 2)]
    assert sorted((await ledger.rows()).values()) == [[number] for number in range(6)]


async def test_a_position_behind_the_logs_end_is_an_alarm_and_what_is_new_is_read(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """What a broker that lost its data leaves, or a topic made again whose group kept its offsets."""
    await settle(stack, corner, *range(3))
    await read_to(corner, ledger, 3)
    newest = (await position(ledger))["newest"]
    await ledger.database["positions"].update_one({}, {"$set": {"next_offset": 50}})
    await commit_for(stack, corner.prefix, CITY, Committed(50, newest))
    with capture_logs() as lines:
        async with member(stack, ledger, corner.prefix):
            await wait_until(lambda: stands_at(corner, 3))
            await settle(stack, corner, *range(3, 6))
            await wait_until(lambda: handled(ledger, 6))
            await wait_until(lambda: stands_at(corner, 6))
    early = [line for line in lines if line["event"] == "log_ends_early"]
    assert [(line["from"], line["to"], line["count"]) for line in early] == [(3, 50, 47)]
    assert _truncations(lines) == [(3, 50, 47)]
    found = await position(ledger)
    assert (found["next_offset"], found["truncated"]) == (6, 47)
    assert sorted((await ledger.rows()).values()) == [[number] for number in range(6)]


async def test_a_commit_of_a_topics_former_life_is_no_restored_database(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """The commit of a batch may reach the group after its topic was made again."""
    former = await _read_and_made_again(corner, ledger)
    await settle(stack, corner, *range(10, 17))
    await read_until_handled(corner, ledger, 12)
    await ledger.database["positions"].update_one({}, {"$set": {"next_offset": 3}})
    await commit_for(stack, corner.prefix, CITY, former)
    async with member(stack, ledger, corner.prefix) as (_, handler):
        await wait_until(lambda: stands_at(corner, 7))
        assert handler.health.causes == {}


async def test_a_database_that_falls_behind_is_not_read_into(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    """A dump put back under running replicas: the next assignment finds it out."""
    await settle(stack, corner, *range(5))
    await read_to(corner, ledger, 5)
    await ledger.database["positions"].update_one({}, {"$set": {"next_offset": 2, "newest": 0}})
    await settle(stack, corner, 5)
    async with member(stack, ledger, corner.prefix) as (_, handler):
        await wait_until(lambda: _halted(handler.health))
    assert await committed_offset(stack, corner.prefix, CITY) == 5
    assert len(await ledger.rows()) == 5


async def test_a_group_with_members_is_not_reset(corner: Corner, ledger: Ledger, stack: Addresses) -> None:
    await settle(stack, corner, *range(5))
    async with member(stack, ledger, corner.prefix):
        await wait_until(lambda: stands_at(corner, 5))
        await ledger.database["positions"].update_one({}, {"$set": {"next_offset": 2, "newest": 0}})
        with pytest.raises(AdministrationError, match="has members"):
            await restore_done("intake", ServiceSettings(**corner.settings))


async def test_readiness_names_what_expired_until_it_is_acknowledged(
    corner: Corner, ledger: Ledger, stack: Addresses
) -> None:
    await ledger.database["positions"].insert_one({"_id": "settlements.no-4601.v1/0", "unacknowledged": 4})
    health = Health()
    guard = OffsetGuard(ledger.database)
    admission = Admission(stack.cluster, [], guard, health)
    admission.tell(await guard.unacknowledged())
    assert "settlements.no-4601.v1/0: 4" in health.causes["offsets"]
    await guard.acknowledge()
    admission.tell(await guard.unacknowledged())
    assert health.causes == {}


async def _read_and_made_again(corner: Corner, ledger: Ledger) -> Committed:
    """Reads five records of a topic and makes it again; returns what was committed to its former life."""
    await settle(corner.addresses, corner, *range(5))
    await read_to(corner, ledger, 5)
    former = await committed(corner.addresses, corner.prefix, CITY)
    assert former is not None
    await _make_again(corner)
    return former


async def _make_again(corner: Corner) -> None:
    await corner.delete_topic(topics.SETTLEMENTS.named(CITY))
    await corner.create_topics([CITY], service="intake")


async def _fetches_nothing(consumer: BatchConsumer) -> bool:
    return len(consumer._fetcher._in_flight) == 0


async def _counted(ledger: Ledger, name: str, count: int) -> bool:
    return bool((await position(ledger)).get(name, 0) == count)


def _truncations(lines: Sequence[Mapping[str, Any]]) -> list[tuple[int, int, int]]:
    found = [line for line in lines if line["event"] == "log_truncated"]
    return [(line["from"], line["to"], line["count"]) for line in found]


async def _timestamp(corner: Corner, offset: int) -> int:
    """The broker's timestamp of a record."""
    where = TopicPartition(topic(corner), 0)
    consumer = AIOKafkaConsumer(**corner.addresses.cluster.options)
    await consumer.start()
    try:
        consumer.assign([where])
        consumer.seek(where, offset)
        return int((await consumer.getone(where)).timestamp)
    finally:
        await consumer.stop()


async def _halted(health: Health) -> bool:
    return "restore-done" in health.causes.get("settlements", "")
