"""A pair's public state, as far as it calls for messages."""

from datetime import date
from typing import Literal

from shared.values import value

Side = Literal["receiving", "giving"]


@value
class Pair:
    """The parties of a pair, its status, and the day of the last signature."""

    subject: str
    receiving: str
    giving: str
    status: str
    created_on: date | None

    def party(self, side: Side) -> str:
        """Who stands on a side."""
        return self.receiving if side == "receiving" else self.giving
