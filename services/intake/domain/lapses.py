"""Checks and approvals that lapse: what coordinators are warned of, and when."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import date, timedelta
from typing import TypeVar

from services.intake.domain.kept import Lapse
from services.intake.domain.person import Person
from services.intake.domain.requirements import Requirements

P = TypeVar("P", bound=Person)

WARNED_BEFORE = (60, 14)
"""So many days before the last one a coordinator is warned, each time anew."""
LAPSED = 0


def warned(person: P, asked: Iterable[Requirements], today: date) -> tuple[P, tuple[Lapse, ...]]:
    """The file with what lapses soon, or has lapsed, and that of which the coordinator is to be warned now.

    By thresholds that are passed, not met: who looks days late still warns, and of several that were passed
    meanwhile by the nearest alone. What is renewed goes. What has lapsed is kept and warned of no more.
    """
    known = {(lapse.programme, lapse.code, lapse.until): lapse for lapse in person.lapses}
    kept: list[Lapse] = []
    for programme, code, until in _ends(person, asked):
        days = _passed(person, programme, until, today)
        before = known.get((programme, code, until))
        # A clock that goes back takes nothing back.
        if before is not None and (days is None or before.days <= days):
            kept.append(before)
        elif days is not None:
            kept.append(Lapse(programme, code, until, days, today))
    lapses = tuple(kept)
    if lapses == person.lapses:
        return person, ()
    new = tuple(lapse for lapse in lapses if lapse.days != LAPSED and lapse not in person.lapses)
    return replace(person, lapses=lapses), new


def next_warning(person: Person, asked: Iterable[Requirements], today: date) -> date | None:
    """The next day on which there will be something to warn of."""
    days = (
        until - timedelta(days=before) for _, _, until in _ends(person, asked) for before in WARNED_BEFORE
    )
    return min((day for day in days if day > today), default=None)


def _ends(person: Person, asked: Iterable[Requirements]) -> Iterator[tuple[str, str, date]]:
    """What lapses in each programme, by its code, and the last day on which it holds."""
    for one in asked:
        ends = {standing.code: standing.until for standing in one.standings(person)}
        yield from ((one.programme, code, until) for code, until in ends.items() if until is not None)


def _passed(person: Person, programme: str, until: date, today: date) -> int | None:
    """The nearest threshold that is passed; None where none is."""
    if until < today:
        part = person.participation(programme)
        # Of who was never ready it is one of the things that are missing.
        return LAPSED if part is not None and part.status == "lapsed" else None
    return min((before for before in WARNED_BEFORE if (until - today).days <= before), default=None)
