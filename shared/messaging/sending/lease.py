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
    """One part of a piece of work, held by at most one holder at a time.

    That is as far as leases can promise: a fence must back it.

    While anybody holds a part of a work that is divided in one way, nobody gets a part of it divided in
    another. So replicas that are told different numbers of parts wait for each other.
    """

    database: Database
    name: str
    part: int = 0
    parts: int = 1
    holder: str = field(default_factory=new_event_id)
    _renewed: float = field(default=-math.inf, init=False)

    async def acquire(self) -> bool:
        """Takes or renews the lease; False where somebody else holds it."""
        asked_at = time.monotonic()
        if not await self._take():
            try:
                await self.database["leases"].insert_one({"_id": self.name, "until": _OVER})
            except DuplicateKeyError:
                self._renewed = -math.inf
                return False
            if not await self._take():
                return False
        self._renewed = asked_at
        return True

    async def _take(self) -> bool:
        until = {"$dateAdd": {"startDate": "$$NOW", "unit": "millisecond", "amount": _milliseconds(LENGTH)}}
        claim = f"held.{self.part}"
        over = {"$lt": [{"$ifNull": [f"${claim}.until", _OVER]}, "$$NOW"]}
        free = [
            {"parts": self.parts, f"{claim}.holder": self.holder},
            {"parts": self.parts, "$expr": over},
            {"$expr": {"$lt": ["$until", "$$NOW"]}},
        ]
        same_parts = {"$eq": ["$parts", self.parts]}
        taken = await self.database["leases"].update_one(
            {"_id": self.name, "$or": free},
            [
                # `until` is the latest of all parts: each renewal moves it on.
                {"$set": {"held": {"$cond": [same_parts, "$held", {}]}, "parts": self.parts, "until": until}},
                {"$set": {claim: {"holder": self.holder, "until": until}}},
            ],
        )
        return bool(taken.matched_count)

    @property
    def held(self) -> bool:
        """Whether it was taken and can't have run out yet."""
        return time.monotonic() - self._renewed < LENGTH.total_seconds()

    @property
    def needs_renewal(self) -> bool:
        """Whether it is time to renew."""
        return time.monotonic() - self._renewed > RENEWAL.total_seconds()

    async def release(self) -> None:
        """Lets go, so that another replica need not wait for the end."""
        self._renewed = -math.inf
        claim = f"held.{self.part}"
        await self.database["leases"].update_one(
            {"_id": self.name, f"{claim}.holder": self.holder}, {"$unset": {claim: ""}}
        )


_OVER = datetime.fromtimestamp(0, UTC)
"""A lease that ran out long ago."""


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
