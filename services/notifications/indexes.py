"""Indexes of notifications' own collections, and what former releases stored otherwise."""

from datetime import timedelta

from pymongo import IndexModel

from shared.messaging.migrations import Migration, Retired

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

RETIRED = (Retired(1, "messages", "settled_at_1"),)

MIGRATIONS = (
    Migration(
        1,
        "messages.settled_at",
        "messages",
        {"settled_at": {"$exists": True}},
        [{"$set": {"ended_at": {"$ifNull": ["$ended_at", "$settled_at"]}}}, {"$unset": "settled_at"}],
    ),
)
