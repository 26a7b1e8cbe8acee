"""Brings what a service keeps of municipalities under the codes that they have now, some at a time."""

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from shared.clock import Clock
from shared.messaging import due
from shared.messaging.due import DueHandler, Task
from shared.messaging.work import DueRow, Work
from shared.mongo import Database
from shared.programmes.table import Programmes

KIND = "municipality_codes"
AT_ONCE = 100
"""How many files one transaction brings."""
AGAIN = timedelta(hours=1)
"""A replica that hasn't heard of a new code yet may still write under the old one."""

Some = Callable[[Collection[str], str, Task, Work], Awaitable[str]]
"""(codes that have a successor, subject, task, work): brings the next ones after that subject, and returns
the last of them, or "" where there are no more.
"""


@dataclass(frozen=True, slots=True)
class Renaming:
    """A due row that stays for as long as any code has a successor. Whoever was brought is found no more, so
    it may be run again from anywhere.
    """

    database: Database
    clock: Clock
    programmes: Programmes
    of_kinds: Sequence[Some]

    @property
    def handlers(self) -> Mapping[str, DueHandler]:
        """The handler of its row."""
        return {KIND: self.run}

    async def schedule(self) -> None:
        """Has it run now, if there is a code that has a successor."""
        if self.programmes.successors.of_codes:
            await due.ensure(self.database, DueRow(KIND, KIND, self.clock.now(), KIND))

    async def run(self, task: Task) -> None:
        """Brings all that there are, and looks again later."""
        codes = sorted(self.programmes.successors.of_codes)
        for some in self.of_kinds if codes else ():
            after = ""
            while after := await task.step(partial(some, codes, after, task)):
                pass

        async def again(work: Work) -> None:
            if codes:
                work.schedule(DueRow(KIND, KIND, work.now + AGAIN, KIND))

        await task.finish(again)
