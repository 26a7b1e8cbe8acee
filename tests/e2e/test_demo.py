"""What the demonstration says and leaves behind."""

import contextlib
import json
import re
from pathlib import Path
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.examples import BERGEN
from tests.e2e.conftest import Demo

LAST_LINE = "demo: 32 settlements, 23 pairs created, 2 refugees waiting, 32 volunteers waiting, 0 lost"

pytestmark = pytest.mark.xdist_group("installation")


def test_the_same_last_line_whichever_service_is_killed(demo: Demo) -> None:
    assert sorted(demo.killed) == ["intake", "matching", "notifications", "reporting"]
    assert demo.output.strip().splitlines()[-1] == LAST_LINE
    assert demo.status == 0


def test_the_pairs_are_shown_with_the_parts_of_their_score_and_who_waits_with_the_reason(demo: Demo) -> None:
    for part in ("interests", "language", "availability", "score", "waiting"):
        assert part in demo.output
    assert re.search(r"BER-2016-0012 .*no_candidate.*language 55", demo.output)
    assert re.search(r"BER-2016-0013 .*no_candidate.*language 52", demo.output)


async def test_no_personal_data_but_where_it_may_be(demo: Demo) -> None:
    """Every committed record of every topic, and every log line, against every example person's values."""
    canaries = _canaries()
    assert len(canaries) > 200
    seen = 0
    found: list[str] = []
    for topic, content in await _records(demo.addresses["kafka"]):
        seen += 1
        allowed = re.match(r"settlements\.|commands\.intake\.", topic)
        found += [f"{topic}: {canary}" for canary in canaries if canary in content and not allowed]
    assert seen > 2000
    for log, text in _logs(demo).items():
        found += [f"{log}: {canary}" for canary in canaries if canary in text]
    assert found == []
    assert not any(canary in demo.output for canary in canaries)


async def test_the_canaries_are_there_where_they_may_be(demo: Demo) -> None:
    """The search finds what it looks for."""
    texts = "".join(
        content
        for topic, content in await _records(demo.addresses["kafka"])
        if topic.startswith("settlements.")
    )
    person = BERGEN.settlements("no-4601")[0]["data"]["person"]
    assert person["family_name"] in texts


def _logs(demo: Demo) -> dict[str, str]:
    return {path.name: path.read_text(errors="replace") for path in Path(demo.addresses["logs"]).iterdir()}


def _canaries() -> set[str]:
    """Family names, phones, addresses and e-mails of all example people: unmistakable each."""
    people = [record["data"].get("person") for record in BERGEN.settlements("no-4601")]
    for operator in BERGEN.operators:
        people += [command["data"].get("person") for command in BERGEN.commands(operator)]
    values = ("family_name", "phone", "email", "address")
    return {person[name] for person in people if person for name in values if person.get(name)}


async def _records(kafka: str) -> list[tuple[str, str]]:
    """Topic and text (key, headers and value) of all committed records."""
    admin = AIOKafkaAdminClient(bootstrap_servers=kafka)
    await admin.start()
    described = await admin.describe_topics(
        [name for name in await admin.list_topics() if not name.startswith("__")]
    )
    await admin.close()
    partitions = [
        TopicPartition(topic["topic"], partition["partition"])
        for topic in described
        for partition in topic["partitions"]
    ]
    consumer = AIOKafkaConsumer(
        bootstrap_servers=kafka, isolation_level="read_committed", enable_auto_commit=False
    )
    await consumer.start()
    try:
        consumer.assign(partitions)
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(partitions)
        texts: list[tuple[str, str]] = []
        while any([await consumer.position(partition) < end for partition, end in ends.items()]):
            for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                texts += [(partition.topic, _text(record)) for record in batch]
        return texts
    finally:
        await consumer.stop()


def _text(record: Any) -> str:
    value = (record.value or b"").decode(errors="replace")
    with contextlib.suppress(ValueError):
        # Escapes undone: a name may hide behind them.
        value = json.dumps(json.loads(value), ensure_ascii=False)
    key = (record.key or b"").decode(errors="replace")
    return f"{key} {value} {record.headers}"
