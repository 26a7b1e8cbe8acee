"""What of reporting's database is its state, for the state hash, and what of it a topic holds too."""

from services.reporting.documents import PAIRS, REFUGEES, SETTLED, VOLUNTEERS
from services.reporting.due import CLOSE
from services.reporting.store import CALENDAR
from services.reporting.store.settled import RECONCILED
from shared.contracts import topics
from shared.messaging.state_hash import NOT_ERASED, Follower, Part, due_rows

_PROJECTION = ("revision", "live", "open", "counted")

STATE = (
    Part(REFUGEES, _PROJECTION, where=NOT_ERASED),
    Part(VOLUNTEERS, _PROJECTION, where=NOT_ERASED),
    Part(PAIRS, _PROJECTION, where=NOT_ERASED),
    # Tallies and books are not here: what they add up to is, and a book's withheld counts can't be had again.
    # Nor is who was ever settled: of those erased since, a rebuilt database knows nothing.
    Part("indicators", ("closed", "data", "revision")),
    Part("calendar", ("first_open",), where={"_id": CALENDAR}),
    due_rows("due_at", kind=CLOSE),
)

FOLLOWS = (
    Follower(topics.REFUGEES, REFUGEES),
    Follower(topics.VOLUNTEERS, VOLUNTEERS),
    Follower(topics.PAIRS, PAIRS),
)

COMPARED = SETTLED, RECONCILED
"""The collection and the document that tell what came of the last reconciliation, as `difference`."""
