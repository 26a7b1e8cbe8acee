"""The shipped examples: what an administrator, a municipality and coordinators would send."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from shared.contracts import topics
from shared.contracts.access import READER_OF_DEAD_LETTERS

_ROOT = Path(__file__).parents[1] / "examples"

Record = tuple[str, str, bytes]
"""A topic, a key and a structured CloudEvent."""


@dataclass(frozen=True, slots=True)
class Example:
    """A folder of JSON Lines files, one for each topic that somebody writes."""

    directory: Path

    @property
    def municipalities(self) -> list[str]:
        """Who sends settlements."""
        return sorted(path.name.split(".")[1] for path in self.directory.glob("settlements.*.jsonl"))

    @property
    def operators(self) -> list[str]:
        """Who is registered as operator."""
        return [json.loads(line)["subject"] for line in self._lines("operators.jsonl")]

    @property
    def readers_of_dead_letters(self) -> list[str]:
        """Which of them have that role."""
        records = [json.loads(line)["data"] for line in self._lines("operators.jsonl")]
        return [one["operator"] for one in records if READER_OF_DEAD_LETTERS in one["roles"]]

    def administration(self) -> Iterator[Record]:
        """Operators and programmes."""
        for name, topic in (("operators.jsonl", topics.OPERATORS), ("programmes.jsonl", topics.PROGRAMMES)):
            for line in self._lines(name):
                yield topic.name, json.loads(line)["subject"], line.encode()

    def settlements(self, municipality: str) -> list[dict[str, Any]]:
        """A municipality's settlement records, in order."""
        return [json.loads(line) for line in self._lines(f"settlements.{municipality}.jsonl")]

    def commands(self, operator: str) -> list[dict[str, Any]]:
        """An operator's commands to intake, in order."""
        return [json.loads(line) for line in self._lines(f"commands.intake.{operator}.jsonl")]

    def _lines(self, name: str) -> list[str]:
        return (self.directory / name).read_text().splitlines()


BERGEN = Example(_ROOT / "bergen-2016-06")
"""Bergen in June 2016: 25 refugees and 55 volunteers wait."""
