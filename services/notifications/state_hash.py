"""What of notifications' database is its state, for the state hash."""

from services.notifications.rows import SEND_KIND
from shared.messaging.state_hash import NOT_ERASED, Part, due_rows

STATE = (
    Part("cards", ("revision", "sealed"), where={"$or": [{"sealed": {"$ne": None}}, {"withdrawn": True}]}),
    Part("pairs", ("revision",), where=NOT_ERASED),
    # One that was taken back unsent will never be sent, and nobody is told: as if there were none.
    Part(
        "messages",
        ("pair", "template", "side", "status", "code"),
        where={"status": {"$ne": "cancelled"}},
    ),
    # When a message is tried again is chance: attempts wait with jitter.
    due_rows(kind=SEND_KIND),
)
