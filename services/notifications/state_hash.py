"""What of notifications' database is its state, for the state hash, and what of it a topic holds too."""

from services.notifications.rows import SEND_KIND
from shared.contracts import topics
from shared.messaging.state_hash import NOT_ERASED, Follower, Part, due_rows

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

FOLLOWS = (
    Follower(topics.CONTACT_CARDS, "cards", gone={"sealed": None, "withdrawn": {"$exists": False}}),
    Follower(topics.PAIRS, "pairs"),
)
