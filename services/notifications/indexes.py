"""Indexes of notifications' own collections."""

from datetime import timedelta

from pymongo import IndexModel

ENDED_KEPT = timedelta(days=90)
"""How long a message is kept after its end: as long as `notifications.v1` keeps what was sent, so that a
rebuilt database holds the same, and longer than a pair counts as new."""

INDEXES: dict[str, list[IndexModel]] = {
    "cards": [],
    "pairs": [],
    "messages": [
        IndexModel("pair"),
        IndexModel([("recipient", 1), ("status", 1)]),
        IndexModel("ended_at", expireAfterSeconds=int(ENDED_KEPT.total_seconds())),
    ],
}
