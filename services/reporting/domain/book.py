"""A programme's year: its months' counts, and what is shown of them and of the year.

A flow is rounded as the sum since the programme began, and a month's figure is what the rounded sum grew by:
nothing is lost from month to month, a year's figure is the sum of its months', and what was published is
never taken back. A level is shown when its month closes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import field, replace

from services.reporting.domain import figures
from services.reporting.domain.figures import FIGURES
from services.reporting.domain.identities import ONLY_BY_ROUNDS
from services.reporting.domain.rounding import down
from shared.values import value

CREATED, ACTIVE, ROUNDS = figures.PAIRS_CREATED.name, figures.PAIRS_ACTIVE.name, figures.ROUNDS_RUN.name
FROM_PROPOSALS = ONLY_BY_ROUNDS | {figures.PROPOSALS_DECLINED.name, CREATED, ACTIVE}
"""What comes of proposals, and so of rounds."""
AS_COUNTED = frozenset(figure.name for figure in FIGURES if not figure.of_people)

Values = Mapping[str, int]
"""Counts by figure; or what is shown of them, without those that are withheld."""


@value
class Opening:
    """What there was before a year: flows as counted and as shown, and `ended`, pairs created but not active
    as shown.

    `idle`: no round has ever been run.
    """

    counted: Values = field(default_factory=dict)
    shown: Values = field(default_factory=dict)
    ended: int = 0
    idle: bool = True


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
    whole = _year(programme, done)
    return Disclosed(opening, tuple(done), Month(year, whole, whole), state)


def after(programme: str, opening: Opening, month: Month) -> Opening:
    """What a month leaves to the next, by what was counted and shown."""
    shown = month.shown or {}
    flows = _sum(opening.shown, shown, programme)
    ended = flows.get(CREATED, 0) - shown.get(ACTIVE, 0)
    counted = _sum(opening.counted, month.counts, programme)
    return Opening(counted, flows, ended, opening.idle and not month.counts.get(ROUNDS))


def _shown(programme: str, state: Opening, month: Month, floor: Values, *, closing: bool) -> Values:
    shown = _flows(programme, state, month, floor)
    known = AS_COUNTED
    if closing:
        created = state.shown.get(CREATED, 0) + shown.get(CREATED, 0)
        for name in figures.names(programme, "level"):
            shown[name] = down(month.counts.get(name, 0))
            if name == ACTIVE:
                # Through what ended, which only rises: else two months' levels would tell what was created.
                shown[name] = created - max(created - shown[name], state.ended)
        known |= _impossible(state, month)
    return {name: count for name, count in shown.items() if count or name in known}


def _flows(programme: str, state: Opening, month: Month, floor: Values) -> dict[str, int]:
    counted = _sum(state.counted, month.counts, programme)

    def grown(name: str) -> int:
        before = state.shown.get(name, 0)
        return max(down(counted[name]), floor.get(name, 0), before) - before

    shown: dict[str, int] = {}
    for name in figures.names(programme, "flow"):
        late = figures.late(name)
        if name in AS_COUNTED:
            shown[name], shown[late] = (month.counts.get(one, 0) for one in (name, late))
        else:
            shown[name] = grown(name)
            # What is late of a month is part of it.
            shown[late] = min(grown(late), shown[name])
    if month.counts.get(ROUNDS, 0) == month.counts.get(figures.late(ROUNDS), 0):
        # No round was run in this month itself: what it counts as proposed is late.
        shown |= {name: shown[figures.late(name)] for name in ONLY_BY_ROUNDS if name in shown}
    return shown


def _impossible(state: Opening, month: Month) -> frozenset[str]:
    """What can't have occurred, which is no secret: where no round was run, nobody was proposed. Known at the
    close alone, as a round's record may be read after its proposals'.
    """
    if month.counts.get(ROUNDS):
        return frozenset()
    return FROM_PROPOSALS if state.idle else ONLY_BY_ROUNDS


def _year(programme: str, months: Sequence[Month]) -> Values:
    """A year's flows are those of its months that show them; its levels are its last month's."""
    whole: dict[str, int] = {}
    seen = [month.shown or {} for month in months]
    for name in figures.flows(programme):
        total = sum(shown.get(name, 0) for shown in seen)
        if total or all(name in shown for shown in seen):
            whole[name] = total
    levels = figures.names(programme, "level")
    return whole | {name: count for name, count in seen[-1].items() if name in levels}


def _sum(before: Values, more: Values, programme: str) -> dict[str, int]:
    return {name: before.get(name, 0) + more.get(name, 0) for name in figures.flows(programme)}
