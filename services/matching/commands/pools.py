"""Commands on a pool: a round, and the question who waits."""

from services.matching.deciding import OnPool
from services.matching.rounds import LIST_WAITING as LIST_WAITING_KIND
from services.matching.rounds import RUN_ROUND as RUN_ROUND_KIND
from shared.contracts.matching.commands import ListWaiting, RunRound
from shared.contracts.matching.events import PAIR_PROPOSED, ROUND_COMPLETED
from shared.messaging.commands.registry import CommandSpec

RUN_ROUND = CommandSpec(
    RunRound,
    role="coordinator",
    subject="pool",
    decide=OnPool(RUN_ROUND_KIND),
    events=(PAIR_PROPOSED, ROUND_COMPLETED),
)
LIST_WAITING = CommandSpec(ListWaiting, role="coordinator", subject="pool", decide=OnPool(LIST_WAITING_KIND))
