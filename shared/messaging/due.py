"""Due rows: time as data. A row lives beside the state, fires once at or after its moment, late if need be.

Rows are claimed by conditional update, judged by MongoDB's clock, so that replicas share them; the row's
deletion is part of the transaction that has its effect, so a claim that is lost costs time and nothing else.
"""

import asyncio
import contextlib
import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TypeVar

from pymongo import IndexModel
from pymongo.errors import PyMongoError

from shared.clock import Clock
from shared.ids import new_event_id
from shared.logging import describe_error, get_logger
from shared.messaging import retry
from shared.messaging.health import Health
from shared.messaging.work import DueRow, Work
from shared.mongo import Database, Session

log = get_logger(__name__)
T = TypeVar("T")

INDEXES = [IndexModel([("due_at", 1), ("claimed_until", 1)]), IndexModel("subject")]
CLAIM = timedelta(seconds=10)
"""How long after a replica's last sign another may take its rows over."""
RENEWAL = CLAIM / 3
CLAIMED_AT_ONCE = 100


class RowGone(RuntimeError):
    """The row was finished, cancelled, scheduled anew or taken over: this run's effect must not happen."""


@dataclass(frozen=True, slots=True)
class Task:
    """A claimed row and the means to act on it. `holder` is who claimed it."""

    row: DueRow
    database: Database
    service: str
    prefix: str
    clock: Clock
    wake_relay: Callable[[], None]
    holder: str

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
        async def transaction(session: Session) -> tuple[T, bool]:
            work = Work(session, self.database, self.service, self.prefix, self.clock.now())
            if finish:
                # A row that was scheduled anew since has no holder: deleting it would lose what it asks for.
                deleted = await self.database["due"].delete_one(
                    {"_id": self.row.id, "claimed_by": self.holder}, session=session
                )
                if not deleted.deleted_count:
                    raise RowGone(self.row.id)
            result = await body(work)
            await work.flush()
            return result, work.sends

        result, sends = await self.database.transact(transaction)
        if sends:
            self.wake_relay()
        return result


_CLAIMED_UNTIL = {"$dateAdd": {"startDate": "$$NOW", "unit": "second", "amount": int(CLAIM.total_seconds())}}


async def extend_claim(database: Database, row_id: str, holder: str, session: Session | None = None) -> bool:
    """Holds a claimed row for another `CLAIM`; False where it is no longer the holder's."""
    extended = await database["due"].update_one(
        {"_id": row_id, "claimed_by": holder}, [{"$set": {"claimed_until": _CLAIMED_UNTIL}}], session=session
    )
    return bool(extended.matched_count)


DueHandler = Callable[[Task], Awaitable[None]]
"""Does what a row asks for: any number of steps, then `finish`."""


@dataclass(slots=True)
class DueRunner:
    """Looks for rows whose time has come and runs their kinds' handlers."""

    database: Database
    service: str
    prefix: str
    clock: Clock
    handlers: Mapping[str, DueHandler]
    health: Health
    wake_relay: Callable[[], None]
    poll: timedelta
    backoff: retry.Backoff = field(default_factory=retry.Backoff)
    holder: str = field(default_factory=new_event_id)
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)

    def stop(self) -> None:
        """Lets `run` return after the rows at hand."""
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """Says that a row may be due now."""
        self._wake.set()

    async def run(self) -> None:
        """Runs rows until `stop`."""
        attempt = 0
        while not self._stopping.is_set():
            try:
                ran = await self.run_due()
                self.health.working("due")
                attempt = 0
                if not ran:
                    await self._pause(self.poll)
            except Exception as error:  # noqa: BLE001 (a claim runs out by itself; the next round tries again)
                self.health.degraded("due", type(error).__name__)
                log.warning("due_rows_wait", **describe_error(error))
                await self._pause(self.backoff.delay(attempt, random.random()))  # noqa: S311
                attempt += 1
        await self._release()

    async def _pause(self, span: timedelta) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), span.total_seconds())
        except TimeoutError:
            return
        self._wake.clear()

    async def run_due(self) -> bool:
        """Claims and runs what is due now; returns whether anything ran."""
        rows = await self._claim()
        for row in rows:
            if self._stopping.is_set():
                break
            # The rows before this one may have taken longer than its claim.
            if await extend_claim(self.database, row.id, self.holder):
                await self._run(row)
            self.health.working("due")
        return bool(rows)

    async def _run(self, row: DueRow) -> None:
        task = Task(row, self.database, self.service, self.prefix, self.clock, self.wake_relay, self.holder)
        renewing = asyncio.create_task(self._renew(row.id))
        try:
            await self.handlers[row.kind](task)
        except RowGone:
            log.info("due_row_gone", kind=row.kind)
        except Exception as error:
            if retry.is_infrastructure(error):
                raise
            # One row that fails must not hold up the others; its claim runs out and it is tried again.
            log.error("due_row_failed", kind=row.kind, **describe_error(error))  # noqa: TRY400
        finally:
            renewing.cancel()

    async def _renew(self, row_id: str) -> None:
        """Holds on to a row for as long as its handler runs."""
        with contextlib.suppress(PyMongoError):
            while True:
                await asyncio.sleep(RENEWAL.total_seconds())
                await extend_claim(self.database, row_id, self.holder)

    async def _release(self) -> None:
        """Gives back what was claimed and not run, so that nobody waits for the claims' end."""
        with contextlib.suppress(PyMongoError):
            await self.database["due"].update_many(
                {"claimed_by": self.holder}, {"$unset": {"claimed_until": "", "claimed_by": ""}}
            )

    async def _claim(self) -> list[DueRow]:
        due = self.database["due"]
        free = {
            "due_at": {"$lte": self.clock.now()},
            "$expr": {"$lt": [{"$ifNull": ["$claimed_until", None]}, "$$NOW"]},
        }
        cursor = due.find(free, {"_id": 1}, sort=[("due_at", 1)], limit=CLAIMED_AT_ONCE)
        ids = [document["_id"] async for document in cursor]
        if not ids:
            return []
        await due.update_many(
            {"_id": {"$in": ids}, **free},
            [{"$set": {"claimed_until": _CLAIMED_UNTIL, "claimed_by": self.holder}}],
        )
        claimed = due.find({"_id": {"$in": ids}, "claimed_by": self.holder}, sort=[("due_at", 1)])
        return [DueRow.of(document) async for document in claimed]
