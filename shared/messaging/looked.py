"""What of a service's figures its database knows: looked up when Prometheus asks."""

from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from shared.clock import Clock
from shared.messaging.sending import outbox
from shared.messaging.work import microseconds
from shared.mongo import Database, Document

COUNTED = 100_000
"""The most rows that are counted one by one: more is as bad, and slow."""
LATE = timedelta(minutes=1)
"""From when on a due row counts as late."""


@dataclass(frozen=True, slots=True)
class Gauge:
    """A figure of one service's that its database knows. `look` finds it by its labels' values, under `()`
    where it has none; nothing where there is no figure yet.
    """

    name: str
    description: str
    look: Callable[[Database], Awaitable[Mapping[tuple[str, ...], float]]]
    labels: tuple[str, ...] = ()


@dataclass(slots=True)
class Looked:
    """What was found in the database; `outbox_oldest` in seconds."""

    outbox_rows: int
    outbox_oldest: float
    due_late: int
    positions: list[Document]
    gauges: dict[Gauge, Mapping[tuple[str, ...], float]]


async def look(database: Database, clock: Clock, gauges: Iterable[Gauge]) -> Looked:
    """Asks the database for all of it. Raises PyMongoError."""
    now = clock.now()
    oldest = await database["outbox"].find_one({}, {"order": 1}, sort=[("order", 1)])
    age = 0.0 if oldest is None else max(0.0, (microseconds(now) - oldest["order"]) / 1_000_000)
    counted = ("skipped", "expired", "truncated", "unacknowledged")
    fields = dict.fromkeys(("topic", "partition", *counted), 1)
    return Looked(
        await outbox.waiting(database),
        age,
        await database["due"].count_documents({"due_at": {"$lte": now - LATE}}, limit=COUNTED),
        await database["positions"].find({}, fields).to_list(None),
        {gauge: await gauge.look(database) for gauge in gauges},
    )
