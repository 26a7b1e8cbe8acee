"""Reporting's database: projections, counts, books and published figures."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import replace
from typing import TypeVar

from pymongo import ReplaceOne, UpdateOne

from services.reporting.documents import (
    KINDS,
    PAIRS,
    REFUGEES,
    VOLUNTEERS,
    Book,
    Projection,
    Published,
    book_of,
    document_of,
    document_of_book,
    live_of,
    projection_of,
)
from services.reporting.domain.occurrences import Counts, Place, Rebuilt
from services.reporting.domain.periods import first_day
from services.reporting.domain.projection import Pair, Refugee, Volunteer
from services.reporting.store.indicators import Indicators, key_of
from services.reporting.store.renamed import Renamed
from services.reporting.store.settled import Settled
from services.reporting.store.traces import Traces
from shared.messaging import due
from shared.messaging.places.progress import applied_counts
from shared.messaging.work import DueRow
from shared.mongo import Collection, Database, Document, Session, put
from shared.values import fields_of

CALENDAR, READ, REBUILT = "calendar", "read", "rebuilt"

_ANY = {"$gt": ""}
"""Any text: unlike `$exists`, it uses an index on an array's elements."""

_OPEN = {name: f"$open.{name}" for name in ("figure", "municipality", "programme", "month")}
"""Of an open occurrence, what is counted together."""

L = TypeVar("L", Refugee, Volunteer, Pair)


