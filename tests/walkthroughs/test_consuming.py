"""Every block of `docs/consuming.md` on a running installation: settlements are answered, figures are read.

What each reader of indicators must keep and leave out is put on the topic beforehand, beside what reporting
publishes itself.
"""

import csv
import json
import os
import re
from collections.abc import Iterator

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from deploy import background
from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record
from tests.stack_user import wait_until
from tests.walkthroughs.consuming import (
    COMMITTED,
    EACH,
    HEADERS,
    JAVA,
    KCAT,
    MADE_UP,
    PAGE,
    PYTHON,
    ROWS,
    TOPIC,
    Client,
    of_made_up,
    publish,
    shells,
    steps,
    with_java,
)

SETTLEMENT = "A settlement and its receipt"
OWN = "no-4601/all/"
OWN_ROW = re.compile(r"no-4601,all,\d{4}(-\d{2})?,(true|false),settlements_registered,")
"""What reporting publishes of the one settlement: too few to be shown."""
RUN = {
    ("Connecting", ""): 2,
    **{(chapter, program): 1 for chapter in (SETTLEMENT, "Indicators") for program in (KCAT, PYTHON, JAVA)},
    ("Indicators", "With Kafka Connect"): 2,
}
"""How many shell blocks of each section are run here."""


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("consuming")
    (directory / "client").mkdir()
    try:
        kafka = background.start(directory / "run", parent=os.getpid())["kafka"]
        publish({"bootstrap.servers": kafka})
        settle(kafka)
        yield Client.made(directory / "client", kafka)
    finally:
        background.stop(directory / "run")


def settle(kafka: str) -> None:
    """Settles somebody, and returns once reporting has published what it counts."""
    sender = Producer({"bootstrap.servers": kafka})
    settled = record(BY_NAME["PersonSettled"])
    topic = topics.SETTLEMENTS.named("no-4601")
    sender.produce(topic, key=settled["subject"], value=json.dumps(settled), headers=HEADERS)
    sender.flush(30)
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "none", "enable.auto.commit": False})
    partitions = range(topics.INDICATORS.partitions)
    reader.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in partitions])
    wait_until(lambda: OWN in key_of(reader), "reporting publishes what it counts")
    reader.close()


def key_of(reader: Consumer) -> str:
    message = reader.poll(1)
    return "" if message is None or message.error() else (message.key() or b"").decode()


def test_every_block_is_a_file_or_is_run() -> None:
    assert {place: len(shells(*place)) for place in RUN} == RUN
    fences = len(re.findall(r"^```\w+", PAGE, re.MULTILINE))
    assert fences == len(steps()) + sum(RUN.values())


@pytest.mark.parametrize("program", EACH)
def test_a_settlement_is_answered(client: Client, program: str) -> None:
    printed = client.run(SETTLEMENT, program).splitlines()
    assert re.fullmatch(r"BER-[0-9a-f]{8} accepted", printed[0])


@pytest.mark.parametrize("program", EACH)
def test_figures_are_those_that_hold(client: Client, program: str) -> None:
    rows = client.figures(program)
    assert [row for row in rows if row.startswith(MADE_UP)] == ROWS
    assert any(OWN_ROW.fullmatch(row) for row in rows)
    assert {len(row) for row in csv.reader(rows)} == {6}


@with_java
def test_kafka_connect_writes_what_was_committed_and_has_a_value(client: Client) -> None:
    client.run("Indicators", "With Kafka Connect")
    try:
        client.until_connect_writes()
        wait_until(
            lambda: any(OWN in one["subject"] for one in client.sunk()), "reporting's figures are there"
        )
        wait_until(lambda: len(of_made_up(client.sunk())) >= len(COMMITTED), "what is made up is there")
    finally:
        client.run("Indicators", "With Kafka Connect", 1)
    assert of_made_up(client.sunk()) == COMMITTED
