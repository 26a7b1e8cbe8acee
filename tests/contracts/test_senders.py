"""What senders' libraries make is taken or refused as docs/compatibility.md says."""

import json
from collections.abc import Callable
from datetime import datetime
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, PartitionRecords
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from cloudevents.core.bindings.kafka import KafkaMessage, to_binary_event, to_structured_event
from cloudevents.core.formats.json import JSONFormat

from examples.senders import CASES, EVENT, PARTITIONERS, SETTINGS, TIMESTAMPS, Case, Setting
from shared.contracts import topics
from shared.messaging.reading.bounded import records_of
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Parsed, Raw, Received, Unreadable
from tests.unit.messaging.test_bounded import CODECS, packed

TOPIC = topics.SETTLEMENTS.named("no-4601")
APPENDED = int(datetime.fromisoformat("2026-11-22T09:00:02Z").timestamp() * 1000)


def batch(case: Case) -> bytes:
    """The record in a batch, as brokers keep it."""
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 2**20)
    builder.append(0, APPENDED, case.key, case.value, list(case.headers))
    return bytes(builder.build())


def read(content: bytes) -> Parsed:
    """What becomes of the one record of a batch."""
    partition = TopicPartition(TOPIC, 0)
    records = PartitionRecords(partition, records_of(content), [], 0, None, None, True, READ_COMMITTED)
    (record,) = records
    return Parser(topics.SETTLEMENTS).parse(Raw.of(record))


PLAIN = read(batch(CASES[0]))


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.library}: {case.sends}")
def test_it_becomes_what_the_page_says(case: Case) -> None:
    found = read(batch(case))
    if case.refused is not None:
        assert isinstance(found, Unreadable)
        assert found.code == case.refused
        return
    assert isinstance(found, Received), found
    assert isinstance(PLAIN, Received)
    assert (found.data, found.envelope.time) == (PLAIN.data, PLAIN.envelope.time)
    kept = found.envelope.model_dump(exclude_none=True)
    assert not set(case.dropped) & kept.keys()
    assert kept.keys() <= {*EVENT, "datacontenttype", "partitionkey", "dryrun", "traceparent", "tracestate"}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.differs)
def test_what_differs_beside_records_does_no_harm(setting: Setting) -> None:
    if setting is PARTITIONERS:
        outside = [topic for topic in topics.REGISTRY if not set(topic.writers) <= set(topics.SERVICES)]
        assert outside
        assert {topic.partitions for topic in outside} == {1}
    elif setting is TIMESTAMPS:
        assert {topic.config()["message.timestamp.type"] for topic in topics.REGISTRY} == {"LogAppendTime"}
    else:
        plain = batch(CASES[0])
        assert read(plain if setting.codec is None else packed(plain, setting.codec)) == PLAIN


def test_every_kind_of_compression_is_there() -> None:
    assert {setting.codec for setting in SETTINGS} == {None, *CODECS}


@pytest.mark.parametrize(
    ("sends", "write"),
    [
        ("binary mode, `partitionkey` as the key", to_binary_event),
        ("structured mode, `partitionkey` as the key", to_structured_event),
    ],
)
def test_the_rows_of_the_sdk_for_python_are_as_it_writes_them(
    sends: str, write: Callable[[Any], KafkaMessage]
) -> None:
    (case,) = (one for one in CASES if (one.library, one.sends) == ("CloudEvents SDK for Python", sends))
    event = {**EVENT, "partitionkey": EVENT["subject"]}
    written = write(JSONFormat().read(None, json.dumps(event)))
    assert written.headers == dict(case.headers)
    assert (written.key, json.loads(written.value)) == (
        (case.key or b"").decode(),
        json.loads(case.value or b""),
    )
