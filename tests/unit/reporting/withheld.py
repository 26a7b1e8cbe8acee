"""What publications withhold, and how much of all figures they show."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from services.reporting.domain.book import Month
from services.reporting.domain.figures import ALL, late, names
from services.reporting.domain.identities import in_course
from services.reporting.domain.periods import shifted
from tests.unit.reporting.plays import (
    ACTIVE,
    ANSWERED_WITHIN,
    CREATED,
    DECLINED,
    GUIDE,
    PROPOSED,
    REGISTERED,
    WAITING,
    Play,
)
from tests.unit.reporting.weights import (
    COME,
    FLOWS,
    LEVELS,
    STEP,
    active_now,
    close_of,
    growth,
    of_late,
    start,
)

OF_PEOPLE = (REGISTERED, *FLOWS[GUIDE], WAITING, ACTIVE)


def withheld(play: Play) -> list[Mapping[str, float]]:
    """Each cell that any publication withheld, as weights of counts; but for those known to be 0 since no
    round was ever run, or not long enough ago, and what is shown at the close alone.
    """
    cells: list[Mapping[str, float]] = []
    for at, publication in enumerate(play.guides.publications):
        since = start(play, at)
        for place in (play.town, play.guides):
            shown, in_the_end = place.publications[at].last, place.publications[-1].shown[publication.month]
            hidden = [name for name in FLOWS[place.programme] if name not in shown]
            known = {name for name in hidden if in_the_end.get(of_late(name)) == 0}
            before = -1 if since is None else since
            if not play.rounds(at):
                known |= {PROPOSED, late(PROPOSED), CREATED, late(CREATED)}
            if not publication.closed or play.rounds(at) == play.rounds(before + 1 - ANSWERED_WITHIN):
                known |= {DECLINED, late(DECLINED)}
            cells += [growth(name, at, since) for name in hidden if name not in known]
        if publication.closed:
            cells += _withheld_at_close(play, at, since)
    return cells


def _withheld_at_close(play: Play, at: int, since: int | None) -> list[Mapping[str, float]]:
    shown = {**play.guides.publications[at].last, **play.town.publications[at].last}
    cells: list[Mapping[str, float]] = [{f"{name}@{at}": 1} for name in LEVELS if name not in shown]
    if not play.rounds(at):
        return cells
    if ACTIVE not in shown:
        cells.append(active_now(at))
    after = {course.outcome: course.after for course in in_course(play.lasts)}
    for name in (name for name in COME if name not in shown):
        by = close_of(play, shifted(play.guides.publications[at].month, -after.get(of_late(name), 0)))
        if by is not None and play.rounds(by):
            cells.append(growth(name, at, since))
    return cells


@dataclass
class Share:
    """How many figures of people there are, how many of them are shown; and of those of five or more."""

    figures: int = 0
    shown: int = 0
    large: int = 0
    large_shown: int = 0

    def add(self, play: Play, *, by_year: bool) -> None:
        """Counts the figures of a play's closed months, or of its year."""
        for place in (play.town, play.guides):
            months = [_year(place.months)] if by_year else place.months
            for month in months:
                for name in OF_PEOPLE:
                    if name in names(place.programme):
                        shown, large = name in (month.shown or {}), month.counts[name] >= STEP + 1
                        self.figures, self.shown = self.figures + 1, self.shown + shown
                        self.large, self.large_shown = (
                            self.large + large,
                            self.large_shown + (shown and large),
                        )


def _year(months: Sequence[Month]) -> Month:
    last = months[-1]
    flows = (*FLOWS[ALL], *FLOWS[GUIDE])
    counts = {name: sum(month.counts[name] for month in months) for name in flows if name in last.counts}
    shown = {name: value for month in months for name, value in (month.shown or {}).items() if name in flows}
    levels = {name: count for name, count in last.counts.items() if name in {WAITING, ACTIVE}}
    return Month(
        "2016", counts | levels, shown | {n: v for n, v in (last.shown or {}).items() if n in levels}
    )
