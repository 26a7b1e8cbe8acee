"""A pair's public state, as far as it calls for messages."""

from datetime import date
from typing import Literal

from shared.values import value

Side = Literal["receiving", "giving"]


@value
class Pair:
    """The parties of a pair, its status, the days on which it was proposed, last signed and over, and why it
    ended before its time.
    """

    subject: str
    receiving: str
    giving: str
    status: str
    created_on: date | None
    proposed_on: date | None = None
    over_on: date | None = None
    end_reason: str | None = None

    def party(self, side: Side) -> str:
        """Who stands on a side."""
        return self.receiving if side == "receiving" else self.giving
