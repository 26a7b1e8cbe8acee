"""What matching does when its time has come: work on pools that was asked for, and what passing time does to
pairs.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from services.matching import packs
from services.matching.commands.spec import OnPool
from services.matching.domain.agreement import expire
from services.matching.domain.course import complete_due, resume_due
from services.matching.domain.pair import Decision, Outcome, Pair
from services.matching.explaining import Explaining
from services.matching.milestones import Milestones
from services.matching.publish import Publisher
from services.matching.rounds import EXPLAIN_WAITING, LIST_WAITING, RUN_ROUND, Rounds
from services.matching.rows import COMPLETE, EXPIRE, MILESTONE, RESUME
from services.matching.schedule import ROUND_AT, Schedule
from services.matching.service import SPECS
from services.matching.store import Pairs
from shared.clock import local_time
from shared.contracts.pairing import PackOutcome
from shared.messaging.due import DueHandler, Task
from shared.messaging.tables import Operators, Programmes
from shared.messaging.work import Work


def due_handlers(
    rounds: Rounds,
    schedule: Schedule,
    explaining: Explaining,
    pairs: Pairs,
    programmes: Programmes,
    publisher: Publisher,
    operators: Operators,
) -> Mapping[str, DueHandler]:
    """What runs for each kind of due row; raises LookupError where a command is put off to no such kind."""
    passing = Passing(pairs, programmes, publisher)
    handlers = {
        RUN_ROUND: rounds.run_round,
        LIST_WAITING: rounds.list_waiting,
        EXPLAIN_WAITING: explaining.explain_waiting,
        ROUND_AT: schedule.start_round,
        EXPIRE: passing.expire,
        RESUME: passing.resume,
        COMPLETE: passing.complete,
        MILESTONE: Milestones(pairs, operators, publisher).come_due,
    }
    unknown = {spec.decide for spec in SPECS if isinstance(spec, OnPool)} - handlers.keys()
    if unknown:
        raise LookupError(f"nothing handles due rows of {', '.join(sorted(unknown))}")
    return handlers


class Passing:
    """What passing time does to a pair: each kind of row is a decision, which leaves alone what has changed
    meanwhile.
    """

    def __init__(self, pairs: Pairs, programmes: Programmes, publisher: Publisher) -> None:
        self._pairs = pairs
        self._programmes = programmes
        self._publisher = publisher

    async def expire(self, task: Task) -> None:
        """Closes a proposal that nobody has answered in time."""
        await self._decide(
            task, lambda pair, now: expire(pair, now) if pair.status == "proposed" else (pair, ())
        )

    async def resume(self, task: Task) -> None:
        """Has a pair go on whose pause is over."""
        await self._decide(task, resume_due)

    async def complete(self, task: Task) -> None:
        """Completes a pair that has lasted as long as its pack allows."""
        await self._decide(task, lambda pair, now: complete_due(pair, self._completion(pair), now))

    def _completion(self, pair: Pair) -> Outcome:
        pack = self._programmes.pack(pair.programme, pair.pack_version)
        return packs.outcome(PackOutcome() if pack is None else pack.pairing.completion)

    async def _decide(self, task: Task, decide: Callable[[Pair, datetime], Decision]) -> None:
        async def body(work: Work) -> None:
            found = await self._pairs.by_subject([task.row.subject], work.session)
            stored = found.get(task.row.subject)
            if stored is None:
                return
            pair, facts = decide(stored.pair, local_time(work.now, stored.pair.municipality))
            if facts:
                changed = self._publisher.publish(stored, pair, facts, task.row.cause, work)
                await self._pairs.save([changed], work.session)

        await task.finish(body)
