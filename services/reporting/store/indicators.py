"""The figures as they were published last."""

from collections.abc import Iterable, Mapping

from pymongo import ReplaceOne

from services.reporting.documents import Published
from services.reporting.domain.occurrences import Place
from shared.messaging.work import Revision
from shared.mongo import Database, Document, Session


def key_of(place: Place, period: str) -> str:
    """The key of a period's figures on `indicators.v1`."""
    return f"{place[0]}/{place[1]}/{period}"


_SENT = {"revision": {"$gt": 0}}
"""Not of those that were handed over from another code, and are yet to be published under theirs."""


class Indicators:
    """What stands on `indicators.v1`, by key."""

    def __init__(self, database: Database) -> None:
        self._collection = database["indicators"]

    async def open(self, session: Session) -> dict[str, Published]:
        """The figures of open periods as published last, by key."""
        cursor = self._collection.find({"closed": False}, session=session)
        return {
            document["_id"]: Published(
                document["data"],
                Revision(document["revision"], document["order"]),
                document.get("room", 0),
            )
            async for document in cursor
        }

    async def save(self, published: Mapping[str, Published], session: Session) -> None:
        """Keeps what is being published, in one round trip."""
        if published:
            await self._collection.bulk_write(
                [
                    ReplaceOne(
                        {"_id": key},
                        {
                            "closed": known.data["closed"],
                            "data": known.data,
                            "revision": known.revision.number,
                            "order": known.revision.order,
                            "room": known.room,
                        },
                        upsert=True,
                    )
                    for key, known in published.items()
                ],
                ordered=False,
                session=session,
            )

    async def page(self, after: str, most: int) -> list[Document]:
        """Up to `most` figures as published last, of keys behind `after`, in the order of their keys."""
        wanted = {"_id": {"$gt": after}, **_SENT}
        cursor = self._collection.find(wanted, {"data": 1}, sort=[("_id", 1)], limit=most)
        return [document["data"] async for document in cursor]

    async def find(self, key: str) -> Document | None:
        """One period's figures as published last."""
        found = await self._collection.find_one({"_id": key, **_SENT}, {"data": 1})
        return None if found is None else found["data"]

    async def revisions(self, keys: Iterable[str], session: Session) -> dict[str, int]:
        """The revisions at which figures were published last, by key."""
        cursor = self._collection.find({"_id": {"$in": list(keys)}}, {"revision": 1}, session=session)
        return {document["_id"]: document["revision"] async for document in cursor}

    async def documents(self, session: Session) -> list[Document]:
        """All figures as published last."""
        return [document["data"] async for document in self._collection.find({}, session=session)]
