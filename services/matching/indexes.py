"""Indexes of matching's own collections."""

from pymongo import IndexModel

from shared.messaging.work import KEPT

_OPEN = {"open": True}

INDEXES: dict[str, list[IndexModel]] = {
    "parties": [
        # Partial, as most people on file wait nowhere yet: an index costs a write with every state.
        IndexModel(
            [("municipality", 1), ("programmes", 1), ("side", 1)],
            partialFilterExpression={"programmes": {"$exists": True}},
        ),
        # Of the erased: kept for longer than any topic, or a replica that was paused, may hold what came
        # before the erasure.
        IndexModel(
            "at",
            expireAfterSeconds=int(KEPT.total_seconds()),
            partialFilterExpression={"at": {"$exists": True}},
        ),
    ],
    # An open pair holds a slot: the receiving party's one in this programme and relation, and one of the
    # guide's. Two rounds or replicas that want the same slot can't both commit.
    "pairs": [
        IndexModel(
            [("receiving", 1), ("programme", 1), ("relation", 1)], unique=True, partialFilterExpression=_OPEN
        ),
        IndexModel([("giving", 1), ("slot", 1)], unique=True, partialFilterExpression=_OPEN),
        # Open and over: all of somebody who must not be known any more.
        IndexModel("receiving"),
        IndexModel("giving"),
        IndexModel("former", sparse=True),
        IndexModel("pair.receipt.alternative.giving", sparse=True),
        IndexModel("pair.receipt.alternative.need.receiving", sparse=True),
        IndexModel([("municipality", 1), ("programme", 1), ("status", 1)]),
        IndexModel("round"),
        IndexModel("staged", sparse=True),
    ],
    "pools": [],
}
