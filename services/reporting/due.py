"""Figures out: what changed is published every so often, and a month that is over for the last time."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from services.reporting import wire
from services.reporting.counting import Counting
from services.reporting.documents import Book, Published
from services.reporting.domain import periods
from services.reporting.domain.book import Disclosed, Month
from services.reporting.domain.occurrences import Place
from services.reporting.domain.periods import month_of, year_of
from services.reporting.packs import active_places
from services.reporting.store import Repository
from services.reporting.store.indicators import key_of
from shared.clock import local_day, local_midnight
from shared.contracts.reporting.events import INDICATORS_PUBLISHED, IndicatorsPublished
from shared.logging import get_logger
from shared.messaging.due import Task
from shared.messaging.places.progress import Progress
from shared.messaging.reading.records import Cause
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Revision, Work

log = get_logger(__name__)

PUBLISH, CLOSE = "publish_indicators", "close_period"
EARLIEST_MONTHS = 24
"""How far back the first figures go: older occurrences count in the earliest month."""
CATCH_UP = timedelta(seconds=1)
"""How soon it is looked again whether all records have been read."""


@dataclass(slots=True)
class _Issue:
    """What one transaction publishes."""

    before: Mapping[str, Published]
    after: dict[str, Published] = field(default_factory=dict)

    def publish(self, data: IndicatorsPublished, cause: Cause, work: Work, room: int = 0) -> None:
        """Sends a period's figures if they differ from those sent last."""
        key = key_of((data.municipality, data.programme), data.period)
        document: dict[str, Any] = data.model_dump(mode="json", exclude_none=True)
        known = self.before.get(key)
        if known is not None and known.data == document:
            return
        revision = (known.revision if known is not None else Revision()).next(work.now)
        work.emit(INDICATORS_PUBLISHED, subject=key, data=data, cause=cause, revision=revision)
        self.after[key] = Published(document, revision, room)


