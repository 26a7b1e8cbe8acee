"""Rebuilds reporting's database from its own output: which month is open, and what was shown of closed ones.

Closed periods are authoritative: what they counted isn't counted again. What rounding had not shown yet
stands nowhere any more, up to four of each flow.
"""

from collections.abc import Mapping, Sequence
from itertools import groupby

from services.reporting import wire
from services.reporting.documents import Book, Published
from services.reporting.domain import periods
from services.reporting.domain.book import Opening, after
from services.reporting.domain.figures import HOURS_OF_DOSE, MINUTES_MET
from services.reporting.domain.occurrences import Place, Rebuilt
from services.reporting.domain.periods import year_of
from services.reporting.due import Publishing
from services.reporting.store import Repository
from shared.contracts import topics
from shared.contracts.reporting.events import IndicatorsPublished
from shared.messaging.reading.records import Readable, Received
from shared.messaging.rebuild import Recipe, Source, Steps
from shared.messaging.work import Revision, Work

YEAR = len("2016")


class Rebuilding:
    """What reporting takes from `indicators.v1`; the rest its subscribers read."""

    def __init__(self, repository: Repository, publishing: Publishing) -> None:
        self._repository = repository
        self._publishing = publishing

    @property
    def recipe(self) -> Recipe:
        """Its own output alone: records of others have no effect outside before all are read."""
        return Recipe((Source(topics.INDICATORS, self.take_indicators),), self.finish)

    async def take_indicators(self, records: Sequence[Readable], work: Work) -> None:
        """Keeps the newest figures of each place and period, with their revision."""
        known = await self._repository.indicators.revisions((record.key for record in records), work.session)
        newest: dict[str, Published] = {}
        for record in records:
            if not isinstance(record, Received) or not isinstance(record.data, IndicatorsPublished):
                continue
            revision = record.envelope.revision or 0
            if revision > known.get(record.key, 0):
                known[record.key] = revision
                data = record.data.model_dump(mode="json", exclude_none=True)
                newest[record.key] = Published(data, Revision(revision))
        await self._repository.indicators.save(newest, work.session)

    async def finish(self, steps: Steps, until: int) -> None:
        """Opens the month that was open, and the books as far as they can be had again."""

        async def reopen(work: Work) -> None:
            documents = await self._repository.indicators.documents(work.session)
            found = [IndicatorsPublished.model_validate(document) for document in documents]
            first = _first_open(found)
            # Another replica may have gone on from here already.
            if first is None or await self._repository.first_open(work.session) is not None:
                return
            counted = tuple(sorted(_figures(found)))
            await self._repository.note_rebuilt(Rebuilt(first, until, counted), work.session)
            await self._repository.save_books(_books(found), work.session)
            await self._publishing.reopen(first, work)

        await steps.step(reopen)


def _first_open(found: Sequence[IndicatorsPublished]) -> str | None:
    """The month after the last closed one; where none is closed, the first of those published."""
    months = [published for published in found if len(published.period) > YEAR]
    closed = [published.period for published in months if published.closed]
    if closed:
        return periods.shifted(max(closed), 1)
    return min((published.period for published in months), default=None)


def _figures(found: Sequence[IndicatorsPublished]) -> set[str]:
    """What closed months have counted: one made before there was a figure has not counted it."""
    names = {figure.name for published in found if published.closed for figure in published.figures}
    return names | ({MINUTES_MET} if HOURS_OF_DOSE.name in names else set())


def _books(found: Sequence[IndicatorsPublished]) -> Mapping[tuple[Place, str], Book]:
    """Each place's years with closed months, as they would stand had all counts been published."""
    books: dict[tuple[Place, str], Book] = {}
    closed = sorted(
        (item for item in found if item.closed), key=lambda item: (*wire.place(item), item.period)
    )
    for place, periods_of_place in groupby(closed, key=wire.place):
        opening = Opening()
        for year, items in groupby(periods_of_place, key=lambda published: year_of(published.period)):
            # A year's own figures sort before those of its months.
            shown = [wire.published(item) for item in items]
            months = tuple(month for month in shown if len(month.name) > YEAR)
            books[place, year] = Book(opening, months)
            for month in months:
                opening = after(place[1], opening, month)
            if any(len(month.name) == YEAR for month in shown):
                books[place, str(int(year) + 1)] = Book(opening)
    return books
