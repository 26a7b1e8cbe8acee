"""A real fault for each alert: what is done to a running installation, and undone."""

import asyncio
import json
import os
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from aiokafka.admin.records_to_delete import RecordsToDelete
from aiokafka.errors import KafkaError
from pymongo import MongoClient

from deploy.demo.client import Client
from deploy.examples import BERGEN
from kobling.administration import mend_topics, publish
from shared.cluster import Cluster
from shared.messaging.sending.producers import relay_producer
from shared.messaging.topic_settings import settings_of
from shared.messaging.work import DueRow
from shared.mongo import Database

CITY, OPERATOR = "no-4601", "bergen-redcross-1"
POOL = f"{CITY}/flyktningguide-bergen"
SETTLEMENTS, COMMANDS = f"settlements.{CITY}.v1", f"commands.intake.{OPERATOR}.v1"
LONG_AGO = timedelta(minutes=10)


@dataclass(frozen=True, slots=True)
class Faults:
    """What can be done to an installation."""

    directory: Path
    addresses: dict[str, Any]
    client: Client
    now: Callable[[], datetime]

    @property
    def kafka(self) -> Cluster:
        """The installation's brokers."""
        return self.client.kafka

    def database(self, service: str) -> Database:
        """A service's own."""
        return Database(self.addresses["mongodb"], service)

    def pid(self, service: str) -> int:
        """A service's process now."""
        found = json.loads((self.directory / "addresses.json").read_text())["services"][service]["pid"]
        assert found is not None
        return int(found)

    async def nonsense(self, count: int = 1, topic: str = SETTLEMENTS) -> None:
        """Records that nobody can read, on a topic's first partition."""
        producer = AIOKafkaProducer(**self.kafka.options)
        await producer.start()
        for _ in range(count):
            await producer.send_and_wait(topic, b"{", b"BER-2016-0000", partition=0)
        await producer.stop()

    async def commands_elsewhere(self, count: int) -> None:
        """Commands about a municipality that is not the operator's."""
        pool = {"municipality": "no-0301", "programme": "flyktningguide-bergen"}
        await self.client.ask(
            "matching",
            OPERATOR,
            [self.client.command("RunRound", OPERATOR, POOL, **pool) for _ in range(count)],
        )

    @asynccontextmanager
    async def operator_that_does_not_hold(self) -> AsyncIterator[None]:
        """A record on the table of operators without a field of theirs."""
        await publish(self.kafka, [("operators.v1", "bergen-redcross-3", b"{}")])
        try:
            yield
        finally:
            producer = AIOKafkaProducer(**self.kafka.options)
            await producer.start()
            await producer.send_and_wait("operators.v1", None, b"bergen-redcross-3")
            await producer.stop()

    @asynccontextmanager
    async def wrong_retention(self) -> AsyncIterator[None]:
        """A topic that keeps its records for less than the registry says."""
        admin = AIOKafkaAdminClient(**self.kafka.options)
        await admin.start()
        own = (await settings_of(admin, [SETTLEMENTS], own=True))[SETTLEMENTS] | {"retention.ms": "86400000"}
        await admin.alter_configs([ConfigResource(ConfigResourceType.TOPIC, SETTLEMENTS, own)])
        await admin.close()
        try:
            yield
        finally:
            await mend_topics(self.kafka)

    @asynccontextmanager
    async def open_transaction(self) -> AsyncIterator[None]:
        """A sender who begins and does not end."""
        producer = relay_producer(self.kafka, "alerts-outside")
        await producer.start()
        await producer.begin_transaction()
        await producer.send_and_wait(COMMANDS, b"{", b"never", partition=0)
        try:
            yield
        finally:
            await producer.abort_transaction()
            await producer.stop()

    @asynccontextmanager
    async def row_that_fails(self) -> AsyncIterator[None]:
        """A due row of a kind that this release does not know, from ten minutes ago."""
        due = self.database("reporting")["due"]
        row = DueRow("alerts", "of_another_release", self.now() - LONG_AGO, "alerts")
        await due.insert_one(row.document())
        try:
            yield
        finally:
            await due.delete_one({"_id": "alerts"})

    async def reconcile(self) -> None:
        """Asks for it until the second look, for which reporting would wait five minutes."""
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.get(f"{self.addresses['reporting']}/reconciliation")
        due = self.database("reporting")["due"]
        for _ in range(12):
            past = self.now() - LONG_AGO
            await due.update_one(
                {"_id": "reconcile", "data.differed": {"$exists": True}},
                {"$set": {"due_at": past, "data.differed": past}},
            )
            # A row is looked for each half of a second, and nothing tells of its being run.
            await asyncio.sleep(0.6)

    @asynccontextmanager
    async def one_too_many(self) -> AsyncIterator[None]:
        """A refugee who was counted as settled and is nowhere."""
        settled = self.database("reporting")["settled"]
        counted = {"municipality": CITY}
        await settled.update_one(counted, {"$inc": {"settled": 1}})
        await self.reconcile()
        try:
            yield
        finally:
            await settled.update_one(counted, {"$inc": {"settled": -1}})
            await self.reconcile()

    async def withdraw_all(self, cases: Iterable[str]) -> None:
        """Nobody of these waits any more."""
        source = f"/municipalities/{CITY}/case-system"
        data = {"reason": "entered_in_error"}
        await self.client.send(
            SETTLEMENTS, [self.client.event("SettlementWithdrawn", source, case, data) for case in cases]
        )

    @asynccontextmanager
    async def lease_elsewhere(self) -> AsyncIterator[None]:
        """Somebody else holds notifications' lease."""
        leases = self.database("notifications")["leases"]
        later = self.now() + timedelta(days=20_000)
        theirs = {"parts": 1, "until": later, "held": {"0": {"holder": "somebody", "until": later}}}
        await leases.update_many({}, {"$set": theirs})
        try:
            yield
        finally:
            await leases.delete_many({"held.0.holder": "somebody"})

    @asynccontextmanager
    async def locked_database(self) -> AsyncIterator[None]:
        """A database that is read and not written, as for a snapshot of its disk."""
        with MongoClient[dict[str, Any]](self.addresses["mongodb"]) as client:
            client.admin.command({"fsync": 1, "lock": True})
            try:
                yield
            finally:
                client.admin.command({"fsyncUnlock": 1})

    async def delete_to(self, topic: str, offset: int) -> None:
        """What retention does, at once, to a topic's first partition; -1 is all of it."""
        admin = AIOKafkaAdminClient(**self.kafka.options)
        await admin.start()
        await admin.delete_records({TopicPartition(topic, 0): RecordsToDelete(before_offset=offset)})
        await admin.close()

    async def position(self, service: str, topic: str) -> int:
        """The offset that a service handles next on a topic's first partition."""
        found = await self.database(service)["positions"].find_one({"topic": topic, "partition": 0})
        assert found is not None
        return int(found["next_offset"])

    async def handled(self, service: str, *topics: str) -> None:
        """Waits until a service has handled all there is on each topic's first partition."""
        consumer = AIOKafkaConsumer(**self.kafka.options)
        await consumer.start()
        places = [TopicPartition(topic, 0) for topic in topics]
        ends = await consumer.end_offsets(places)
        await consumer.stop()
        async with asyncio.timeout(60):
            for place, end in ends.items():
                while await self.position(service, place.topic) < end:  # noqa: ASYNC110 (another process handles)
                    await asyncio.sleep(0.1)

    async def move_group(self, group: str, topic: str, offset: int) -> None:
        """What Kafka's tools do to a group that nobody is in, once its last member has timed out."""
        consumer = AIOKafkaConsumer(group_id=group, enable_auto_commit=False, **self.kafka.options)
        await consumer.start()
        place = TopicPartition(topic, 0)
        consumer.assign([place])
        async with asyncio.timeout(60):
            while True:
                try:
                    await consumer.commit({place: offset})
                    break
                except KafkaError:
                    await asyncio.sleep(1)
        await consumer.stop()

    @asynccontextmanager
    async def older_database(self) -> AsyncIterator[None]:
        """Notifications' database as it was before its last records, seen when somebody joins its group."""
        positions = self.database("notifications")["positions"]
        found = await positions.find({"topic": "pairs.v1", "next_offset": {"$gt": 1}}).to_list(None)
        handled = {"_id": {"$in": [one["_id"] for one in found]}}
        await positions.update_many(handled, {"$inc": {"next_offset": -1}})
        other = AIOKafkaConsumer(
            "pairs.v1", group_id="notifications.pairs", enable_auto_commit=False, **self.kafka.options
        )
        await other.start()
        try:
            yield
        finally:
            await other.stop()
            await positions.update_many(handled, {"$inc": {"next_offset": 1}})
            os.kill(self.pid("notifications"), signal.SIGKILL)

    async def end_a_pair(self) -> None:
        """Two letters are to be sent."""
        pool = {"municipality": CITY, "programme": "flyktningguide-bergen"}
        listing = self.client.command("ListPairs", OPERATOR, POOL, **pool, status=["active"])
        (listed,) = await self.client.ask("matching", OPERATOR, [listing])
        pair = listed["data"]["result"]["pairs"][0]["pair"]
        today = self.now().date().isoformat()
        ended = {"end_reason": "personal_giving", "ended_on": today}
        (reply,) = await self.client.ask(
            "matching", OPERATOR, [self.client.command("EndPair", OPERATOR, pair, **ended)]
        )
        assert "CommandAccepted" in reply["type"], reply


def cases() -> list[str]:
    """All cases of the example."""
    return sorted({one["subject"] for one in BERGEN.settlements(CITY)})
