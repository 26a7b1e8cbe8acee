"""What else is kept in somebody's file: consents to references, when consents were taken back, and what they
were warned of.
"""

from collections.abc import Iterable
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
class Withdrawal:
    """The last day on which consent for a purpose was taken back."""

    purpose: str
    on: date


def latest(withdrawals: Iterable[Withdrawal]) -> tuple[Withdrawal, ...]:
    """The last one for each purpose."""
    days = {one.purpose: one for one in sorted(withdrawals, key=lambda one: one.on)}
    return tuple(days[purpose] for purpose in sorted(days))


@value
class Lapse:
    """That something in a programme holds for the last time on the day `until`, by the code under which it
    will be missing then. The coordinator was warned on a day, less than so many `days` before; 0 days are of
    what has lapsed.
    """

    programme: str
    code: str
    until: date
    days: int
    warned_on: date
