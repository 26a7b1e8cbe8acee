"""Where somebody takes part, and what it means for their open pairs."""

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from services.matching.domain.course import end_because, pause, resume
from services.matching.domain.pair import Decision, EndReason, Fact, Pair, Side
from shared.values import value


@value
class Presence:
    """Somebody's municipality, the programmes in which they may be matched, and those in which they may not
    for now: they are away, or something of theirs has lapsed. `formerly` are earlier codes of the
    municipality.
    """

    municipality: str
    there: frozenset[str]
    held: frozenset[str]
    formerly: frozenset[str] = frozenset()


def follow(pair: Pair, side: Side, presence: Presence | None, reason: EndReason, now: datetime) -> Decision:
    """What an open pair does as a side's presence is: None of who has left, for whatever `reason`.

    Who may not be matched for now keeps a pair, which pauses until they may; a proposal ends.
    """
    if presence is not None and has_moved(pair, presence.municipality, presence.formerly):
        return end_because(pair, EndReason.MOVED, now)
    before = pair
    if presence is not None:
        pair = renamed(pair, presence.municipality, presence.formerly)
    after, facts = _followed(pair, side, presence, reason, now)
    return after, facts or (() if after == before else (Fact.PAIR_UPDATED,))


def has_moved(pair: Pair, municipality: str, formerly: Collection[str]) -> bool:
    """Whether somebody lives in another municipality than their pair's, by any code of either: people of one
    pair may be heard of under its new code one after the other.
    """
    return {municipality, *formerly}.isdisjoint({pair.municipality, *pair.formerly})


def renamed(pair: Pair, municipality: str, formerly: Collection[str]) -> Pair:
    """The pair under a municipality's code, if its own is one that the municipality had before."""
    if pair.municipality not in formerly:
        return pair
    codes = (*pair.formerly, pair.municipality, *sorted(formerly))
    return replace(pair, municipality=municipality, formerly=tuple(dict.fromkeys(codes)))


def _followed(
    pair: Pair, side: Side, presence: Presence | None, reason: EndReason, now: datetime
) -> Decision:
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
