"""Which state of a pair calls for which message, and to whom."""

from collections.abc import Callable
from datetime import date

from services.notifications.domain.pairs import Pair, Side
from shared.values import value


@value
class Trigger:
    """One template. A pair that comes to be `at` a status calls for it, to these sides; it is taken back, as
    long as it isn't sent, once the pair's status is none of `lasts`. `day` is when that came about.
    """

    template: str
    at: str
    lasts: frozenset[str]
    sides: tuple[Side, ...]
    day: Callable[[Pair], date | None]


PAIR_CREATED = Trigger(
    template="pair_created",
    at="active",
    lasts=frozenset({"active", "paused"}),
    sides=("receiving", "giving"),
    day=lambda pair: pair.created_on,
)

TRIGGERS: tuple[Trigger, ...] = tuple(
    constant for constant in tuple(globals().values()) if isinstance(constant, Trigger)
)
"""All of them, in the order of this module."""
