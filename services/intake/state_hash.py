"""What of intake's database is its state, for the state hash, and what of it a topic holds too."""

from services.intake.rows import APPROVAL_KIND, HANDOVER_KIND, READINESS_KIND
from shared.contracts import topics
from shared.contracts.topics import Topic
from shared.messaging.state_hash import Follower, Part, due_rows

_PLACES = {"state": {"$first": "$state"}, "card": {"$first": "$card"}}
"""Revisions without the `order` beside them, which is the time of the last record."""

STATE = (
    Part("refugees", ("person", "details", "cases"), _PLACES),
    Part("volunteers", ("person", "details"), _PLACES),
    Part("subject_keys", ("wrapped",)),
    Part("approvals", ("subject", "programme", "operator", "id")),
    Part("transfers", ("transfer", "open")),
    due_rows("due_at", kind=APPROVAL_KIND),
    due_rows("due_at", kind=HANDOVER_KIND),
    due_rows("due_at", kind=READINESS_KIND),
)


def _published(topic: Topic, collection: str, kind: str, place: str) -> Follower:
    """What it has sent itself: nothing of a subject that has no revision there yet."""
    sent = {f"{place}.0": {"$gt": 0}}
    return Follower(topic, collection, {"$first": f"${place}"}, where=sent, prefix=f"{kind}-")


FOLLOWS = (
    _published(topics.REFUGEES, "refugees", "refugee", "state"),
    _published(topics.VOLUNTEERS, "volunteers", "volunteer", "state"),
    _published(topics.CONTACT_CARDS, "refugees", "refugee", "card"),
    _published(topics.CONTACT_CARDS, "volunteers", "volunteer", "card"),
)
