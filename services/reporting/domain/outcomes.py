"""What comes of pairs, shown when a month closes and held against the pairs shown as created and as over.

Each outcome is of a pair created some months before, and of each pair but once: so what any months add to it
is never more than what the months of those pairs' creation add to those created. The rounded sums would not
keep to that by themselves: five pairs created in one month, and one that is counted late.
"""

from collections.abc import Mapping

from services.reporting.domain import figures
from services.reporting.domain.periods import shifted
from shared.values import value

Values = Mapping[str, int]
Trail = Mapping[str, Values]
"""What was shown in all by the end of each month, by month, of TRAILED figures."""

CREATED, COMPLETED = figures.PAIRS_CREATED.name, figures.PAIRS_COMPLETED.name
MET_EARLY, IN_CONTACT = figures.PAIRS_MET_EARLY.name, figures.PAIRS_IN_CONTACT.name
ENDED_EARLY = tuple(
    figure.name
    for figure in (
        figures.ENDED_MISMATCHED_EXPECTATIONS,
        figures.ENDED_PERSONAL_RECEIVING,
        figures.ENDED_PERSONAL_GIVING,
        figures.ENDED_MOVED,
        figures.ENDED_FAMILY_REUNIFICATION,
        figures.ENDED_PERMANENT_HOUSING,
    )
)
OVER = (COMPLETED, *ENDED_EARLY)
"""Of pairs that are over, those of which it is shown how."""
OUTCOMES = (MET_EARLY, IN_CONTACT, *OVER)
TRAILED = (CREATED, COMPLETED, MET_EARLY, IN_CONTACT, figures.SETTLEMENTS_REGISTERED.name)


@value
class Duration:
    """How many calendar months a programme's pairs last at least, and at most if there is a limit."""

    at_least: int = 0
    at_most: int | None = None


@value
class Course:
    """So many calendar months after that of a pair's creation it may count as `outcome`; None: for ever."""

    outcome: str
    after: int
    until: int | None


def courses(duration: Duration) -> tuple[Course, ...]:
    """When what may come of a programme's pairs."""
    return (
        # Counted as if within the month of creation, which is stricter than 14 days.
        Course(MET_EARLY, 0, 0),
        Course(IN_CONTACT, 6, 6),
        Course(COMPLETED, duration.at_least, duration.at_most),
    )


def by(trail: Trail, month: str, name: str) -> int:
    """How many were shown of a figure by the end of a month."""
    known = max((one for one in trail if one <= month), default=None)
    return 0 if known is None else trail[known].get(name, 0)


def longer(trail: Trail, month: str, shown: Values) -> Trail:
    """The trail with one month more."""
    return {**trail, month: {name: shown[name] for name in TRAILED if name in shown}}


def held(
    grown: Values, before: Values, trail: Trail, month: str, ended: int, duration: Duration
) -> dict[str, int]:
    """What to show of a month's outcomes. `grown` is what the rounded sums grew by, with pairs created as
    they are shown; `before` was shown in all before; `ended` of those created are shown as over this month.
    """
    now = longer(trail, month, {CREATED: before.get(CREATED, 0) + grown[CREATED]})
    shown = {name: grown[name] for name in OUTCOMES}
    for course in courses(duration):
        may = _may(course, now, month) - before.get(course.outcome, 0)
        shown[course.outcome] = max(0, min(shown[course.outcome], may))
    left = ended
    for name in OVER:
        shown[name] = min(shown[name], left)
        left -= shown[name]
    return shown


def _may(course: Course, trail: Trail, month: str) -> int:
    """The most that may be shown of an outcome in all: of pairs created early enough, without those that were
    created too early for it to be still to come when less of it was shown.
    """
    created = by(trail, shifted(month, -course.after), CREATED)
    if course.until is None:
        return created
    past = [
        by(trail, shifted(one, -course.until), CREATED) - values.get(course.outcome, 0)
        for one, values in trail.items()
        if one < month
    ]
    return created - max([0, *past])
