"""Recorded traces whose next step is the publication of figures."""

from collections.abc import Sequence
from datetime import UTC, datetime

from services.reporting.documents import TRACES
from shared.mongo import Database, Session

AT_ONCE = 500
"""So many of the traces that wait are told of one publication; the others, of the next."""


class Traces:
    """Spans of records that the next publication is the first to count, as `traceparent` names them."""

    def __init__(self, database: Database) -> None:
        self._collection = database[TRACES]

    async def add(self, traces: Sequence[str], session: Session) -> None:
        """Has spans wait for the next publication."""
        if traces:
            now = datetime.now(UTC)
            await self._collection.insert_many(
                [{"_id": trace, "at": now} for trace in traces], ordered=False, session=session
            )

    async def take(self, session: Session) -> list[str]:
        """Those that wait, which do no more, the oldest first."""
        cursor = self._collection.find({}, {"_id": 1}, sort=[("at", 1)], limit=AT_ONCE, session=session)
        traces = [document["_id"] async for document in cursor]
        if traces:
            await self._collection.delete_many({"_id": {"$in": traces}}, session=session)
        return traces
