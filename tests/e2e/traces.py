"""Everything that an installation leaves behind: records and log lines, and what must not be in them."""

import contextlib
import json
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient

from deploy.examples import BERGEN
from tests.e2e.conftest import Demo


def logs(demo: Demo) -> dict[str, str]:
    return {path.name: path.read_text(errors="replace") for path in Path(demo.addresses["logs"]).iterdir()}


def canaries() -> set[str]:
    """Family names, phones as sent and as kept, addresses and e-mails of all example people."""
    people = [record["data"].get("person") for record in BERGEN.settlements("no-4601")]
    for operator in BERGEN.operators:
        people += [command["data"].get("person") for command in BERGEN.commands(operator)]
    values = ("family_name", "phone", "email", "address")
    found = {person[name] for person in people if person for name in values if person.get(name)}
    return found | {text.replace(" ", "") for text in found if text.startswith("+")}


async def records(kafka: str) -> list[tuple[str, str]]:
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
