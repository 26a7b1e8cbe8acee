"""One round of one pool: everybody who waits, the best proposals, and why not the others."""

import time
from collections import defaultdict
from collections.abc import Callable

import numpy as np

from services.matching.domain.columns import Indexes, PoolColumns, columns_of
from services.matching.domain.explain import Solved, guides_left, no_candidate, outbid, receipts
from services.matching.domain.party import Pool
from services.matching.domain.priority import Priorities, priorities
from services.matching.domain.proposal import Proposal, Receipt, Unmatched
from services.matching.domain.recruitment import Need, needs
from services.matching.domain.rules import Compatibility, compatibility
from services.matching.domain.score import score_matrix
from services.matching.domain.solve import Market, components, losses, solve
from shared.values import value


@value
class RoundResult:
    """What a round found; everything is sorted by subject, proposals by their receiving party.

    `needs` is which guides are lacking. `receiving` and `giving` are how many waited: of guides, those with a
    free slot. `total` is the sum of what the proposals' receipts show: scores and bonuses, in whole points;
    `optimum_proven` that dual prices prove no assignment better. `duration_ms` is the whole round's time in
    milliseconds.
    """

    round_id: str
    programme: str
    pack_version: str
    proposals: tuple[Proposal, ...]
    unmatched_receiving: tuple[Unmatched, ...]
    unmatched_giving: tuple[Unmatched, ...]
    needs: tuple[Need, ...]
    receiving: int
    giving: int
    total: int
    optimum_proven: bool
    duration_ms: int


def run_round(pool: Pool, round_id: str, timer: Callable[[], float] = time.perf_counter) -> RoundResult:
    """Solves the pool. Pure but for `timer` (seconds), and picklable, so that a worker process can run it.

    Raises ValueError for waiting bonuses so large that weights would no longer be exact.
    """
    began = timer()
    columns = columns_of(pool)
    compatible = compatibility(columns)
    matched = np.zeros(len(columns.giving), dtype=np.bool_)
    pairs: list[tuple[int, int, Receipt]] = []
    unmatched = no_candidate(columns, compatible)
    first = priorities(columns)
    parts: list[Solved] = []
    for rows, guides in components(compatible.allowed):
        market = market_of(columns, compatible, first, rows, guides)
        found = solve(market)
        solved = Solved(rows, guides, market, found, losses(market, found), first)
        parts.append(solved)
        chosen = guides[found.guides]
        matched[chosen] = True
        made = receipts(columns, compatible, solved, round_id)
        pairs += zip(rows[found.rows].tolist(), chosen.tolist(), made, strict=True)
        unmatched += outbid(columns, compatible, solved)
    left = guides_left(columns, compatible, matched)
    return RoundResult(
        round_id=round_id,
        programme=pool.rules.name,
        pack_version=pool.rules.version,
        proposals=_proposals(columns, pairs),
        unmatched_receiving=tuple(sorted(unmatched, key=lambda somebody: somebody.subject)),
        unmatched_giving=tuple(left),
        needs=needs(columns, compatible, parts),
        receiving=len(columns.receiving),
        giving=int(np.count_nonzero(columns.right.free)),
        total=sum(receipt.total for _, _, receipt in pairs),
        optimum_proven=all(part.found.proven for part in parts),
        duration_ms=round((timer() - began) * 1000),
    )


def market_of(
    columns: PoolColumns, compatible: Compatibility, first: Priorities, rows: Indexes, guides: Indexes
) -> Market:
    """These receiving parties and guides as they are solved."""
    pool, people = columns.pool, [columns.giving[guide] for guide in guides.tolist()]
    open_pairs = [len(pool.taken.get(guide.subject, ())) for guide in people]
    waited = [
        0 if guide.ready_since is None else max(0, (pool.today - guide.ready_since).days) for guide in people
    ]
    return Market(
        score=score_matrix(columns, rows, guides),
        allowed=compatible.allowed.take(rows, axis=0).take(guides, axis=1),
        bonus=first.exact[rows],
        slots=columns.right.free[guides],
        left_key=columns.left.key[rows],
        right_key=columns.right.key[guides],
        unit=first.unit,
        open_pairs=np.array(open_pairs, dtype=np.int32),
        waited=np.array(waited, dtype=np.int32),
    )


def _proposals(columns: PoolColumns, pairs: list[tuple[int, int, Receipt]]) -> tuple[Proposal, ...]:
    """Gives each guide's free slots, lowest first, to their receiving parties in the order of subjects."""
    used: defaultdict[int, int] = defaultdict(int)
    made = []
    for row, guide, receipt in sorted(pairs, key=lambda pair: pair[:2]):
        receiving = columns.receiving[row]
        slot = columns.slots[guide][used[guide]]
        used[guide] += 1
        giving = columns.giving[guide]
        made.append(Proposal(receiving.subject, giving.subject, receiving.municipality, slot, receipt))
    return tuple(made)