class Repository:
    """Reporting's database."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self.indicators = Indicators(database)
        self.settled = Settled(database)
        self.renamed = Renamed(database)
        self.traces = Traces(database)

    async def projections(
        self, kind: str, subjects: Iterable[str], session: Session
    ) -> dict[str, Projection]:
        """What is kept of these subjects, in one query."""
        cursor = self._database[kind].find({"_id": {"$in": list(set(subjects))}}, session=session)
        return {document["_id"]: projection_of(kind, document) async for document in cursor}

    async def save(
        self, kind: str, changed: Mapping[str, Projection], stored: Set[str], session: Session
    ) -> None:
        """Writes projections by subject, `stored` of which are here; of the erased a gravestone alone."""
        writes = [
            put({"_id": subject, **document_of(projection)}, known=subject in stored)
            for subject, projection in changed.items()
        ]
        if writes:
            await self._database[kind].bulk_write(writes, ordered=False, session=session)

    async def tally(self, counts: Counts, partition: str, session: Session) -> None:
        """Adds up counts of occurrences without a subject; each partition has counters to itself."""
        if counts:
            await self._database["tallies"].bulk_write(
                [
                    UpdateOne(
                        {"_id": f"{key_of(place, month)}/{figure}/{partition}"},
                        {
                            "$inc": {"count": count},
                            "$setOnInsert": {"place": list(place), "figure": figure, "month": month},
                        },
                        upsert=True,
                    )
                    for (place, figure, month), count in counts.items()
                ],
                ordered=False,
                session=session,
            )

    async def occurrences(self, session: Session) -> Counts:
        """All occurrences that no closed month has counted, in four aggregations; of a municipality under the
        code that has its figures now.
        """
        now_is = await self.renamed.codes(session)
        counts: Counts = Counter()
        for kind in KINDS:
            async for row in self._database[kind].aggregate(
                [
                    {"$match": {"open.month": _ANY}},
                    {"$unwind": "$open"},
                    {"$group": {"_id": _OPEN, "count": {"$sum": {"$ifNull": ["$open.amount", 1]}}}},
                ],
                session=session,
            ):
                group = row["_id"]
                place = now_is.get(group["municipality"], group["municipality"]), group["programme"]
                counts[place, group["figure"], group["month"]] += row["count"]
        async for row in self._database["tallies"].aggregate(
            [
                {
                    "$group": {
                        "_id": {"place": "$place", "figure": "$figure", "month": "$month"},
                        "count": {"$sum": "$count"},
                    }
                }
            ],
            session=session,
        ):
            group = row["_id"]
            municipality, programme = group["place"]
            place = now_is.get(municipality, municipality), programme
            counts[place, group["figure"], group["month"]] += row["count"]
        return counts

    async def forget_occurrences(self, month: str, session: Session) -> None:
        """Lets go of all occurrences up to a month that is now closed; they stay counted in its figures."""
        until = {"month": {"$lte": month}}
        for kind in KINDS:
            await self._database[kind].update_many(
                {"open.month": {"$lte": month}}, {"$pull": {"open": until}}, session=session
            )
        await self._database["tallies"].delete_many(until, session=session)

    async def live(
        self, month: str, session: Session
    ) -> tuple[dict[str, Refugee], dict[str, Volunteer], list[Pair]]:
        """Who is ready or away, and pairs that are open, were so in a month or later, or after which somebody
        does not wait as before; of a municipality under the code that has its figures now.
        """
        now_is = await self.renamed.codes(session)

        def lives(kind: type[L], document: Document) -> L:
            live: L = live_of(kind, document["live"])
            return replace(live, municipality=now_is.get(live.municipality, live.municipality))

        over = {"live.over_on": {"$gte": str(first_day(month))}}
        then = [{f"live.{side}_then": _ANY} for side in ("receiving", "giving")]
        away = {"$or": [{"live.ready": _ANY}, {"live.away": _ANY}]}
        refugees = self._database[REFUGEES].find({"live.ready": _ANY}, {"live": 1}, session=session)
        volunteers = self._database[VOLUNTEERS].find(away, {"live": 1}, session=session)
        pairs = self._database[PAIRS].find(
            {"$or": [{"live.is_open": True}, over, *then]}, {"live": 1}, session=session
        )
        return (
            {document["_id"]: lives(Refugee, document) async for document in refugees},
            {document["_id"]: lives(Volunteer, document) async for document in volunteers},
            [lives(Pair, document) async for document in pairs],
        )

    async def open_indicators(self, session: Session) -> dict[str, Published]:
        """What open periods show, by key, but for those that were handed over."""
        handed = await self.renamed.codes(session)
        found = await self.indicators.open(session)
        return {key: shown for key, shown in found.items() if key.partition("/")[0] not in handed}

    async def books(self, years: Sequence[str], session: Session) -> dict[tuple[Place, str], Book]:
        """The books of these years by place and year, without those that were handed over."""
        handed = list(await self.renamed.codes(session))
        wanted = {"year": {"$in": list(years)}, "place.0": {"$nin": handed}}
        cursor = self._database["books"].find(wanted, session=session)
        return {
            ((document["place"][0], document["place"][1]), document["year"]): book_of(document)
            async for document in cursor
        }

    async def save_books(self, books: Mapping[tuple[Place, str], Book], session: Session) -> None:
        """Writes books in one round trip."""
        if books:
            await self._database["books"].bulk_write(
                [
                    ReplaceOne({"_id": key_of(place, year)}, document_of_book(place, year, book), upsert=True)
                    for (place, year), book in books.items()
                ],
                ordered=False,
                session=session,
            )

    async def has_published(self) -> bool:
        """Whether figures have been counted in this database: never before everything was read."""
        return await self._calendar.find_one({"_id": READ}) is not None

    async def rebuilt(self, session: Session) -> Rebuilt:
        """What was counted before this database was built."""
        found = await self._calendar.find_one({"_id": REBUILT}, session=session)
        if found is None:
            return Rebuilt()
        return Rebuilt(found["first_open"], found["until"], tuple(found.get("figures", ())))

    async def note_rebuilt(self, rebuilt: Rebuilt, session: Session) -> None:
        """Remembers what was counted before this database was built."""
        await self._calendar.replace_one({"_id": REBUILT}, fields_of(rebuilt), upsert=True, session=session)

    async def first_open(self, session: Session | None = None) -> str | None:
        """The first month that isn't closed; None before anything was published."""
        found = await self._calendar.find_one({"_id": CALENDAR}, session=session)
        return None if found is None else str(found["first_open"])

    async def open_from(self, month: str, session: Session) -> None:
        """Makes a month the first open one."""
        await self._calendar.replace_one(
            {"_id": CALENDAR}, {"first_open": month}, upsert=True, session=session
        )

    async def has_read_more(self, now: Document, session: Session) -> bool:
        """Whether a record was applied, or anything in `now` changed, since the last call; remembers it."""
        seen = {**now, "applied": await applied_counts(self._database, session)}
        before = await self._calendar.find_one({"_id": READ}, session=session)
        if before is not None and before["seen"] == seen:
            return False
        await self._calendar.replace_one({"_id": READ}, {"seen": seen}, upsert=True, session=session)
        return True

    async def ensure_due(self, row: DueRow) -> None:
        """Schedules a row unless it is there; one that is there comes due no later than this one."""
        await due.ensure(self._database, row)

    @property
    def _calendar(self) -> Collection:
        return self._database["calendar"]
