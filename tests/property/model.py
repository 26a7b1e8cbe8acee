"""What delivery promises, said once more with plain dictionaries: a log's prefix alone decides everything."""

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

from shared.messaging.reading.records import Raw
from tests.unit.messaging.records import NOON, STRUCTURED, settlement

Kind = Literal["settled", "withdrawn", "refused", "nonsense"]
"""Withdrawn sends a tombstone; refused is what the service itself declares dead; nonsense can't be read."""

REFUSED = "refused"
_BEGIN = datetime(2016, 6, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Entry:
    """A record as the model sees it. `time` counts seconds; `text` tells payloads of one id apart."""

    topic: str
    subject: str
    id: str
    time: int
    kind: Kind = "settled"
    text: str = "a"

    def raw(self, offset: int) -> Raw:
        """The record's bytes at its place in the log."""
        value = b"nonsense" if self.kind == "nonsense" else json.dumps(self._document()).encode()
        return Raw(self.topic, 0, offset, NOON + offset, self.subject.encode(), value, STRUCTURED)

    def _document(self) -> dict[str, Any]:
        document = {
            **settlement(self.subject, occupation=self.text),
            "id": self.id,
            "source": "/test",
            "time": (_BEGIN + timedelta(seconds=self.time)).isoformat().replace("+00:00", "Z"),
        }
        if self.kind in {"withdrawn", "refused"}:
            document["type"] = "no.kobling.SettlementWithdrawn.v1"
            document["data"] = {"reason": REFUSED if self.kind == "refused" else self.text}
        return document

    @property
    def fingerprint(self) -> tuple[str, int, str, str]:
        """What two records of one id must have in common to be the same."""
        return self.subject, self.time, self.kind, self.text


@dataclass(slots=True)
class Subject:
    """What the service keeps of a subject."""

    time: int
    revision: int
    applied: list[int] = field(default_factory=list)


@dataclass(slots=True)
class Expected:
    """All that is left by the first records of one topic, each delivered at least once."""

    subjects: dict[str, Subject] = field(default_factory=dict)
    outcomes: list[str] = field(default_factory=list)
    published: dict[str, list[tuple[int, bool]]] = field(default_factory=dict)
    """For each subject its revisions in order, and whether each is a tombstone."""
    inbox: dict[str, Entry] = field(default_factory=dict)

    @property
    def counters(self) -> Counter[str]:
        """How many records had which outcome."""
        return Counter(self.outcomes)


def fold(log: Iterable[Entry]) -> Expected:
    """What a topic's records leave when each is handled once, in order."""
    left = Expected()
    for offset, entry in enumerate(log):
        left.outcomes.append(_handle(left, entry, offset))
    return left


def _handle(left: Expected, entry: Entry, offset: int) -> str:
    if entry.kind == "nonsense":
        return "dead"
    known = left.inbox.get(entry.id)
    if known is not None:
        return "duplicate" if known.fingerprint == entry.fingerprint else "dead"
    if entry.kind == "refused":
        return "dead"
    left.inbox[entry.id] = entry
    subject = left.subjects.get(entry.subject)
    if subject is None:
        subject = left.subjects[entry.subject] = Subject(entry.time, 0)
    elif entry.time < subject.time:
        return "stale"
    subject.time, subject.revision = entry.time, subject.revision + 1
    subject.applied.append(offset)
    publication = (subject.revision, entry.kind == "withdrawn")
    left.published.setdefault(entry.subject, []).append(publication)
    return "applied"


def collapse(sequence: Iterable[tuple[int, bool]]) -> list[tuple[int, bool]]:
    """The sequence without immediate repeats, which at least once allows."""
    left: list[tuple[int, bool]] = []
    for one in sequence:
        if not left or left[-1] != one:
            left.append(one)
    return left


def seconds(moment: datetime) -> int:
    """A record's time as the model counts it."""
    return int((moment - _BEGIN).total_seconds())
