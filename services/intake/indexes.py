"""Indexes of intake's own collections."""

from pymongo import IndexModel

_FOUND_BY = [
    IndexModel([("names", 1), ("person.municipality", 1)]),
    IndexModel([("person.municipality", 1), ("_id", 1)]),
    # Partial, so that a settlement of somebody who takes part in nothing yet costs nothing here.
    IndexModel(
        [("person.municipality", 1), ("person.participations.programme", 1), ("_id", 1)],
        partialFilterExpression={"person.participations.programme": {"$gt": ""}},
    ),
    IndexModel(
        [("person.coordinator", 1), ("person.municipality", 1), ("_id", 1)],
        partialFilterExpression={"person.coordinator": {"$gt": ""}},
    ),
    IndexModel(
        [("person.municipality", 1), ("tasks.on", 1)], partialFilterExpression={"tasks": {"$exists": True}}
    ),
]
"""How people are found by name, and listed."""

INDEXES: dict[str, list[IndexModel]] = {
    # Two replicas that meet a new case at once can't open two files for it.
    "refugees": [IndexModel("cases", unique=True), *_FOUND_BY],
    "volunteers": _FOUND_BY,
    "subject_keys": [],
    "approvals": [IndexModel("subject")],
    "looks": [
        IndexModel([("municipality", 1), ("_id", 1)]),
        IndexModel([("subject", 1), ("_id", 1)]),
        IndexModel("kept_until", expireAfterSeconds=0),
    ],
    "transfers": [
        # Of one operator's people two offers at once would each promise what the other gives away.
        IndexModel(
            [("transfer.municipality", 1), ("transfer.giver", 1)],
            unique=True,
            partialFilterExpression={"open": True},
        ),
        IndexModel([("transfer.to", 1), ("open", 1)]),
    ],
}
