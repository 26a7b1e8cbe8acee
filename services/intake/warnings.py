"""Warns coordinators of checks and approvals that lapse soon."""

from datetime import date
from itertools import groupby
from typing import TypeVar

from services.intake.domain import lapses
from services.intake.domain.kept import Lapse
from services.intake.domain.person import Person
from services.intake.packs import Packs
from shared.contracts.notices import Notice
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work
from shared.notices import tell
from shared.operators import Operators

P = TypeVar("P", bound=Person)


class Warnings:
    """Holds a file against what its programmes ask, and sends what is to be told of it."""

    def __init__(self, packs: Packs, operators: Operators) -> None:
        self._packs = packs
        self._operators = operators

    def warn(self, who: P, today: date, cause: Cause, work: Work, *, dry_run: bool = False) -> P:
        """The file with what was warned of by now. Raises `unknown_programme`."""
        after, new = lapses.warned(who, self._packs.all_asked(who), today)
        if not dry_run:
            for (programme, until), together in groupby(sorted(new, key=_together), _together):
                codes = sorted(lapse.code for lapse in together)
                self._tell(who, programme, until, codes, today, cause, work)
        return after

    def _tell(
        self,
        who: Person,
        programme: str,
        until: date,
        codes: list[str],
        today: date,
        cause: Cause,
        work: Work,
    ) -> None:
        notice = Notice(
            code="lapse_nears",
            municipality=who.municipality,
            programme=programme,
            about=[who.subject],
            on=today,
            due_on=until,
            details=codes,
        )
        tell(notice, who.subject, [who.coordinator], self._operators, cause, work)


def _together(lapse: Lapse) -> tuple[str, date]:
    """What is told in one notice: what lapses in a programme on the same day."""
    return lapse.programme, lapse.until
