"""A lease on one piece of work, judged by MongoDB's clock alone."""

import math
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

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
    _renewed: float = field(default=-math.inf, init=False)

    async def acquire(self) -> bool:
        """Takes or renews the lease; False where somebody else holds it."""
        asked = time.monotonic()
        if not await self._take():
            try:
                # Over since 1970: the next try takes it like any lease that ran out.
                await self.database["leases"].insert_one(
                    {"_id": self.name, "until": datetime.fromtimestamp(0, UTC)}
                )
            except DuplicateKeyError:
                self._renewed = -math.inf
                return False
            if not await self._take():
                return False
        self._renewed = asked
        return True

    async def _take(self) -> bool:
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": _milliseconds(LENGTH)}}
        free = {"$or": [{"holder": self.holder}, {"$expr": {"$lt": ["$until", "$$NOW"]}}]}
        taken = await self.database["leases"].update_one(
            {"_id": self.name, **free}, [{"$set": {"holder": self.holder, "until": until}}]
        )
        return bool(taken.matched_count)

    @property
    def needs_renewal(self) -> bool:
        """Whether it is time to renew."""
        return time.monotonic() - self._renewed > RENEWAL.total_seconds()

    async def release(self) -> None:
        """Lets go, so that another replica need not wait for the end."""
        self._renewed = -math.inf
        await self.database["leases"].delete_one({"_id": self.name, "holder": self.holder})


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
