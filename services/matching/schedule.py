"""Rounds by themselves: each active pool has a due row at its pack's next time, which starts a round then.

A row's name holds its times. So a pack with others has a row of its own, and the row that it replaces finds
that it is meant no more, whichever replica follows the table of programmes faster.
"""

import asyncio
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from typing import get_args

from services.matching.rounds import RUN_ROUND, new_round_id
from shared.clock import Clock, local_day, local_moment
from shared.contracts.pairing import PackRounds, Weekday
from shared.logging import describe_error, get_logger
from shared.messaging import due
from shared.messaging.due import Task
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Work
from shared.mongo import Database
from shared.retry import Waits

log = get_logger(__name__)

ROUND_AT = "round_at"
"""Starts a pool's round at the pack's time, and is scheduled anew for the next one."""

_WEEKDAYS: tuple[Weekday, ...] = get_args(Weekday)


def next_time(rounds: PackRounds, after: datetime, municipality: str) -> datetime:
    """The first of the pack's times after a moment, in UTC: one a day or week, over clock changes too."""
    at, weekly = time.fromisoformat(rounds.at), rounds.every == "P7D"
    weekday = _WEEKDAYS.index(rounds.weekday or "monday")
    day = local_day(after, municipality)
    while (weekly and day.weekday() != weekday) or local_moment(day, at, municipality) <= after:
        day += timedelta(days=1)
    return local_moment(day, at, municipality)


@dataclass(slots=True)
class Schedule:
    """Keeps a row for each pool whose pack has rounds; `poll` is how often it looks for new packs."""

    database: Database
    programmes: Programmes
    clock: Clock
    poll: timedelta
    _followed: int = field(default=0, init=False)

    async def follow(self) -> None:
        """Sees for ever that what is activated has its row."""
        waits = Waits()
        while True:
            try:
                await self.ensure()
            except Exception as error:  # noqa: BLE001 (the database may be away; rows that are there run)
                log.warning("schedule_waits", server=self.database.address, **describe_error(error))
                await waits.sleep()
            else:
                waits.reset()
                await asyncio.sleep(self.poll.total_seconds())

    async def ensure(self) -> None:
        """Schedules the pools that have no row yet, where the table of programmes has changed."""
        changes = self.programmes.changes
        if changes == self._followed:
            return
        now = self.clock.now()
        for municipality, pack in self.programmes.all_active():
            if pack.pairing.rounds is not None:
                await due.ensure(self.database, _row(municipality, pack.name, pack.pairing.rounds, now))
        self._followed = changes

    async def start_round(self, task: Task) -> None:
        """Starts a round and schedules the next, in one transaction; late as it may be, for all times that
        have passed once. Nothing where the pool's pack has no rounds any more, or at other times.
        """
        municipality, programme = task.row.data["municipality"], task.row.data["programme"]
        pack = self.programmes.active(municipality, programme)

        async def body(work: Work) -> None:
            rounds = None if pack is None else pack.pairing.rounds
            following = None if rounds is None else _row(municipality, programme, rounds, work.now)
            if following is None or following.id != task.row.id:
                return
            work.schedule(following)
            round_id = new_round_id()
            data = {**task.row.data, "round": round_id}
            row_id = f"{RUN_ROUND}/{round_id}"
            work.schedule(DueRow(row_id, RUN_ROUND, task.row.due_at, task.row.subject, data=data))

        await task.finish(body)


def _row(municipality: str, programme: str, rounds: PackRounds, after: datetime) -> DueRow:
    pool = f"{municipality}/{programme}"
    times = "-".join(part for part in (rounds.every, rounds.weekday, rounds.at) if part is not None)
    return DueRow(
        id=f"{ROUND_AT}/{pool}/{times}",
        kind=ROUND_AT,
        due_at=next_time(rounds, after, municipality),
        subject=pool,
        data={"municipality": municipality, "programme": programme},
    )
