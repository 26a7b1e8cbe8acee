"""Who was ever settled, counted as it is read, and what is kept of them now."""

from collections import Counter
from collections.abc import AsyncIterator, Mapping
from datetime import datetime

from pymongo import UpdateOne

from services.reporting.documents import PAIRS, REFUGEES, SETTLED, live_of, municipalities_of
from services.reporting.domain.projection import Pair, Refugee
from services.reporting.domain.reconciling import Kept
from shared.mongo import Database, Session
from shared.values import fields_of, value

RECONCILED = "reconciled"
Counts = Counter[str]
"""By municipality."""


@value
class Reconciled:
    """By how many the two sides differed, and when they were compared."""

    difference: int
    at: datetime


class Settled:
    """Counters by municipality and partition, and the outcome of comparing."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def count(self, changes: Mapping[str, tuple[Counts, Counts]], session: Session) -> None:
        """Adds who was settled or referred for the first time and who was erased, by partition and
        municipality, in one round trip.
        """
        writes = [
            UpdateOne(
                {"_id": f"{municipality}/{partition}"},
                {
                    "$inc": {"settled": new[municipality], "erased": erased[municipality]},
                    "$setOnInsert": {"municipality": municipality},
                },
                upsert=True,
            )
            for partition, (new, erased) in changes.items()
            for municipality in new.keys() | erased.keys()
        ]
        if writes:
            await self._database[SETTLED].bulk_write(writes, ordered=False, session=session)

    async def counted(self, session: Session) -> tuple[Counts, Counts]:
        """How many were ever settled or referred, and erased since, by municipality."""
        settled: Counts = Counter()
        erased: Counts = Counter()
        async for document in self._database[SETTLED].find(
            {"municipality": {"$exists": True}}, session=session
        ):
            settled[document["municipality"]] += document["settled"]
            erased[document["municipality"]] += document["erased"]
        return settled, erased

    async def refugees(self, session: Session) -> AsyncIterator[Kept]:
        """Everybody who is not erased."""
        wanted = {"live": 1, "counted": 1}
        async for document in self._database[REFUGEES].find(
            {"erased": {"$ne": True}}, wanted, session=session
        ):
            refugee: Refugee = live_of(Refugee, document["live"])
            yield Kept(document["_id"], refugee, municipalities_of(document))

    async def pairs(self, session: Session) -> list[Pair]:
        """Pairs that are open, or after which somebody does not wait as before."""
        cursor = self._database[PAIRS].find(
            {"$or": [{"live.is_open": True}, {"live.receiving_then": {"$gt": ""}}]},
            {"live": 1},
            session=session,
        )
        return [live_of(Pair, document["live"]) async for document in cursor]

    async def note(self, reconciled: Reconciled, session: Session) -> None:
        """Remembers an outcome."""
        await self._database[SETTLED].replace_one(
            {"_id": RECONCILED}, fields_of(reconciled), upsert=True, session=session
        )

    async def reconciled(self) -> Reconciled | None:
        """The outcome of the last comparison."""
        found = await self._database[SETTLED].find_one({"_id": RECONCILED})
        return None if found is None else Reconciled(found["difference"], found["at"])
