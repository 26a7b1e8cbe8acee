"""What of matching's database is its state, for the state hash."""

from services.matching.rows import PAIR_KINDS
from shared.messaging.state_hash import NOT_ERASED, Part, due_rows

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
