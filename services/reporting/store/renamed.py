"""Municipalities' new codes: what was counted under the code before goes on under the new one, from the
beginning, so that each is shown whole there and nothing is counted twice.
"""

from collections.abc import Mapping

from pymongo import ReplaceOne

from services.reporting.documents import Book, book_of, document_of_book
from services.reporting.domain.together import closing_of, months_together, openings_together, shown_together
from services.reporting.store.indicators import key_of
from shared.mongo import Database, Document, Session
from shared.programmes.successors import Successors

RENAMED = "renamed"
"""The calendar's document of the codes whose figures were handed over, each with its successor."""


class Renamed:
    """Hands books, and what open months show, over to the codes that municipalities have now."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def codes(self, session: Session) -> Mapping[str, str]:
        """The codes whose figures were handed over, and who has them now."""
        known = Successors(await self._known(session))
        return {code: known.current(code) for code in known.of_codes}

    async def hand_over(self, successors: Successors, year: str, session: Session) -> None:
        """Hands over what is to be; `year` is that of the first open month. What comes in from now on is
        counted under the new codes alone.
        """
        known = await self._known(session)
        new = sorted(successors.of_codes.keys() - known.keys())
        if not new:
            return
        for code in new:
            await self._hand_books(code, successors.current(code), year, session)
            await self._hand_shown(code, successors.current(code), session)
        told = {**known, **{code: successors.of_codes[code] for code in new}}
        await self._database["calendar"].replace_one(
            {"_id": RENAMED}, {"of_codes": told}, upsert=True, session=session
        )

    async def _known(self, session: Session) -> dict[str, str]:
        found = await self._database["calendar"].find_one({"_id": RENAMED}, session=session)
        return {} if found is None else found["of_codes"]

    async def _hand_books(self, code: str, to: str, year: str, session: Session) -> None:
        theirs, own = await self._books(code, year, session), await self._books(to, year, session)
        writes = []
        for programme, book in theirs.items():
            place, there = (to, programme), own.get(programme)
            if there is not None:
                book = Book(  # noqa: PLW2901 (the same book, with what it joins)
                    openings_together(there.opening, book.opening), months_together(there.months, book.months)
                )
            writes.append(
                ReplaceOne({"_id": key_of(place, year)}, document_of_book(place, year, book), upsert=True)
            )
        if writes:
            await self._database["books"].bulk_write(writes, ordered=False, session=session)

    async def _books(self, code: str, year: str, session: Session) -> dict[str, Book]:
        """The books of a year by programme; or one that begins as the latest before ends."""
        wanted = {"place.0": code, "year": {"$lte": year}}
        found: dict[str, Book] = {}
        async for document in self._database["books"].find(wanted, sort=[("year", 1)], session=session):
            programme, book = document["place"][1], book_of(document)
            is_of_year = document["year"] == year
            found[programme] = book if is_of_year else Book(closing_of(programme, book.opening, book.months))
        return found

    async def _hand_shown(self, code: str, to: str, session: Session) -> None:
        """What open periods show is the least that they show under the new code, where nothing is published
        yet: so it is kept as if it were closed, and differs from all that may be.
        """
        indicators = self._database["indicators"]
        keys: dict[str, Document] = {}
        wanted = {"closed": False, "data.municipality": code}
        async for document in indicators.find(wanted, session=session):
            data = document["data"]
            keys[key_of((to, data["programme"]), data["period"])] = document
        async for own in indicators.find({"_id": {"$in": list(keys)}}, session=session):
            theirs = keys.pop(own["_id"])
            if own["closed"]:
                continue
            data = {
                **own["data"],
                "figures": shown_together(own["data"]["figures"], theirs["data"]["figures"]),
            }
            keys[own["_id"]] = {**own, "data": data, "room": own.get("room", 0) + theirs.get("room", 0)}
        for key, document in keys.items():
            is_own = document["_id"] == key
            places = {} if is_own else {"revision": 0, "order": 0}
            data = {**document["data"], "municipality": to, "closed": True}
            await indicators.replace_one(
                {"_id": key}, {**document, **places, "_id": key, "data": data}, upsert=True, session=session
            )
