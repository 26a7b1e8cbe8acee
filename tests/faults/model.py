"""What should become of settlements: an oracle that reads the same log, in the same order."""

import hashlib
import json
from dataclasses import dataclass, field
from datetime import datetime

from tests.faults.people import EXPECT

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """A record's outcome, as its receipt says it, how many states of refugees it causes, and the name of a
    state that it brings about under a random cause.
    """

    topic: str
    offset: int
    outcome: str
    code: str | None = None
    event_id: str = ""
    case: str = ""
    states: int = 0
    apart: str | None = None


@dataclass(slots=True)
class Oracle:
    """Knows each topic's ids and the newest record of each case."""

    expected: dict[tuple[str, int], Expected] = field(default_factory=dict)
    _ids: dict[tuple[str, str], bytes] = field(default_factory=dict)
    _newest: dict[tuple[str, str], datetime] = field(default_factory=dict)

    def meet(self, topic: str, offset: int, value: bytes | None, headers: Headers) -> None:
        """Takes the next record of a topic."""
        code = dict(headers).get(EXPECT)
        if code is not None:
            self.expected[topic, offset] = Expected(topic, offset, "rejected", code.decode())
            return
        self.expected[topic, offset] = self._of_sound(topic, offset, value or b"")

    def _of_sound(self, topic: str, offset: int, value: bytes) -> Expected:
        document = json.loads(value)
        event_id, case = document["id"], document["subject"]
        fingerprint = hashlib.sha256(value).digest()
        seen = self._ids.get((topic, event_id))
        if seen is not None:
            if seen == fingerprint:
                return Expected(topic, offset, "duplicate", None, event_id, case)
            return Expected(topic, offset, "rejected", "id_collision", event_id, case)
        self._ids[topic, event_id] = fingerprint
        time = datetime.fromisoformat(document["time"])
        newest = self._newest.get((topic, case))
        if newest is not None and time < newest:
            return Expected(topic, offset, "stale", None, event_id, case)
        self._newest[topic, case] = time
        data = document["data"]
        hidden = data.get("protection", "none") != "none"
        if data.get("unaccompanied_minor"):
            return Expected(topic, offset, "referred", None, event_id, case, apart="RefugeeReferred")
        if ".SettlementWithdrawn." in document["type"]:
            return Expected(topic, offset, "accepted", None, event_id, case, apart="RefugeeWithdrawn")
        return Expected(topic, offset, "accepted", None, event_id, case, 0 if hidden else 1)

    def cases(self) -> set[tuple[str, str]]:
        """Each (topic, case) that must have one file."""
        return set(self._newest)
