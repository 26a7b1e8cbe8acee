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
DIVISIONS = (1, 2, 4, 8, 16)
"""Into how many parts a work may be divided: each divides the next, so that a part of one is whole parts of
another, or a share of one part.
"""


@dataclass(slots=True)
class Lease:
    """One part of a piece of work, held by at most one holder at a time.

    That is as far as leases can promise: a fence must back it.

    While anybody holds a part of a work that is divided in one way, nobody gets a part of it divided in
    another. So replicas that are told different numbers of parts wait for each other, and whoever is first
    under another number has `unfenced` to see to.
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
                new = {"_id": self.name, "until": _OVER, "divisions": []}
                await self.database["leases"].insert_one(new)
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
        divisions = {"$setUnion": [{"$ifNull": ["$divisions", list(DIVISIONS)]}, [self.parts]]}
        held = {"$cond": [same_parts, "$held", {}]}
        taken = await self.database["leases"].update_one(
            {"_id": self.name, "$or": free},
            [
                # `until` is the latest of all parts: each renewal moves it on.
                {"$set": {"held": held, "parts": self.parts, "until": until, "divisions": divisions}},
                # What else is known of the part, as `fenced`, stays.
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

    async def unfenced(self) -> list[int]:
        """The other numbers of parts that this work was ever divided into, unless `fenced` was said of this
        part under its own number.

        A process that was paused under one of them may wake up and take its old part for its own.
        """
        found = await self.database["leases"].find_one({"_id": self.name}) or {}
        claim = found.get("held", {}).get(str(self.part), {})
        if claim.get("fenced") and found["parts"] == self.parts:
            return []
        return [parts for parts in found.get("divisions", DIVISIONS) if parts != self.parts]

    async def fenced(self) -> None:
        """Says that nobody of another division can do any more of this part's work."""
        claim = f"held.{self.part}"
        ours = {"_id": self.name, "parts": self.parts, f"{claim}.holder": self.holder}
        await self.database["leases"].update_one(ours, {"$set": {f"{claim}.fenced": True}})

    async def release(self) -> None:
        """Lets go, so that another replica need not wait for the end."""
        self._renewed = -math.inf
        claim = f"held.{self.part}"
        ends = {"$map": {"input": {"$objectToArray": "$held"}, "in": "$$this.v.until"}}
        await self.database["leases"].update_one(
            {"_id": self.name, "parts": self.parts, f"{claim}.holder": self.holder},
            [{"$set": {claim: {"holder": "", "until": _OVER}}}, {"$set": {"until": {"$max": ends}}}],
        )


_OVER = datetime.fromtimestamp(0, UTC)
"""A lease that ran out long ago."""


def _milliseconds(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
