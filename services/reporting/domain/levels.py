"""What is shown of a month's levels and shares once it closes: rounded, and held against what binds them."""

from collections.abc import Mapping
from datetime import timedelta

from services.reporting.domain import figures
from services.reporting.domain.around import AWAY, MOST_PAIRS, REGISTERED, Around
from services.reporting.domain.figures import MINUTES_ASKED, MINUTES_MET
from services.reporting.domain.outcomes import Values, by
from services.reporting.domain.periods import first_day, month_of, shifted
from services.reporting.domain.projection import OF_GENDER, WEEK
from services.reporting.domain.rounding import BASE, down

ACTIVE, WAITING = figures.PAIRS_ACTIVE.name, figures.REFUGEES_WAITING.name
GUIDES_WAITING, HOURS = figures.VOLUNTEERS_WAITING.name, figures.HOURS_OF_DOSE.name
ENOUGH = 2 * BASE
"""So many pairs, or people, are shown before it is shown how long they meet, or have waited."""
PARTS = (2, 10)
"""Half, and a tenth, of those who wait: of as many as make BASE at least."""


def of_municipality(counts: Values, approved: int) -> dict[str, int]:
    """How many volunteers are away; no more than are shown as approved."""
    shown = {}
    for name in AWAY:
        shown[name] = min(down(counts.get(name, 0)), approved)
        approved -= shown[name]
    return shown


def of_programme(month: str, counts: Values, created: int, ended: int, around: Around) -> Mapping[str, int]:
    """Levels and shares of a programme of whose pairs so many are shown as created, and were as ended."""
    levels = {name: down(counts.get(name, 0)) for name in figures.names("any", "level")}
    active = min(levels[ACTIVE], MOST_PAIRS * around.approved.get(month, 0))
    # Through what ended, which only rises: else two months' levels would tell what was created.
    active = created - max(created - active, ended)
    waiting = min(levels[WAITING], max(0, around.registered.get(month, 0) - active))
    guides = min(levels[GUIDES_WAITING], max(0, around.free.get(month, 0)))
    shown = {ACTIVE: active, WAITING: waiting, GUIDES_WAITING: guides}
    for number, *_ in OF_GENDER.values():
        shown[number] = min(levels[number], waiting)
        waiting -= shown[number]
    return shown | _waited(month, counts, shown, around) | _hours(counts, active)


def _waited(month: str, counts: Values, shown: Values, around: Around) -> dict[str, int]:
    """For how long half and a tenth of a group have waited, where that is at least BASE of those shown.

    Who has waited was registered before: no longer than as many were shown as registered at that time.
    """
    groups = [group for group in OF_GENDER.values() if shown[group[0]] >= ENOUGH]
    needed = sum(-(-shown[number] // PARTS[0]) for number, *_ in groups)
    found = {}
    for number, *names in groups:
        for name, part in zip(names, PARTS, strict=True):
            if shown[number] >= part * BASE:
                found[name] = _registered_for(counts.get(name, 0), needed, month, around)
    return found


def _registered_for(days: int, needed: int, month: str, around: Around) -> int:
    """So many days, in whole weeks, or as many fewer as it takes."""
    end = first_day(shifted(month, 1))
    days -= days % WEEK
    while days > 0:
        before = shifted(month_of(end - timedelta(days=days)), -1)
        if by(around.trail, before, REGISTERED) >= needed:
            break
        days -= WEEK
    return max(0, days)


def _hours(counts: Values, active: int) -> dict[str, int]:
    """In percent, in steps of BASE, of enough pairs alone."""
    asked = counts.get(MINUTES_ASKED, 0)
    if active < ENOUGH or not asked:
        return {}
    return {HOURS: down(100 * counts.get(MINUTES_MET, 0) // asked)}
