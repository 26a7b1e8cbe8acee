"""A service as small as can be with all that delivery is about: states, revisions, tombstones, answers."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from pymongo import ReplaceOne

from shared.contracts import topics
from shared.contracts.municipal import SettlementWithdrawn
from shared.messaging.reading.outcome import Applied, Dead, Outcome, Stale, counter
from shared.messaging.reading.records import Handled, Readable, Received
from shared.messaging.work import Revision, Work
from shared.mongo import Document
from tests.property.model import REFUSED

MUNICIPALITY = "no-4601"


@dataclass(slots=True)
class Book:
    """Keeps each subject's newest time and what was applied; publishes each revision, answers each record."""

    sessions: list[Any] = field(default_factory=list)
    """Ids of the sessions whose transactions may have written."""

    async def apply(self, records: Sequence[Readable], work: Work) -> Sequence[Outcome]:
        self.sessions.append(work.session.session_id)
        subjects = {record.key for record in records}
        found = work.database["book"].find({"_id": {"$in": list(subjects)}}, session=work.session)
        known = {document["_id"]: document async for document in found}
        changed: set[str] = set()
        outcomes: list[Outcome] = []
        for record in records:
            assert isinstance(record, Received)
            outcome = self._decide(record, known.get(record.key))
            if isinstance(outcome, Applied):
                known[record.key] = self._publish(record, known.get(record.key), work)
                changed.add(record.key)
            outcomes.append(outcome)
        if changed:
            writes = [ReplaceOne({"_id": subject}, known[subject], upsert=True) for subject in changed]
            await work.database["book"].bulk_write(writes, session=work.session)
        return outcomes

    @staticmethod
    def _decide(record: Received, known: Document | None) -> Outcome:
        if isinstance(record.data, SettlementWithdrawn) and record.data.reason == REFUSED:
            return Dead("field_invalid", "reason")
        if known is not None and record.envelope.time < known["time"]:
            return Stale(known["time"])
        return Applied()

    @staticmethod
    def _publish(record: Received, known: Document | None, work: Work) -> Document:
        revision = Revision(known["revision"], known["order"]) if known is not None else Revision()
        revision = revision.next(work.now)
        work.send(
            topics.PAIRS,
            key=record.key.encode(),
            value=None if isinstance(record.data, SettlementWithdrawn) else b"{}",
            headers=(("revision", str(revision.number).encode()),),
            order=revision.order,
        )
        return {
            "_id": record.key,
            "time": record.envelope.time,
            "revision": revision.number,
            "order": revision.order,
            "applied": [*(known["applied"] if known is not None else []), record.raw.offset],
        }

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        for item in handled:
            raw = item.record.raw
            work.send(
                topics.RECEIPTS,
                owner=MUNICIPALITY,
                key=f"{raw.topic}/{raw.offset}".encode(),
                value=json.dumps(counter(item.outcome)).encode(),
                headers=(),
            )
