"""Counts everything, and says what of it may be shown, place by place."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from services.reporting import packs, wire
from services.reporting.documents import Book, Published
from services.reporting.domain import figures
from services.reporting.domain.around import NOTHING, Around, around
from services.reporting.domain.book import ROOM, Disclosed, Month, Opening, disclose
from services.reporting.domain.figures import ALL, MINUTES_ASKED, MINUTES_MET
from services.reporting.domain.occurrences import Counts, Place, counted
from services.reporting.domain.outcomes import Values
from services.reporting.domain.periods import year_of
from services.reporting.domain.projection import asked, levels
from services.reporting.store import Repository
from services.reporting.store.indicators import key_of
from shared.contracts.reporting.events import IndicatorsPublished
from shared.messaging.tables import Programmes
from shared.mongo import Session

Before = Mapping[str, Values]
"""What open months showed last, by month."""


@dataclass(slots=True)
class Counted:
    """What one transaction counts: occurrences by open month, levels, and the places that there are."""

    occurrences: Counts
    levels: Mapping[Place, Counter[str]]
    places: set[Place]

    def month(self, place: Place, name: str) -> Month:
        """An open month's counts, zeros included."""
        now = self.levels.get(place, Counter())
        of_month = (*figures.flows(place[1]), MINUTES_MET)
        of_now = (*figures.names(place[1], "level"), MINUTES_ASKED)
        flows = {figure: self.occurrences[place, figure, name] for figure in of_month}
        return Month(name, flows | {figure: now[figure] for figure in of_now})


class Counting:
    """Counts by what is stored and by the packs, and remembers what it found of places that don't change."""

    def __init__(self, repository: Repository, programmes: Programmes) -> None:
        self._repository = repository
        self._programmes = programmes
        self._known: dict[
            tuple[Place, str], tuple[Opening, tuple[Month, ...], Before, Around, Disclosed]
        ] = {}

    async def count(self, first: str, today: date, session: Session, *, closing: bool) -> Counted:
        """Counts everything, municipalities under the codes that they have now; `first` is the first open
        month, `closing` whether it is over.
        """
        await self._repository.renamed.hand_over(self._programmes.successors, year_of(first), session)
        occurrences = counted(await self._repository.occurrences(session), first)
        refugees, volunteers, pairs = await self._repository.live(first, session)
        current = levels(refugees, volunteers, pairs, today)
        if closing:
            for place, minutes in asked(pairs, first, packs.weekly_hours(self._programmes)).items():
                current.setdefault(place, Counter()).update(minutes)
        return Counted(occurrences, current, {place for place, _, _ in occurrences} | set(current))

    async def disclosed(
        self,
        current: Counted,
        months: Sequence[str],
        before: Mapping[str, Published],
        session: Session,
        *,
        closing: bool,
    ) -> dict[Place, list[Disclosed]]:
        """What to show in each year that these open months belong to, by place."""
        years = sorted({year_of(month) for month in months})
        books = await self._repository.books(years, session)
        known = {key: _values(published) for key, published in before.items()}
        durations = packs.durations(self._programmes)
        places = current.places | {place for place, _ in books}
        found: dict[Place, list[Disclosed]] = {}
        # A municipality's own figures come first: its programmes' are held against them.
        for place in sorted(places, key=lambda place: (place[0], place[1] != ALL, place[1])):
            binds = NOTHING
            if place[1] != ALL:
                shown = [_shown(year) for year in found.get((place[0], ALL), ())]
                binds = around(shown, durations.get(place[1], NOTHING.duration))
            found[place] = []
            for year in years:
                book = books.get((place, year))
                if book is None:
                    book = Book(found[place][-1].closing) if found[place] else Book()
                open_months = [current.month(place, month) for month in months if year_of(month) == year]
                earlier = {month.name: known.get(key_of(place, month.name), {}) for month in open_months}
                found[place].append(
                    self._disclose(
                        place, year, book, (*book.months, *open_months), earlier, binds, closing=closing
                    )
                )
        return found

    def _disclose(
        self,
        place: Place,
        year: str,
        book: Book,
        months: tuple[Month, ...],
        before: Before,
        binds: Around,
        *,
        closing: bool,
    ) -> Disclosed:
        """What to show; remembered, since few places change between two publications."""
        known = self._known.get((place, year))
        if known is not None and not closing and known[:4] == (book.opening, months, before, binds):
            return known[4]
        found = disclose(place[1], year, book.opening, months, before, closing=closing, around=binds)
        if closing:
            self._known.pop((place, year), None)
        else:
            self._known[place, year] = (book.opening, months, before, binds, found)
        return found


def _shown(year: Disclosed) -> tuple[Values, Mapping[str, Values], dict[str, Values]]:
    return year.opening.shown, year.opening.trail, {month.name: month.shown or {} for month in year.months}


def _values(published: Published) -> Values:
    counts = wire.published(IndicatorsPublished.model_validate(published.data)).counts
    return {**counts, ROOM: published.room}
