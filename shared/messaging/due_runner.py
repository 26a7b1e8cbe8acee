"""What runs due rows: claims those whose time has come, holds on to them, and puts off those that fail."""

import asyncio
import contextlib
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from pymongo import ReturnDocument
from pymongo.errors import PyMongoError

from shared import retry
from shared.clock import Clock
from shared.health import Health
from shared.ids import new_event_id
from shared.logging import describe_error, get_logger
from shared.messaging.due import CLAIM, CLAIMED_UNTIL, DueHandler, RowGone, Task, extend_claim
from shared.messaging.metrics import Metrics
from shared.messaging.reading.records import TRACEPARENT
from shared.messaging.refused import Refusal, tell_refused
from shared.messaging.tracing.spans import Span, Tracer
from shared.messaging.work import DueRow
from shared.mongo import Database, Document

log = get_logger(__name__)

RENEWAL = CLAIM / 3
CONCURRENCY = 8
"""How many rows one replica runs at once: a slow one must not hold up the others."""
FAILING = 5
"""How often a row has failed in a row before its service says that it isn't ready."""
AGAIN = retry.Backoff(first=timedelta(seconds=1), ceiling=timedelta(minutes=10))
"""When a row that failed is tried again."""
FAILING_PART = "due rows"


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A row that is this runner's, and how often it has failed."""

    row: DueRow
    tries: int


