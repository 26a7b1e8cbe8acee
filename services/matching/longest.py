"""For how long somebody has waited in each programme, for Prometheus: of all municipalities together, since
the day on which one of them became ready would say something of one person.
"""

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

from shared.clock import Clock
from shared.messaging.metrics import Gauge
from shared.mongo import Database

AGAIN = timedelta(minutes=1)
"""How often everybody who waits is looked through at most, whoever asks for the page."""


@dataclass(slots=True)
class Longest:
    """Finds who waits longest: refugees who are ready and have no open pair in the programme."""

    clock: Clock
    _found: Mapping[tuple[str, ...], float] = field(default_factory=dict, init=False)
    _next: float = field(default=0.0, init=False)

    @property
    def gauge(self) -> Gauge:
        """The figure, by programme."""
        return Gauge(
            "kobling_oldest_waiting_seconds",
            "Since when the refugee has waited who waits longest in a programme: from the start of that day.",
            self.look,
            ("programme",),
        )

    async def look(self, database: Database) -> Mapping[tuple[str, ...], float]:
        """Seconds by programme, none where nobody waits. Raises PyMongoError."""
        if time.monotonic() >= self._next:
            programmes = await database["parties"].distinct("programmes", {"side": "receiving"})
            found = {name: await self._since(name, database) for name in sorted(programmes)}
            now = self.clock.now()
            self._found = {
                (name,): max(0.0, (now.date() - since) / timedelta(seconds=1))
                for name, since in found.items()
                if since is not None
            }
            self._next = time.monotonic() + AGAIN.total_seconds()
        return self._found

    @staticmethod
    async def _since(programme: str, database: Database) -> date | None:
        paired = await database["pairs"].distinct("receiving", {"open": True, "programme": programme})
        oldest = (
            await database["parties"]
            .aggregate(
                [
                    {"$match": {"side": "receiving", "programmes": programme, "_id": {"$nin": paired}}},
                    {"$unwind": "$waits"},
                    {"$match": {"waits.programme": programme}},
                    {"$group": {"_id": None, "since": {"$min": "$waits.since"}}},
                ]
            )
            .to_list(None)
        )
        return date.fromisoformat(oldest[0]["since"]) if oldest else None
