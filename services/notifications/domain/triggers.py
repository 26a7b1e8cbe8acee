"""Which state of a pair calls for which message, and to whom."""

from collections.abc import Callable
from datetime import date

from services.notifications.domain.pairs import Pair, Side
from shared.values import value


@value
class Trigger:
    """One template. A pair that comes to a status of `at` calls for it, to these sides; it is taken back, as
    long as it isn't sent, once the pair's status is none of `lasts`. `day` is when that came about, None of
    a pair that calls for no message.
    """

    template: str
    at: frozenset[str]
    lasts: frozenset[str]
    sides: tuple[Side, ...]
    day: Callable[[Pair], date | None]


BOTH: tuple[Side, ...] = ("receiving", "giving")
QUIET = frozenset({"withdrawn", "restricted", "protection", "erased"})
"""Ends of which nobody is written to. Somebody has left, and may have left since nobody must know of them any
more: no message may reach their former mailbox, nor tell the other side more than their coordinator does.
"""


def _over_on(pair: Pair) -> date | None:
    return None if pair.end_reason in QUIET else pair.over_on


PAIR_PROPOSED = Trigger(
    template="pair_proposed",
    at=frozenset({"proposed"}),
    lasts=frozenset({"proposed"}),
    sides=BOTH,
    day=lambda pair: pair.proposed_on,
)
"""Who hears of it too late, after both have answered, hears of the pair alone."""

PROPOSAL_CLOSED = Trigger(
    template="proposal_closed",
    at=frozenset({"declined", "expired", "ended"}),
    lasts=frozenset({"declined", "expired", "ended"}),
    sides=BOTH,
    day=lambda pair: _over_on(pair) if pair.created_on is None else None,
)
"""The same to both sides however it came about: it tells nobody who declined, or that anybody did."""

PAIR_CREATED = Trigger(
    template="pair_created",
    at=frozenset({"active"}),
    lasts=frozenset({"active", "paused"}),
    sides=BOTH,
    day=lambda pair: pair.created_on,
)

PAIR_OVER = Trigger(
    template="pair_over",
    at=frozenset({"ended", "completed"}),
    lasts=frozenset({"ended", "completed"}),
    sides=BOTH,
    day=lambda pair: _over_on(pair) if pair.created_on is not None else None,
)

TRIGGERS: tuple[Trigger, ...] = tuple(
    constant for constant in tuple(globals().values()) if isinstance(constant, Trigger)
)
"""All of them, in the order of this module."""
