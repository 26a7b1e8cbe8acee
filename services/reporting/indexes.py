"""Indexes of reporting's own collections, and what former releases had."""

from datetime import timedelta

from pymongo import IndexModel

from services.reporting.documents import PAIRS, REFUGEES, SETTLED, TRACES, VOLUNTEERS
from shared.messaging.migrations import Retired
from shared.messaging.work import KEPT

_ANY = {"$gt": ""}
"""Any text: unlike `$exists`, it uses an index on an array's elements."""

_GRAVESTONES = IndexModel(
    "at",
    expireAfterSeconds=int(KEPT.total_seconds()),
    partialFilterExpression={"at": {"$exists": True}},
)
"""Of the erased: kept for longer than any topic, or a replica that was paused, may hold what came before."""

UNPUBLISHED = timedelta(days=7)
"""How long a trace waits for a publication."""

_READY = IndexModel("live.ready", name="ready", partialFilterExpression={"live.ready": _ANY})
"""Partial, as most people on file are ready for nothing yet: an index costs a write with every state."""

INDEXES: dict[str, list[IndexModel]] = {
    REFUGEES: [IndexModel("open.month"), _READY, _GRAVESTONES],
    VOLUNTEERS: [
        IndexModel("open.month"),
        _READY,
        IndexModel("live.away", partialFilterExpression={"live.away": _ANY}),
        _GRAVESTONES,
    ],
    PAIRS: [
        IndexModel("open.month"),
        IndexModel("live.is_open", partialFilterExpression={"live.is_open": True}),
        IndexModel("live.over_on", partialFilterExpression={"live.over_on": _ANY}),
        IndexModel("live.receiving_then", partialFilterExpression={"live.receiving_then": _ANY}),
        IndexModel("live.giving_then", partialFilterExpression={"live.giving_then": _ANY}),
        _GRAVESTONES,
    ],
    "tallies": [IndexModel("month")],
    "books": [IndexModel("year")],
    "indicators": [IndexModel("closed")],
    "calendar": [],
    SETTLED: [],
    TRACES: [IndexModel("at", expireAfterSeconds=int(UNPUBLISHED.total_seconds()))],
}

RETIRED = (Retired(1, "unplaced"),)
