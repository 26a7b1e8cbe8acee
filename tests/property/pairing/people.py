"""What matching has been told of people, as plainly as the topics say it."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal

import orjson

from tests.property.pairing.town import GUIDES

Stands = Literal["there", "held", "gone"]
"""May be matched; may not for now; takes no part any more."""
HELD = {"approved": {"lapsed"}, "lapsed": {"lapsed"}, "paused": {"lapsed", "ready"}}
"""By a volunteer's status, the statuses of a participation that is held."""


@dataclass(slots=True)
class Told:
    """The newest state of somebody that matching has got; nothing is heard of them once they are erased."""

    revision: int = 0
    erased: bool = False
    data: dict[str, Any] = field(default_factory=dict)

    def hear(self, value: bytes | None) -> bool:
        """Takes a record; whether it says anything new."""
        if self.erased:
            return False
        if value is None:
            self.erased, self.data = True, {}
            return True
        event = orjson.loads(value)
        if event["revision"] <= self.revision:
            return False
        self.revision, self.data = event["revision"], event["data"]
        return True

    @property
    def municipality(self) -> str | None:
        return self.data.get("municipality")

    @property
    def capacity(self) -> int:
        return int(self.data.get("capacity", 1))

    @property
    def household(self) -> str | None:
        household: dict[str, Any] = self.data.get("household") or {}
        return household.get("ref")

    @property
    def consents(self) -> bool:
        """Whether the consent that the programme asks for is in force."""
        return any(one["purpose"] == "matching" for one in self.data.get("consents", ()))

    @property
    def ready_since(self) -> date | None:
        said = self._part.get("ready_since")
        return None if said is None else date.fromisoformat(said)

    @property
    def _part(self) -> dict[str, Any]:
        parts = self.data.get("participations", ())
        found: dict[str, Any] = next((one for one in parts if one["programme"] == GUIDES), {})
        return found

    def stands(self, kind: str) -> Stands:
        """What they do in the programme."""
        status, part = self.data.get("status"), self._part.get("status")
        if kind == "refugee":
            if status == "ready" and part == "ready":
                return "there"
            return "held" if status in {"consented", "ready"} and part == "lapsed" else "gone"
        if status == "approved" and part == "ready":
            return "there"
        return "held" if part in HELD.get(status or "", set()) else "gone"

    @property
    def why_gone(self) -> str:
        """Why a pair of theirs ends, where they have not moved away from it."""
        status = self.data.get("status", "withdrawn")
        return status if status in {"moved", "restricted"} else "withdrawn"