class Publishing:
    """Handles the due rows of publishing and of closing months."""

    def __init__(
        self,
        repository: Repository,
        programmes: Programmes,
        progress: Progress,
        publish_every: timedelta,
        close_after: timedelta,
    ) -> None:
        self._repository = repository
        self._programmes = programmes
        self._counting = Counting(repository, programmes)
        self._progress = progress
        self._publish_every = publish_every
        self._close_after = close_after

    async def schedule(self, now: datetime) -> None:
        """Has the figures published now and from then on; for the start of the service."""
        await self._repository.ensure_due(DueRow(PUBLISH, PUBLISH, now, PUBLISH))

    async def publish(self, task: Task) -> None:
        """Publishes the figures of open periods that changed. The first ones wait for all that is there."""
        ready = await self._repository.has_published() or await self._progress.caught_up()

        async def body(work: Work) -> int:
            again = self._publish_every if ready else min(self._publish_every, CATCH_UP)
            work.schedule(DueRow(PUBLISH, PUBLISH, work.now + again, PUBLISH))
            return await self._publish(work, task.row.cause) if ready else 0

        published = await task.finish(body)
        if published:
            log.info("indicators_published", documents=published)

    async def close(self, task: Task) -> None:
        """Publishes a month's figures for the last time, and a year's with its December."""
        month = task.row.subject
        over = self._closes_at(month) <= task.clock.now()
        ready = over and await self._progress.caught_up()

        async def body(work: Work) -> int:
            if not ready:
                again = work.now + CATCH_UP if over else self._closes_at(month)
                work.schedule(self._closing(month, again))
                return 0
            published = await self._close(month, work, task.row.cause)
            following = periods.shifted(month, 1)
            await self.reopen(following, work)
            return published

        published = await task.finish(body)
        if ready:
            log.info("period_closed", period=month, documents=published)

    async def reopen(self, month: str, work: Work) -> None:
        """Makes a month the first open one, and has it closed in time."""
        await self._repository.open_from(month, work.session)
        work.schedule(self._closing(month, self._closes_at(month)))

    def _closes_at(self, month: str) -> datetime:
        return local_midnight(periods.first_day(periods.shifted(month, 1))) + self._close_after

    @staticmethod
    def _closing(month: str, at: datetime) -> DueRow:
        return DueRow(f"{CLOSE}/{month}", CLOSE, at, month)

    async def _publish(self, work: Work, cause: Cause) -> int:
        today = month_of(local_day(work.now))
        first = await self._repository.first_open(work.session)
        if first is None:
            first = await self._open_first(today, work)
        active = active_places(self._programmes)
        seen = {"today": today, "first_open": first, "places": json.dumps(sorted(active))}
        if not await self._repository.has_read_more(seen, work.session):
            return 0
        current = await self._counting.count(first, local_day(work.now), work.session, closing=False)
        issue = _Issue(await self._repository.open_indicators(work.session))
        current.places |= active | {_place(key) for key in issue.before}
        months = periods.span(first, today)
        found = await self._counting.disclosed(current, months, issue.before, work.session, closing=False)
        for place, years in found.items():
            for year in years:
                if not self._may_exist(place, year, active, issue):
                    continue
                for month in year.months:
                    if month.name >= first:
                        issue.publish(_indicators(place, month, closed=False), cause, work, month.room)
                issue.publish(_indicators(place, year.year, closed=False), cause, work)
        await self._repository.indicators.save(issue.after, work.session)
        await self._tell_traces(len(issue.after), work)
        return len(issue.after)

    async def _tell_traces(self, published: int, work: Work) -> None:
        """Has the traces of what is counted for the first time end with this publication. Its records carry
        none of them: by its trace, a figure would tell who was counted.
        """
        if work.tracer is not None:
            for trace in await self._repository.traces.take(work.session):
                work.span(trace, "publish indicators", {"kobling.indicators.published": published})

    async def _open_first(self, today: str, work: Work) -> str:
        """The month to begin with: that of the earliest occurrence."""
        occurrences = await self._repository.occurrences(work.session)
        earliest = min((month for _, _, month in occurrences), default=today)
        first = min(max(earliest, periods.shifted(today, -EARLIEST_MONTHS)), today)
        await self.reopen(first, work)
        return first

    async def _close(self, closing: str, work: Work, cause: Cause) -> int:
        current = await self._counting.count(closing, local_day(work.now), work.session, closing=True)
        issue = _Issue(await self._repository.open_indicators(work.session))
        active = active_places(self._programmes)
        current.places |= active | {_place(key) for key in issue.before}
        books: dict[tuple[Place, str], Book] = {}
        complete = periods.ends_year(closing)
        disclosed = await self._counting.disclosed(
            current, [closing], issue.before, work.session, closing=True
        )
        for place, (year,) in disclosed.items():
            books[place, year_of(closing)] = Book(year.opening, year.months)
            if complete:
                books[place, year_of(periods.shifted(closing, 1))] = Book(year.closing)
            if self._may_exist(place, year, active, issue):
                issue.publish(_indicators(place, year.months[-1], closed=True), cause, work)
                if complete:
                    issue.publish(_indicators(place, year.year, closed=True), cause, work)
        await self._repository.save_books(books, work.session)
        await self._repository.indicators.save(issue.after, work.session)
        await self._repository.forget_occurrences(closing, work.session)
        return len(issue.after)

    @staticmethod
    def _may_exist(place: Place, year: Disclosed, active: set[Place], issue: _Issue) -> bool:
        """Whether there may be a record: with no programme active, it tells that somebody is there."""
        known = any(_place(key) == place for key in issue.before)
        return place in active or known or any(any((month.shown or {}).values()) for month in year.months)


def _place(key: str) -> Place:
    municipality, programme, _ = key.split("/")
    return municipality, programme


def _indicators(place: Place, period: Month, *, closed: bool) -> IndicatorsPublished:
    return wire.indicators(place, period.name, period.shown or {}, closed=closed)
