"""What else is kept in somebody's file: consents to references, and what they were warned of."""

from datetime import date
from typing import Literal

from shared.values import value

Referee = Literal["guide", "organisation"]


@value
class ReferenceConsent:
    """That somebody agrees to references after a pair: by its guide, or by the organisation."""

    pair: str
    referees: tuple[Referee, ...]
    text_version: str
    given_on: date


@value
class Lapse:
    """Something in a programme that holds for the last time on the day `until`, by the code under which it
    would be missing, and that the coordinator was told so: `days` before, 0 once it had lapsed, `told_on`.
    """

    programme: str
    code: str
    until: date
    days: int
    told_on: date
