"""Every block of `docs/consuming.md` on a running installation: settlements are answered, figures are read.

Blocks with `create=` become files of a client's directory, `bash` ones are run there as they are pasted. What
each reader of indicators must keep and leave out is put on the topic beforehand, beside what reporting
publishes itself.
"""

import csv
import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import OFFSET_BEGINNING, Consumer, Producer, TopicPartition

from deploy import background
from deploy.local.jars import find_java
from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.example_record import record
from tests.stack_user import wait_until
from tests.walkthroughs.page import walkthroughs

PAGE = (Path(__file__).parents[2] / "docs/consuming.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^##+ (?P<title>.+)$", re.MULTILINE)
_SHELL = re.compile(r"^```bash\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_FENCE = re.compile(r"^```\w+", re.MULTILINE)

TOPIC = topics.INDICATORS.name
MADE_UP = "no-9999"
GONE, KEPT, TICK = f"{MADE_UP}/all/2026-10", f"{MADE_UP}/all/2026-11", b"_tick-0"
ROWS = [
    f"{MADE_UP},all,2026-11,true,pairs_created,25",
    f"{MADE_UP},all,2026-11,true,proposals_declined,",
]
"""What of the municipality that is made up there is to be read."""
OWN = re.compile(r"no-4601,all,\d{4}(-\d{2})?,(true|false),settlements_registered,")
"""What reporting publishes of the one settlement: too few to be shown."""

with_kcat = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("kcat", "jq")), reason="kcat or jq is not installed"
)
with_java = pytest.mark.skipif(
    find_java() is None or any(shutil.which(tool) is None for tool in ("javac", "mvn")),
    reason="a JDK of Java 17 or Maven is not installed",
)


@dataclass(frozen=True, slots=True)
class Client:
    """A client's directory beside an installation, with the page's files and settings in it."""

    directory: Path
    kafka: str

    def run(self, title: str, number: int = 0, of: str | None = None) -> str:
        """Runs a block of a section, pasted into bash; returns what it prints."""
        (block,) = shells(title, of)[number : number + 1]
        if "jars/" in block and not (self.directory / "jars").is_dir():
            self.run("Connecting", 1)
        done = subprocess.run(
            ["bash", "-euo", "pipefail"],  # noqa: S607
            input=block,
            cwd=self.directory,
            env={
                **os.environ,
                "KAFKA": self.kafka,
                "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
            },
            capture_output=True,
            text=True,
            check=False,
            timeout=180,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def read(self, name: str) -> list[str]:
        return (self.directory / name).read_text(encoding="utf-8").splitlines()


def sections() -> dict[tuple[str, str], str]:
    """Each section of the page by the chapter and its own title; a chapter's beginning has none."""
    heads = list(_SECTION.finditer(PAGE))
    found, chapter = {}, ""
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        if not head[0].startswith("###"):
            chapter = head["title"]
        title = head["title"] if head[0].startswith("###") else ""
        found[chapter, title] = PAGE[head.end() : following.start() if following else len(PAGE)]
    return found


def shells(chapter: str, title: str | None = None) -> list[str]:
    return [block["content"] for block in _SHELL.finditer(sections()[chapter, title or ""])]


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Client]:
    directory = tmp_path_factory.mktemp("consuming")
    (directory / "client").mkdir()
    try:
        addresses = background.start(directory / "run", parent=os.getpid())
        found = Client(directory / "client", addresses["kafka"])
        for steps in walkthroughs(PAGE).values():
            for step in steps:
                step.apply(found.directory)
        found.run("Connecting")
        publish(found.kafka)
        yield found
    finally:
        background.stop(directory / "run")


def indicators(key: str, revision: int, value: int) -> dict[str, Any]:
    event = deepcopy(record(BY_NAME["IndicatorsPublished"]))
    municipality, programme, period = key.split("/")
    event |= {"subject": key, "revision": revision, "added": {"later": True}}
    event["data"] |= {"municipality": municipality, "programme": programme, "period": period, "added": 1}
    event["data"]["figures"][0]["value"] = value
    return event


def publish(kafka: str) -> None:
    """What readers must keep and leave out, and a settlement for reporting to count."""
    headers: dict[str, str | bytes | None] = {"content-type": CONTENT_TYPE}
    writer = Producer({"bootstrap.servers": kafka, "transactional.id": "made-up"})
    writer.init_transactions(30)

    def write(*records: tuple[str | bytes, dict[str, Any] | None]) -> None:
        writer.begin_transaction()
        for key, event in records:
            value = None if event is None else json.dumps(event)
            writer.produce(TOPIC, key=key, value=value, headers=None if event is None else headers)
        writer.flush(30)

    write((GONE, indicators(GONE, 1, 5)), (KEPT, indicators(KEPT, 1, 5)), (KEPT, indicators(KEPT, 3, 25)))
    writer.commit_transaction(30)
    write((KEPT, indicators(KEPT, 4, 40)), (GONE, indicators(GONE, 2, 45)))
    writer.abort_transaction(30)
    write((KEPT, indicators(KEPT, 3, 25)), (KEPT, indicators(KEPT, 2, 10)), (GONE, None), (TICK, None))
    writer.commit_transaction(30)

    sender = Producer({"bootstrap.servers": kafka})
    settled = record(BY_NAME["PersonSettled"])
    sender.produce(
        topics.SETTLEMENTS.named("no-4601"),
        key=settled["subject"],
        value=json.dumps(settled),
        headers=headers,
    )
    sender.flush(30)
    reader = Consumer({"bootstrap.servers": kafka, "group.id": "none", "enable.auto.commit": False})
    reader.assign([TopicPartition(TOPIC, number, OFFSET_BEGINNING) for number in range(12)])
    wait_until(lambda: "no-4601/all/" in key_of(reader), "reporting publishes what it counts")
    reader.close()


def key_of(reader: Consumer) -> str:
    message = reader.poll(1)
    return "" if message is None or message.error() else (message.key() or b"").decode()


def test_every_block_belongs_to_a_section_that_is_run() -> None:
    files = sum(len(steps) for steps in walkthroughs(PAGE).values())
    shells_there = len(_SHELL.findall(PAGE))
    assert len(_FENCE.findall(PAGE)) == files + shells_there
    run = {"Connecting": 2, "A settlement and its receipt": 3, "Indicators": 5}
    assert shells_there == sum(run.values())
    assert {chapter for (chapter, title), text in sections().items() if _SHELL.search(text)} == run.keys()


@pytest.mark.parametrize(
    "title",
    [
        pytest.param("With kcat", marks=with_kcat),
        "With the CloudEvents SDK for Python",
        pytest.param("With Java", marks=with_java),
    ],
)
def test_a_settlement_is_answered(client: Client, title: str) -> None:
    printed = client.run("A settlement and its receipt", of=title).splitlines()
    assert re.fullmatch(r"BER-[0-9a-f]{8} accepted", printed[0])


@pytest.mark.parametrize(
    ("title", "file"),
    [
        pytest.param("With kcat", "with-kcat.csv", marks=with_kcat),
        ("With the CloudEvents SDK for Python", "with-python.csv"),
        pytest.param("With Java", "with-java.csv", marks=with_java),
    ],
)
def test_figures_are_those_that_hold(client: Client, title: str, file: str) -> None:
    client.run("Indicators", of=title)
    rows = client.read(file)
    assert [row for row in rows if row.startswith(MADE_UP)] == ROWS
    assert any(OWN.fullmatch(row) for row in rows)
    assert {len(row) for row in csv.reader(rows)} == {6}


@with_java
def test_kafka_connect_writes_what_was_committed_and_has_a_value(client: Client) -> None:
    file = client.directory / "indicators.jsonl"
    client.run("Indicators", of="With Kafka Connect")
    try:
        wait_until(
            lambda: file.exists() and "no-4601/all/" in file.read_text(), "reporting's figures are there"
        )
        wait_until(lambda: len(made_up(file)) >= 5, "what is made up is there")
    finally:
        client.run("Indicators", 1, of="With Kafka Connect")
    found = sorted((event["subject"], event["revision"]) for event in made_up(file))
    assert found == [(GONE, 1), (KEPT, 1), (KEPT, 2), (KEPT, 3), (KEPT, 3)]


def made_up(file: Path) -> list[dict[str, Any]]:
    """The events of the made-up municipality in complete lines; a line that is null fails."""
    lines = file.read_text(encoding="utf-8").rpartition("\n")[0].splitlines()
    events: list[dict[str, Any]] = [json.loads(line) for line in lines]
    return [event for event in events if event["subject"].startswith(MADE_UP)]