@dataclass(slots=True)
class DueRunner:
    """Looks for rows whose time has come and runs their kinds' handlers, up to `concurrency` at once."""

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
    concurrency: int = CONCURRENCY
    again: retry.Backoff = AGAIN
    metrics: Metrics = field(default_factory=Metrics)
    tracer: Tracer | None = None
    _stopping: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _wake: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _in_hand: dict[asyncio.Task[None], str] = field(default_factory=dict, init=False)
    _outages: list[BaseException] = field(default_factory=list, init=False)
    _looked_at: float = field(default=-math.inf, init=False)

    def __post_init__(self) -> None:
        self.metrics.due.expect(list(self.handlers))

    def stop(self) -> None:
        """Lets `run` return after the rows in hand."""
        self._stopping.set()
        self._wake.set()

    def wake(self) -> None:
        """Says that a row may be due now."""
        self._wake.set()

    async def run(self) -> None:
        """Runs rows until `stop`; cancelled, it cancels those in hand."""
        waits = retry.Waits(self.backoff)
        try:
            while not self._stopping.is_set():
                try:
                    await self._start_due(self.clock.now())
                    await self._tell_failing()
                    self._raise_outage()
                    waits.reset()
                    await self._pause(self.poll)
                except Exception as error:  # noqa: BLE001 (a claim runs out by itself; it is tried again)
                    self.health.degraded("due", retry.cause_of(error, self.database))
                    log.warning("due_rows_wait", **describe_error(error))
                    await self._pause(waits.next())
            while self._in_hand:
                await asyncio.wait(self._in_hand)
        finally:
            for task in self._in_hand:
                task.cancel()
        await self._release()

    async def _pause(self, span: timedelta) -> None:
        try:
            await asyncio.wait_for(self._wake.wait(), span.total_seconds())
        except TimeoutError:
            return
        self._wake.clear()

    async def run_due(self) -> bool:
        """Runs what is due at this moment to its end; returns whether anything ran."""
        until = self.clock.now()
        ran = False
        while await self._start_due(until) or self._in_hand:
            ran = True
            if self._in_hand:
                await asyncio.wait(self._in_hand, return_when=asyncio.FIRST_COMPLETED)
        self._looked_at = -math.inf
        await self._tell_failing()
        self._raise_outage()
        return ran

    async def _start_due(self, until: datetime) -> bool:
        """Starts rows, the oldest first, for as long as there is room; returns whether there were any."""
        started = False
        while len(self._in_hand) < self.concurrency and not self._stopping.is_set():
            claimed = await self._claim(until)
            # Only here: rows that hang in every place are no sign of life.
            self.health.working("due")
            if claimed is None:
                break
            task = asyncio.create_task(self._run(claimed))
            self._in_hand[task] = claimed.row.id
            task.add_done_callback(self._ended)
            started = True
        return started

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._in_hand.pop(task, None)
        error = None if task.cancelled() else task.exception()
        if error is not None:
            self._outages.append(error)
        self.health.alive("due")
        self._wake.set()

    def _raise_outage(self) -> None:
        if self._outages:
            error = self._outages[-1]
            self._outages.clear()
            raise error

    async def _run(self, claimed: _Claimed) -> None:
        row, span = self._traced(claimed.row)
        task = Task(
            row,
            self.database,
            self.service,
            self.prefix,
            self.clock,
            self.wake_relay,
            self.holder,
            self._tell_rejected,
            self.tracer,
        )
        renewing = asyncio.create_task(self._renew(row.id))
        try:
            with self.metrics.due.running(row.kind):
                await self.handlers[row.kind](task)
        except RowGone:
            log.info("due_row_gone", kind=row.kind)
        except Exception as error:
            if retry.is_infrastructure(error):
                raise
            tries = claimed.tries + 1
            log.error("due_row_failed", kind=row.kind, tries=tries, **describe_error(error))  # noqa: TRY400
            self.metrics.due.failed(row.kind)
            await self._put_off(row.id, claimed.tries)
        else:
            if span is not None:
                span.end()
        finally:
            renewing.cancel()

    def _traced(self, row: DueRow) -> tuple[DueRow, Span | None]:
        """A row that is part of a recorded trace with the span of its run, which its effects have as parent.
        A run that fails, or has lost its row, leaves none.
        """
        called_for = row.data.get(TRACEPARENT)
        if self.tracer is None or called_for is None:
            return row, None
        span = self.tracer.begin(f"run {row.kind}", called_for, {"kobling.due.kind": row.kind})
        if span is None:
            return row, None
        return replace(row, data={**row.data, TRACEPARENT: span.traceparent}), span

    def _tell_rejected(self, rejected: Sequence[Refusal]) -> None:
        self.metrics.count_rejected(rejected)
        tell_refused("commands_rejected", rejected)

    async def _put_off(self, row_id: str, tries: int) -> None:
        """Counts a failure and keeps the row from everybody for a while, so that it holds up nobody."""
        delay = self.again.delay(tries)
        until = {"$add": ["$$NOW", round(delay.total_seconds() * 1000)]}
        await self.database["due"].update_one(
            {"_id": row_id, "claimed_by": self.holder},
            [
                {"$set": {"tries": {"$add": [{"$ifNull": ["$tries", 0]}, 1]}, "claimed_until": until}},
                {"$unset": "claimed_by"},
            ],
        )

    async def _tell_failing(self) -> None:
        """Names the rows that fail again and again, whichever replica ran them."""
        now = time.monotonic()
        if now - self._looked_at < self.poll.total_seconds():
            return
        self._looked_at = now
        failing = await self.database["due"].count_documents({"tries": {"$gte": FAILING}})
        if failing:
            self.health.degraded(FAILING_PART, f"{failing} rows fail")
        else:
            # No part of its own that would have to give signs of life.
            self.health.started(FAILING_PART)

    async def _renew(self, row_id: str) -> None:
        """Holds on to a row for as long as its handler runs."""
        while True:
            await asyncio.sleep(RENEWAL.total_seconds())
            with contextlib.suppress(PyMongoError):
                await extend_claim(self.database, row_id, self.holder)

    async def _release(self) -> None:
        """Gives back what was claimed and not finished, so that nobody waits for the claims' end."""
        with contextlib.suppress(PyMongoError):
            await self.database["due"].update_many(
                {"claimed_by": self.holder}, {"$unset": {"claimed_until": "", "claimed_by": ""}}
            )

    async def _claim(self, until: datetime) -> _Claimed | None:
        """Takes the row that has been due the longest and is nobody's."""
        document: Document | None = await self.database["due"].find_one_and_update(
            {
                "due_at": {"$lte": until},
                # One whose claim ran out here would pass for this runner's twice.
                "_id": {"$nin": list(self._in_hand.values())},
                "$expr": {"$lt": [{"$ifNull": ["$claimed_until", None]}, "$$NOW"]},
            },
            [{"$set": {"claimed_until": CLAIMED_UNTIL, "claimed_by": self.holder}}],
            sort=[("due_at", 1)],
            return_document=ReturnDocument.AFTER,
        )
        return None if document is None else _Claimed(DueRow.of(document), document.get("tries", 0))
