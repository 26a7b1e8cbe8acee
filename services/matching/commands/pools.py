"""Commands on a pool: a round, and the questions who waits, is proposed or paired, and what is due."""

from services.matching.commands.spec import DueOfPairs, OfPairs, OnPool
from services.matching.rounds import EXPLAIN_WAITING as EXPLAIN_WAITING_KIND
from services.matching.rounds import LIST_WAITING as LIST_WAITING_KIND
from services.matching.rounds import RUN_ROUND as RUN_ROUND_KIND
from services.matching.store import Page
from shared.contracts.matching.commands.pools import (
    ExplainWaiting,
    ListDuePairs,
    ListPairs,
    ListProposals,
    ListWaiting,
    RunRound,
)
from shared.contracts.matching.events import PAIR_PROPOSED, RECRUITMENT_NEEDED, ROUND_COMPLETED

RUN_ROUND = OnPool(
    model=RunRound,
    role="coordinator",
    subject="pool",
    decide=RUN_ROUND_KIND,
    events=(PAIR_PROPOSED, ROUND_COMPLETED, RECRUITMENT_NEEDED),
)
LIST_WAITING = OnPool(model=ListWaiting, role="coordinator", subject="pool", decide=LIST_WAITING_KIND)
EXPLAIN_WAITING = OnPool(
    model=ExplainWaiting, role="coordinator", subject="pool", decide=EXPLAIN_WAITING_KIND
)


def proposals(command: ListProposals) -> Page:
    """Those that wait for an answer or a signature."""
    return Page(("proposed", "accepted"), command.after, command.limit, command.coordinator)


def pairs(command: ListPairs) -> Page:
    """Those of the statuses asked for."""
    return Page(tuple(command.status), command.after, command.limit, command.coordinator)


def due(command: ListDuePairs) -> Page:
    """Those that are open."""
    return Page(
        ("proposed", "accepted", "active", "paused"), command.after, command.limit, command.coordinator
    )


LIST_PROPOSALS = OfPairs(model=ListProposals, role="coordinator", subject="pool", decide=proposals)
LIST_PAIRS = OfPairs(model=ListPairs, role="coordinator", subject="pool", decide=pairs)
LIST_DUE_PAIRS = DueOfPairs(model=ListDuePairs, role="coordinator", subject="pool", decide=due)
