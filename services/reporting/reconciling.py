"""Reconciles everybody who was ever settled with what is kept of them: each night, at a start, and when
somebody asks. What differs is an alarm: a metric and a log line, never a count of a municipality.
"""

from datetime import datetime, timedelta

from services.reporting.domain.reconciling import difference, standings
from services.reporting.store import Repository
from services.reporting.store.settled import Reconciled
from shared.clock import local_day, local_midnight
from shared.logging import get_logger
from shared.messaging.due import Task
from shared.messaging.metrics import Gauge
from shared.messaging.places.progress import Progress
from shared.messaging.work import DueRow, Work
from shared.mongo import Database

log = get_logger(__name__)

RECONCILE = "reconcile"
NIGHT = timedelta(hours=3)
"""After midnight, by the local clock."""
CATCH_UP = timedelta(seconds=10)
"""How soon it is looked again whether all records have been read."""
AGAIN = timedelta(minutes=5)
"""When a difference is looked at once more: topics are read side by side, and a pair ends after its refugee
has left.
"""
MENDED = timedelta(hours=1)
"""When it is looked at whether a difference that was told is mended."""


class Reconciling:
    """Handles the due row of reconciling, and knows its outcome."""

    def __init__(self, repository: Repository, progress: Progress) -> None:
        self._repository = repository
        self._progress = progress

    async def ask(self, now: datetime) -> None:
        """Has it done now, and each night from then on."""
        await self._repository.ensure_due(DueRow(RECONCILE, RECONCILE, now, RECONCILE))

    async def reconcile(self, task: Task) -> None:
        """Compares both sides once all is read; a difference is told when it is there at a second look."""
        caught_up = await self._progress.caught_up()

        async def body(work: Work) -> int | None:
            if not caught_up:
                work.schedule(_next(work.now + CATCH_UP))
                return None
            settled, erased = await self._repository.settled.counted(work.session)
            pairs = await self._repository.settled.pairs(work.session)
            refugees = [one async for one in self._repository.settled.refugees(work.session)]
            found = difference(settled, standings(refugees, pairs, erased))
            first = _first_seen(task.row, work.now)
            # A start, or somebody who asks, brings the second look forward.
            if found and work.now < first + AGAIN:
                work.schedule(_next(first + AGAIN, first))
                return None
            await self._repository.settled.note(Reconciled(found, work.now), work.session)
            work.schedule(_next(work.now + MENDED, first) if found else _next(_night(work.now)))
            return found

        found = await task.finish(body)
        if found:
            log.error("reconciliation_failed", difference=found)
        elif found is not None:
            log.info("reconciled")


def _next(at: datetime, differed: datetime | None = None) -> DueRow:
    """The next look, and since when the sides differ."""
    return DueRow(
        RECONCILE, RECONCILE, at, RECONCILE, data={} if differed is None else {"differed": differed}
    )


def _first_seen(row: DueRow, now: datetime) -> datetime:
    """Since when the sides differ, if they do. Rows of former releases tell no moment."""
    differed = row.data.get("differed")
    if isinstance(differed, datetime):
        return min(differed, now)
    return now - AGAIN if differed else now


def _night(now: datetime) -> datetime:
    return local_midnight(local_day(now) + timedelta(days=1)) + NIGHT


async def _difference(database: Database) -> dict[tuple[str, ...], float]:
    found = await Repository(database).settled.reconciled()
    return {} if found is None else {(): float(found.difference)}


DIFFERENCE = Gauge(
    "kobling_reconciliation_difference",
    "Refugees by whom those ever settled differ from those ready, waiting, paired, without consent, "
    "referred or closed, when they were compared last.",
    _difference,
)
