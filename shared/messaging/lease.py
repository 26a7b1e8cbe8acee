"""A lease on one piece of work, judged by MongoDB's clock alone."""

import time
from dataclasses import dataclass, field
from datetime import timedelta

from pymongo import ReturnDocument
from pymongo.errors import DuplicateKeyError

from shared.ids import new_event_id
from shared.mongo import Database

LENGTH = timedelta(seconds=10)
RENEWAL = timedelta(seconds=3)


@dataclass(slots=True)
class Lease:
    """Held by at most one holder at a time, as far as leases can promise: a fence must back it."""

    database: Database
    name: str
    holder: str = field(default_factory=new_event_id)
    _renewed: float = field(default=0.0, init=False)

    async def acquire(self) -> bool:
        """Takes or renews the lease; False where somebody else holds it."""
        asked = time.monotonic()
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": _milliseconds(LENGTH)}}
        free = {"$or": [{"holder": self.holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        try:
            await self.database["leases"].find_one_and_update(
                {"_id": self.name, **free},
                [{"$set": {"holder": self.holder, "until": until}}],
                upsert=True,
                return_document=ReturnDocument.AFTER,
            )
        except DuplicateKeyError:
            self._renewed = 0.0
            return False
        self._renewed = asked
        return True

    @property
    def needs_renewal(self) -> bool:
        """Whether it is time to renew."""
        return time.monotonic() - self._renewed > RENEWAL.total_seconds()

    async def release(self) -> None:
        """Lets go, so that another replica need not wait for the end."""
        self._renewed = 0.0
        await self.database["leases"].delete_one({"_id": self.name, "holder": self.holder})


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
