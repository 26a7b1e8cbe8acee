"""A programme's year: its months' counts, and what is shown of them and of the year.

A flow is rounded as the sum since the programme began, and a month's figure is what the rounded sum grew by:
nothing is lost from month to month, a year's figure is the sum of its months', and what was published is
never taken back. A level is shown when its month closes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from services.reporting.domain import figures
from services.reporting.domain.rounding import down, up
from shared.values import value

CREATED, ACTIVE = figures.PAIRS_CREATED.name, figures.PAIRS_ACTIVE.name

Values = Mapping[str, int]
"""Counts, or what is shown of them, by figure. What is withheld is shown as 0."""


@value
class Opening:
    """What there was before a year: flows as counted and as shown, and how many pairs ended as shown."""

    counted: Values = field(default_factory=dict)
    shown: Values = field(default_factory=dict)
    ended: int = 0


@value
class Month:
    """A month's counts. `shown` is what was shown at its close for good; None while it is open."""

    name: str
    counts: Values
    shown: Values | None = None


@value
class Disclosed:
    """What may be shown: of each month, and of the year; and what that leaves to the next."""

    opening: Opening
    months: tuple[Month, ...]
    year: Month
    closing: Opening


def disclose(
    programme: str,
    year: str,
    opening: Opening,
    months: Sequence[Month],
    before: Mapping[str, Values],
    *,
    closing: bool,
) -> Disclosed:
    """What to show of a year's months so far; `before` is what open months showed last."""
    state = opening
    floor = dict(opening.shown)
    done: list[Month] = []
    for month in months:
        earlier = before.get(month.name, {}) if month.shown is None else month.shown
        floor = _sum(floor, earlier, programme)
        shown = month.shown
        if shown is None:
            shown = _shown(programme, state, month, floor, closing=closing)
        done.append(replace(month, shown=shown))
        state = after(programme, state, done[-1])
    flows = figures.names(programme, "flow")
    whole = {name: sum((month.shown or {}).get(name, 0) for month in done) for name in flows}
    whole |= {name: (done[-1].shown or {}).get(name, 0) for name in figures.names(programme, "level")}
    return Disclosed(opening, tuple(done), Month(year, whole, whole), state)


def after(programme: str, opening: Opening, month: Month) -> Opening:
    """What a month leaves to the next, by what was counted and shown."""
    shown = month.shown or {}
    flows = _sum(opening.shown, shown, programme)
    active = shown.get(ACTIVE, 0)
    ended = flows.get(CREATED, 0) - active if active else opening.ended
    return Opening(_sum(opening.counted, month.counts, programme), flows, ended)


def _shown(programme: str, state: Opening, month: Month, floor: Values, *, closing: bool) -> Values:
    counted = _sum(state.counted, month.counts, programme)
    total = {
        name: max(down(counted[name]), floor.get(name, 0), state.shown.get(name, 0))
        for name in figures.names(programme, "flow")
    }
    shown = {
        name: 0 if name in figures.NEVER_SHOWN else total[name] - state.shown.get(name, 0) for name in total
    }
    for name in figures.names(programme, "level"):
        count = month.counts.get(name, 0)
        if not closing:
            shown[name] = 0
        elif name == ACTIVE:
            # Through what ended, which only rises: else two months' levels would tell what was created.
            ended = max(up(max(counted[CREATED] - count, 0)), state.ended)
            shown[name] = max(total[CREATED] - ended, 0)
        else:
            shown[name] = down(count)
    return shown


def _sum(before: Values, more: Values, programme: str) -> dict[str, int]:
    return {name: before.get(name, 0) + more.get(name, 0) for name in figures.names(programme, "flow")}
