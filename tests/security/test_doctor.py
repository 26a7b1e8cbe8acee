"""What `kobling doctor` finds, of faults that are really there, on a secured installation."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.admin.config_resource import ConfigResource, ConfigResourceType
from pymongo import AsyncMongoClient

from deploy.local.mongodb import find_mongod
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from kobling import doctor
from kobling.doctor import Finding, Mail, examine
from kobling.setup.carrying_out import carry_out
from kobling.setup.looking import plan
from kobling.setup.plan import Wanted
from tests.security.guarded import Guarded


async def wrong(wanted: Wanted, mail: Mail | None = None) -> dict[str, Finding]:
    """What is not good, by what was looked at."""
    return {one.check: one for one in await examine(wanted, mail) if one.state != "good"}


@pytest.fixture
async def wanted(guarded: Guarded) -> AsyncIterator[Wanted]:
    """The installation, which is mended afterwards as whoever reads the findings would."""
    yield guarded.wanted
    await carry_out(await plan(guarded.wanted))
    assert await wrong(guarded.wanted) == {}


@asynccontextmanager
async def administering(wanted: Wanted) -> AsyncIterator[AIOKafkaAdminClient]:
    admin = AIOKafkaAdminClient(**wanted.kafka.options)
    await admin.start()
    try:
        yield admin
    finally:
        await admin.close()


async def test_a_broker_that_is_down(wanted: Wanted) -> None:
    (closed,) = free_ports(1)
    down = replace(wanted, kafka=replace(wanted.kafka, servers=f"127.0.0.1:{closed}"))
    found = (await wrong(down))["broker"]
    assert found.state == "wrong"
    assert found.cause.startswith(f"127.0.0.1:{closed}: ")
    assert "is it up" in found.remedy


async def test_a_wrong_password(wanted: Wanted) -> None:
    refused = replace(wanted, kafka=replace(wanted.kafka, password="another"))  # noqa: S106 (invented)
    assert "look at KAFKA_USERNAME and its password" in (await wrong(refused))["broker"].cause


async def test_a_missing_topic_and_a_wrong_setting(wanted: Wanted) -> None:
    async with administering(wanted) as admin:
        await admin.delete_topics(["receipts.no-0301.v1"])
        kind = ConfigResourceType.TOPIC
        await admin.alter_configs(
            [ConfigResource(kind, "settlements.no-0301.v1", {"message.timestamp.type": "CreateTime"})]
        )
    found = await wrong(wanted)
    assert found["topics"].cause == "create topic: receipts.no-0301.v1"
    assert "settlements.no-0301.v1 has message.timestamp.type=CreateTime" in found["topics' settings"].cause
    assert {one.remedy for one in found.values()} == {"run `kobling setup`"}


async def test_a_missing_index(wanted: Wanted) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    assert wanted.uri is not None
    async with AsyncMongoClient(wanted.uri) as client:
        await client["intake"]["refugees"].drop_index("cases_1")
    assert (await wrong(wanted))["indexes"].cause == "create index: intake.refugees cases_1"


async def test_a_database_without_a_replica_set_or_with_another_password(
    guarded: Guarded, tmp_path: Path
) -> None:
    (closed,) = free_ports(1)
    nobody = replace(guarded.wanted, uri=f"mongodb://127.0.0.1:{closed}/?serverSelectionTimeoutMS=500")
    assert "does not answer" in (await wrong(nobody))["database"].cause
    assert guarded.wanted.uri is not None
    stranger = guarded.wanted.uri.replace(guarded.security.password, "another")
    assert (
        "AuthenticationFailed (18)" in (await wrong(replace(guarded.wanted, uri=stranger)))["database"].cause
    )
    (port,) = free_ports(1)
    command = [str(find_mongod()), "--dbpath", str(tmp_path), "--port", str(port), "--bind_ip", LOOPBACK]
    alone = ServerProcess("mongod", command, tmp_path / "log")
    await alone.start()
    try:
        await alone.listens(port, within=timedelta(seconds=60))
        found = (await wrong(replace(guarded.wanted, uri=f"mongodb://{LOOPBACK}:{port}")))["database"]
    finally:
        await alone.kill()
    assert found.cause == "it is no replica set"


async def test_a_clock_that_is_wrong(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    class Late(datetime):
        @classmethod
        def now(cls, tz: Any = None) -> datetime:  # type: ignore[override]
            return datetime.now(tz) - timedelta(minutes=3)

    monkeypatch.setattr(doctor, "datetime", Late)
    found = await wrong(wanted)
    assert {"broker", "database"} <= found.keys()
    assert all("s ahead" in found[name].cause for name in ("broker", "database"))
    monkeypatch.undo()


async def test_a_group_that_is_far_behind(wanted: Wanted, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(doctor, "BEHIND", 2)
    producer = AIOKafkaProducer(**wanted.kafka.options)
    await producer.start()
    for _ in range(5):
        await producer.send_and_wait("notifications.v1", b"x", partition=3)
    await producer.stop()
    group, place = "notifications.slow", TopicPartition("notifications.v1", 3)
    consumer = AIOKafkaConsumer(**wanted.kafka.options, group_id=group, enable_auto_commit=False)
    await consumer.start()
    consumer.assign([place])
    await consumer.commit({place: 1})
    assert "notifications.slow is 4 records behind" in (await wrong(wanted))["lag"].cause
    await consumer.commit({place: 5})
    await consumer.stop()


async def test_a_mail_server_that_is_not_there(wanted: Wanted) -> None:
    (closed,) = free_ports(1)
    assert f"127.0.0.1:{closed}" in (await wrong(wanted, Mail("127.0.0.1", closed)))["mail"].cause
