"""Topics that exist with other settings than Kobling needs: seen while a service runs, and mended."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import timedelta

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from deploy.local.stack import Addresses
from kobling.administration import mend_topics
from shared.clock import Clock
from shared.contracts import topics
from shared.health import Health
from shared.messaging.metrics import Metrics
from shared.messaging.topic_settings import TopicWatch, look, registered, settings_of, wrong_settings
from shared.mongo import Database
from tests.support.cluster import Corner, wait_until

CITY = "no-4601"
SOUND = topics.SETTLEMENTS.config()


def test_a_setting_is_wrong_where_it_is_not_the_registrys_and_larger_messages_do_no_harm() -> None:
    found = {
        **SOUND,
        "message.timestamp.type": "CreateTime",
        "max.message.bytes": str(2 * topics.SETTLEMENTS.max_message_bytes),
        "retention.ms": "1",
        "retention.bytes": "1000000",
        "segment.ms": "1",
    }
    wrong = wrong_settings("t", topics.SETTLEMENTS, found)
    assert [one.setting for one in wrong] == ["message.timestamp.type", "retention.ms", "retention.bytes"]
    assert str(wrong[0]) == "t has message.timestamp.type=CreateTime, not LogAppendTime"
    assert wrong_settings("t", topics.SETTLEMENTS, SOUND) == []
    smaller = wrong_settings("t", topics.SETTLEMENTS, {**SOUND, "max.message.bytes": "1000"})
    assert [one.setting for one in smaller] == ["max.message.bytes"]


@pytest.mark.parametrize("setting", ["min.compaction.lag.ms", "max.compaction.lag.ms", "delete.retention.ms"])
def test_how_long_a_state_topic_keeps_what_it_compacts_is_looked_at(setting: str) -> None:
    found = {**topics.REFUGEES.config(), setting: "0"}
    assert [one.setting for one in wrong_settings("t", topics.REFUGEES, found)] == [setting]


def test_a_service_looks_at_what_it_reads_or_writes() -> None:
    names = ["p.settlements.no-4601.v1", "p.refugees.v1", "p.indicators.v1", "refugees.v1", "p.other"]
    assert set(registered(names, "p.", "intake")) == {"p.settlements.no-4601.v1", "p.refugees.v1"}
    assert set(registered(names, "p.")) == set(names[:3])


async def test_a_wrong_setting_is_shown_while_a_service_runs_and_mended_by_setup(
    corner: Corner, stack: Addresses, database: Database
) -> None:
    name = topics.SETTLEMENTS.named(CITY, corner.prefix)
    await _create(stack, name, {"message.timestamp.type": "CreateTime", "segment.bytes": "1048576"})
    health, metrics = Health(), Metrics(corner.prefix)
    async with _watching(TopicWatch(stack.cluster, corner.prefix, "intake", health, metrics, _SOON)):

        async def told() -> bool:
            return "message.timestamp.type=CreateTime, not LogAppendTime" in health.causes.get("topics", "")

        async def gone() -> bool:
            return health.causes == {}

        await wait_until(told)
        assert health.causes["topics"].endswith(": run `kobling setup`")
        page = (await metrics.render(database, Clock())).decode()
        labels = 'setting="message.timestamp.type",topic="settlements.<municipality>.v1"'
        line = f"kobling_topic_settings_wrong{{{labels}}}"
        assert f"{line} 1.0" in page
        mended = await mend_topics(stack.cluster, corner.prefix)
        assert f"{name} has message.timestamp.type=CreateTime, not LogAppendTime" in mended
        await wait_until(gone)
        assert line not in (await metrics.render(database, Clock())).decode()
    assert await look(stack.cluster, corner.prefix) == []
    # What was set besides stays.
    assert (await _own(stack, name))["segment.bytes"] == "1048576"
    assert await mend_topics(stack.cluster, corner.prefix) == []


_SOON = timedelta(milliseconds=100)


@asynccontextmanager
async def _watching(watch: TopicWatch) -> AsyncIterator[None]:
    task = asyncio.create_task(watch.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def _create(stack: Addresses, name: str, settings: Mapping[str, str]) -> None:
    admin = AIOKafkaAdminClient(**stack.cluster.options)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(name, 1, 1, topic_configs=dict(settings))])
    finally:
        await admin.close()


async def _own(stack: Addresses, name: str) -> dict[str, str]:
    admin = AIOKafkaAdminClient(**stack.cluster.options)
    await admin.start()
    try:
        return (await settings_of(admin, [name], own=True))[name]
    finally:
        await admin.close()
