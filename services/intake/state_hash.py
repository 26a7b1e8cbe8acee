"""What of intake's database is its state, for the state hash."""

from services.intake.rows import APPROVAL_KIND, HANDOVER_KIND, READINESS_KIND
from shared.messaging.state_hash import Part, due_rows

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
