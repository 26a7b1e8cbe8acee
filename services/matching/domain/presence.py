"""Where somebody takes part, and what it means for their open pairs."""

from dataclasses import replace
from datetime import datetime

from services.matching.domain.course import end_because, pause, resume
from services.matching.domain.pair import Decision, EndReason, Fact, Pair, Side
from shared.values import value


@value
class Presence:
    """Somebody's municipality, the programmes in which they may be matched, and those in which they may not
    for now: they are away, or something of theirs has lapsed.
    """

    municipality: str
    there: frozenset[str]
    held: frozenset[str]


def follow(pair: Pair, side: Side, presence: Presence | None, reason: EndReason, now: datetime) -> Decision:
    """What an open pair does as a side's presence is: None of who has left, for whatever `reason`.

    Who may not be matched for now keeps a pair, which pauses until they may; a proposal ends.
    """
    if presence is not None and presence.municipality != pair.municipality:
        return end_because(pair, EndReason.MOVED, now)
    if presence is None or pair.programme not in presence.there | presence.held:
        return end_because(pair, reason, now)
    if pair.programme in presence.held:
        if pair.created_on is None:
            return end_because(pair, EndReason.NOT_AVAILABLE, now)
        is_held = any(hold.by == side for hold in pair.holds)
        return (pair, ()) if is_held else pause(pair, side, now.date(), None, now)
    return resume(pair, side, now.date(), now) if pair.created_on is not None else (pair, ())


def look_after(pair: Pair, receiving: str | None, giving: str | None) -> Decision:
    """Gives an open pair its coordinator: the receiving side's, or else the giving side's."""
    coordinator = receiving or giving
    if not pair.is_open or coordinator == pair.coordinator:
        return pair, ()
    return replace(pair, coordinator=coordinator), (Fact.COORDINATOR_CHANGED,)
