"""Commands on a pool: a round, and the question who waits."""

from services.matching.commands.spec import OnPool
from services.matching.rounds import LIST_WAITING as LIST_WAITING_KIND
from services.matching.rounds import RUN_ROUND as RUN_ROUND_KIND
from shared.contracts.matching.commands import ListWaiting, RunRound
from shared.contracts.matching.events import PAIR_PROPOSED, ROUND_COMPLETED

RUN_ROUND = OnPool(
    model=RunRound,
    role="coordinator",
    subject="pool",
    decide=RUN_ROUND_KIND,
    events=(PAIR_PROPOSED, ROUND_COMPLETED),
)
LIST_WAITING = OnPool(model=ListWaiting, role="coordinator", subject="pool", decide=LIST_WAITING_KIND)
