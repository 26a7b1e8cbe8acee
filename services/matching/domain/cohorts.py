"""Evens out how long two groups wait, where a pack's owner has decided to use the attribute for it.

Points for the group that waits longer follow the gap between the groups' mean waiting of everybody who
arrived 14 to 180 days ago, matched since or not. Fed by those alone who still wait the gap would have the
wrong sign: they are what is left of the group that is served well.
"""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date, timedelta
from statistics import fmean

from services.matching.domain.party import CohortAttribute
from shared.values import value

YOUNGEST, OLDEST = timedelta(days=14), timedelta(days=180)
"""How long ago those arrived who are counted: before, nobody had a round to speak of."""
A_DAY = 0.01
"""Points that a gap of one day adds each day: 0.3 points a day for 30 days (from two simulated years)."""
MOST_POINTS = 20.0
MOST_DAYS = 7
"""Most days that one step makes up for: the longest time between a pack's rounds."""
FEWEST = 5
"""People of each group without whom there is no gap: it would be chance, and say how long somebody waits."""

GROUPS: Mapping[CohortAttribute, tuple[str, str]] = {"gender": ("male", "female")}
"""The two groups of each attribute; positive points are for the first."""


@value
class Arrival:
    """Somebody who arrived: their group, and how many days they waited for a guide or have waited so far."""

    group: str | None
    waited: int


@value
class Cohorts:
    """The controller of a pool after its step of the day `on`, None before the first. `points` are for the
    first group, negative for the second; `gap_days` is how much longer the first waits, None if it is
    unknown.
    """

    points: float = 0.0
    gap_days: float | None = None
    on: date | None = None


def advance(before: Cohorts, attribute: CohortAttribute, arrivals: Iterable[Arrival], today: date) -> Cohorts:
    """The controller on this day: at most one step a day, however many rounds it has."""
    if before.on is not None and before.on >= today:
        return before
    days = 1 if before.on is None else min((today - before.on).days, MOST_DAYS)
    gap = _gap(attribute, arrivals)
    points = before.points + A_DAY * (gap or 0) * days
    # Rounded to what is published, so that a rebuilt controller goes on from the same number.
    points = round(min(max(points, -MOST_POINTS), MOST_POINTS), 4)
    return replace(before, points=points, gap_days=None if gap is None else round(gap, 1), on=today)


def favoured(attribute: CohortAttribute, cohorts: Cohorts) -> dict[str, int]:
    """Whole points by group, rounded towards none: nobody loses any, one group gains some."""
    first, second = GROUPS[attribute]
    points = int(cohorts.points)
    return {first: points} if points > 0 else {second: -points} if points < 0 else {}


def _gap(attribute: CohortAttribute, arrivals: Iterable[Arrival]) -> float | None:
    waited: dict[str | None, list[int]] = {}
    for arrival in arrivals:
        waited.setdefault(arrival.group, []).append(arrival.waited)
    first, second = (waited.get(group, []) for group in GROUPS[attribute])
    if min(len(first), len(second)) < FEWEST:
        return None
    return fmean(first) - fmean(second)
