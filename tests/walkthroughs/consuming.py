"""`docs/consuming.md` in a client's directory: its files, its shell blocks run, and what readers meet."""

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from deploy.local.jars import find_java
from shared.contracts import topics
from shared.contracts.catalogue import BY_NAME
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.example_record import record
from tests.walkthroughs.page import Step, walkthroughs

PAGE = (Path(__file__).parents[2] / "docs/consuming.md").read_text(encoding="utf-8")
_SECTION = re.compile(r"^##+ (?P<title>.+)$", re.MULTILINE)
_SHELL = re.compile(r"^```bash\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)

TOPIC = topics.INDICATORS.name
MADE_UP = "no-9999"
GONE, KEPT, TICK = f"{MADE_UP}/all/2026-10", f"{MADE_UP}/all/2026-11", b"_tick-0"
ROWS = [
    f"{MADE_UP},all,2026-11,true,pairs_created,25",
    f"{MADE_UP},all,2026-11,true,proposals_declined,",
]
"""What of the municipality that is made up there is to be read."""
COMMITTED = [(GONE, 1), (KEPT, 1), (KEPT, 2), (KEPT, 3), (KEPT, 3)]
"""Its records that were committed and have a value: subject and revision."""
JVM_SECONDS = 60
"""What the local stack gives Kafka's broker to start as well."""
HEADERS: dict[str, str | bytes | None] = {"content-type": CONTENT_TYPE}

KCAT, PYTHON, JAVA = "With kcat", "With the CloudEvents SDK for Python", "With Java"
with_kcat = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("kcat", "jq")), reason="kcat or jq is not installed"
)
with_java = pytest.mark.skipif(
    find_java() is None or any(shutil.which(tool) is None for tool in ("javac", "mvn")),
    reason="a JDK of Java 17 or Maven is not installed",
)
EACH = [pytest.param(KCAT, marks=with_kcat), PYTHON, pytest.param(JAVA, marks=with_java)]
"""The programs of each chapter, by the titles of their sections."""


def steps() -> list[Step]:
    """The page's blocks that are files, or added to one."""
    return [step for of_chapter in walkthroughs(PAGE).values() for step in of_chapter]


def shells(chapter: str, section: str = "") -> list[str]:
    """A section's shell blocks; without `section`, those of the chapter's beginning."""
    heads = list(_SECTION.finditer(PAGE))
    found: dict[tuple[str, str], list[str]] = {}
    current = ""
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        lower = head[0].startswith("###")
        current = current if lower else head["title"]
        text = PAGE[head.end() : following.start() if following else len(PAGE)]
        blocks = [block["content"] for block in _SHELL.finditer(text)]
        found[current, head["title"] if lower else ""] = blocks
    return found[chapter, section]


@dataclass(frozen=True, slots=True)
class Client:
    """A client's directory beside a broker, with the page's files and settings in it."""

    directory: Path
    kafka: str

    @classmethod
    def made(cls, directory: Path, kafka: str) -> "Client":
        """A new one, in a directory that is there."""
        found = cls(directory, kafka)
        for step in steps():
            if step.creates:
                step.apply(directory)
        found.run("Connecting")
        return found

    def run(self, chapter: str, section: str = "", number: int = 0) -> str:
        """Runs a section's block, pasted into bash; returns what it prints."""
        block = shells(chapter, section)[number]
        if "jars/" in block and not (self.directory / "jars").is_dir():
            self.run("Connecting", number=1)
        done = subprocess.run(
            ["bash", "-euo", "pipefail"],  # noqa: S607 (as PATH has it)
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

    def figures(self, section: str) -> list[str]:
        """The rows that a section's program writes."""
        self.run("Indicators", section)
        (file,) = (name for name in ("kcat", "python", "java") if name in section.lower())
        return (self.directory / f"with-{file}.csv").read_text(encoding="utf-8").splitlines()

    def until_connect_writes(self) -> None:
        """Returns once the worker's sink has opened its file: a JVM with its plugins starts, which takes as
        long as a broker may.
        """
        file, pid = self.directory / "indicators.jsonl", int((self.directory / "connect.pid").read_text())
        deadline = time.monotonic() + JVM_SECONDS
        while not file.exists():
            assert Path(f"/proc/{pid}").exists(), (self.directory / "connect.log").read_text()
            assert time.monotonic() < deadline, f"Kafka Connect did not begin in {JVM_SECONDS} s"
            # Between looks at another process's file, whose beginning nothing tells.
            time.sleep(0.1)

    def sunk(self) -> list[dict[str, Any]]:
        """The events in what Kafka Connect has written, whole lines alone."""
        file = self.directory / "indicators.jsonl"
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        return [json.loads(line) for line in text.rpartition("\n")[0].splitlines()]


def of_made_up(events: Iterable[dict[str, Any]]) -> list[tuple[str, int]]:
    """Subject and revision of the made-up municipality's events."""
    return sorted((one["subject"], one["revision"]) for one in events if one["subject"].startswith(MADE_UP))


def _indicators(key: str, revision: int, value: int) -> dict[str, Any]:
    event = deepcopy(record(BY_NAME["IndicatorsPublished"]))
    municipality, programme, period = key.split("/")
    event |= {"subject": key, "revision": revision, "added": {"later": True}}
    event["data"] |= {"municipality": municipality, "programme": programme, "period": period, "added": 1}
    event["data"]["figures"][0]["value"] = value
    return event


def publish(settings: dict[str, Any]) -> None:
    """What readers of indicators must keep and leave out; `settings` are librdkafka's."""
    writer = Producer({**settings, "transactional.id": "reporting-relay-made-up"})
    writer.init_transactions(30)

    def write(*records: tuple[str | bytes, dict[str, Any] | None]) -> None:
        writer.begin_transaction()
        for key, event in records:
            value = None if event is None else json.dumps(event)
            writer.produce(TOPIC, key=key, value=value, headers=None if event is None else HEADERS)
        writer.flush(30)

    write((GONE, _indicators(GONE, 1, 5)), (KEPT, _indicators(KEPT, 1, 5)), (KEPT, _indicators(KEPT, 3, 25)))
    writer.commit_transaction(30)
    write((KEPT, _indicators(KEPT, 4, 40)), (GONE, _indicators(GONE, 2, 45)))
    writer.abort_transaction(30)
    write((KEPT, _indicators(KEPT, 3, 25)), (KEPT, _indicators(KEPT, 2, 10)), (GONE, None), (TICK, None))
    writer.commit_transaction(30)
