"""What matching does when its time has come: work on pools that was asked for, proposals left unanswered."""

from collections.abc import Mapping
from dataclasses import replace

from services.matching.commands.spec import OnPool
from services.matching.domain.pair import expire
from services.matching.publish import publish
from services.matching.rounds import LIST_WAITING, RUN_ROUND, Rounds
from services.matching.rows import EXPIRE
from services.matching.service import SPECS
from services.matching.store import Pairs
from shared.clock import local_time
from shared.messaging.due import DueHandler, Task
from shared.messaging.work import Work


def due_handlers(rounds: Rounds, pairs: Pairs) -> Mapping[str, DueHandler]:
    """What runs for each kind of due row; raises LookupError where a command is put off to no such kind."""
    handlers = {
        RUN_ROUND: rounds.run_round,
        LIST_WAITING: rounds.list_waiting,
        EXPIRE: Expiry(pairs).close,
    }
    unknown = {spec.decide for spec in SPECS if isinstance(spec, OnPool)} - handlers.keys()
    if unknown:
        raise LookupError(f"nothing handles due rows of {', '.join(sorted(unknown))}")
    return handlers


class Expiry:
    """Closes proposals that nobody has answered in time."""

    def __init__(self, pairs: Pairs) -> None:
        self._pairs = pairs

    async def close(self, task: Task) -> None:
        """Closes the due row's proposal; nothing where it was answered meanwhile."""

        async def body(work: Work) -> None:
            found = await self._pairs.by_subject([task.row.subject], work.session)
            stored = found.get(task.row.subject)
            if stored is None or stored.pair.status != "proposed":
                return
            pair, facts = expire(stored.pair, local_time(work.now, stored.pair.municipality))
            changed = publish(replace(stored, pair=pair), facts, task.row.cause, work)
            await self._pairs.save([changed], work.session)

        await task.finish(body)
