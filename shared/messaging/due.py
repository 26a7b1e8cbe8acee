"""Due rows: time as data. A row lives beside the state, fires once at or after its moment, late if need be.

Rows are claimed by conditional update, judged by MongoDB's clock, so that replicas share them; the row's
deletion is part of the transaction that has its effect, so a claim that is lost costs time and nothing else.
"""

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeVar

from pymongo import IndexModel

from shared.clock import Clock
from shared.logging import get_logger
from shared.messaging.refused import Refusal
from shared.messaging.tracing.spans import Tracer
from shared.messaging.work import DueRow, Work
from shared.mongo import Database, Session

log = get_logger(__name__)
T = TypeVar("T")

INDEXES = [
    IndexModel([("due_at", 1), ("claimed_until", 1)]),
    IndexModel("subject"),
    IndexModel("tries", sparse=True),
]
CLAIM = timedelta(seconds=10)
"""How long after a replica's last sign another may take its rows over."""


class RowGone(RuntimeError):
    """The row was finished, cancelled, scheduled anew or taken over: this run's effect must not happen."""


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row and the means to act on it. `holder` is who claimed it; `rejects` hears of commands that
    a transaction of its rejected.
    """

    row: DueRow
    database: Database
    service: str
    prefix: str
    clock: Clock
    wake_relay: Callable[[], None]
    holder: str
    rejects: Callable[[Sequence[Refusal]], None] = lambda _: None
    tracer: Tracer | None = None

    async def step(self, body: Callable[[Work], Awaitable[T]]) -> T:
        """Runs one transaction of several; the row stays and would run again after a crash."""
        return await self._transact(body, finish=False)

    async def finish(self, body: Callable[[Work], Awaitable[T]]) -> T:
        """Runs the last transaction, which takes the row away. `body` may schedule the row's id anew.

        Raises RowGone where the row is no longer this run's.
        """
        return await self._transact(body, finish=True)

    async def keep(self, session: Session | None = None) -> None:
        """Holds on to the row for another `CLAIM`; raises RowGone where it is no longer this run's."""
        if not await extend_claim(self.database, self.row.id, self.holder, session):
            raise RowGone(self.row.id)

    async def _transact(self, body: Callable[[Work], Awaitable[T]], *, finish: bool) -> T:
        async def transaction(session: Session) -> tuple[T, Work]:
            work = Work(session, self.database, self.service, self.prefix, self.clock.now(), self.tracer)
            if finish:
                # A row that was scheduled anew since has no holder: deleting it would lose what it asks for.
                deleted = await self.database["due"].delete_one(
                    {"_id": self.row.id, "claimed_by": self.holder}, session=session
                )
                if not deleted.deleted_count:
                    raise RowGone(self.row.id)
            result = await body(work)
            await work.flush()
            return result, work

        result, work = await self.database.transact(transaction)
        for span in work.spans:
            span.end()
        if work.sends:
            self.wake_relay()
        self.rejects(work.rejected)
        return result


CLAIMED_UNTIL = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": int(CLAIM.total_seconds())}}


async def extend_claim(database: Database, row_id: str, holder: str, session: Session | None = None) -> bool:
    """Holds a claimed row for another `CLAIM`; False where it is no longer the holder's."""
    extended = await database["due"].update_one(
        {"_id": row_id, "claimed_by": holder}, [{"$set": {"claimed_until": CLAIMED_UNTIL}}], session=session
    )
    return bool(extended.matched_count)


async def ensure(database: Database, row: DueRow) -> None:
    """Schedules a row unless it is there; one that is there comes due no later than this one."""
    document = row.document()
    row_id, due_at = document.pop("_id"), document.pop("due_at")
    await database["due"].update_one(
        {"_id": row_id}, {"$setOnInsert": document, "$min": {"due_at": due_at}}, upsert=True
    )


DueHandler = Callable[[Task], Awaitable[None]]
"""Does what a row asks for: any number of steps, then `finish`."""
