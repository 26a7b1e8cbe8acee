"""What of matching's database is its state, for the state hash, and what of it a topic holds too."""

from services.matching.rows import PAIR_KINDS
from shared.contracts import topics
from shared.messaging.state_hash import NOT_ERASED, Follower, Part, due_rows

STATE = (
    Part(
        "parties",
        (
            "revision",
            "side",
            "municipality",
            "formerly",
            "programmes",
            "held",
            "waits",
            "attributes",
            "coordinator",
        ),
        where=NOT_ERASED,
    ),
    # Exclusions and slots stand in the pairs themselves; of `state` the revision without its `order`.
    Part(
        "pairs",
        (
            "municipality",
            "programme",
            "relation",
            "receiving",
            "giving",
            "slot",
            "status",
            "coordinator",
            "former",
            "open",
            "closed_on",
            "round",
            "pair",
        ),
        {"state": {"$first": "$state"}},
    ),
    Part("pools", ("cohorts", "told")),
    *(due_rows("due_at", kind=kind) for kind in PAIR_KINDS),
)

FOLLOWS = (
    Follower(topics.REFUGEES, "parties", where={"_id": {"$regex": "^refugee-"}}),
    Follower(topics.VOLUNTEERS, "parties", where={"_id": {"$regex": "^volunteer-"}}),
    # Its own: what stands there is what was sent.
    Follower(topics.PAIRS, "pairs", revision={"$first": "$state"}),
)
