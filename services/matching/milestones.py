"""Milestones come due by themselves: published, and told to whoever looks after the pair, once each."""

from datetime import date

from services.matching.domain.evaluation import milestone_due, missing_at
from services.matching.domain.pair import Milestone, Pair
from services.matching.publish import Publisher
from services.matching.store import Pairs
from shared.clock import local_time
from shared.contracts.notices import Notice
from shared.messaging.due import Task
from shared.messaging.tables import Operators
from shared.messaging.work import Work
from shared.notices import tell


class Milestones:
    """The due row's handler: what has come due is in the pair's state, so that nothing is told twice."""

    def __init__(self, pairs: Pairs, operators: Operators, publisher: Publisher) -> None:
        self._pairs = pairs
        self._publisher = publisher
        self._operators = operators

    async def come_due(self, task: Task) -> None:
        """Has a pair's next milestone come due, or be overdue; the row is scheduled for the one after."""

        async def body(work: Work) -> None:
            found = await self._pairs.by_subject([task.row.subject], work.session)
            stored = found.get(task.row.subject)
            if stored is None:
                return
            now = local_time(work.now, stored.pair.municipality)
            pair, facts, milestone = milestone_due(stored.pair, now)
            if milestone is None:
                return
            changed = self._publisher.publish(stored, pair, facts, task.row.cause, work)
            await self._pairs.save([changed], work.session)
            notice = _notice(pair, milestone, now.date())
            tell(notice, pair.subject, [pair.coordinator], self._operators, task.row.cause, work)

        await task.finish(body)


def _notice(pair: Pair, milestone: Milestone, today: date) -> Notice:
    """The milestone's name stands first in `details`, then whose evaluations are missing."""
    return Notice(
        code="milestone_due" if milestone.status == "due" else "milestone_overdue",
        municipality=pair.municipality,
        programme=pair.programme,
        about=[pair.receiving, pair.giving],
        on=today,
        due_on=milestone.due_on,
        details=[milestone.name, *missing_at(pair, milestone)],
    )
