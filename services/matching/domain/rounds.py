"""One round of one pool: everybody who waits, the best proposals, and why not the others."""

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from services.matching.domain.columns import Indexes, PoolColumns, columns_of
from services.matching.domain.errors import DomainError
from services.matching.domain.explain import Solved, guides_left, no_candidate, outbid, receipts
from services.matching.domain.party import Giving, Pool, Receiving
from services.matching.domain.proposal import Proposal, Receipt, Unmatched, WhatIf
from services.matching.domain.rules import Compatibility, compatibility, vetoes
from services.matching.domain.score import score_matrix, waiting_bonus
from services.matching.domain.solve import Market, components, losses, solve, worth_of_one_more


@dataclass(frozen=True, slots=True)
class RoundResult:
    """What a round found; everything is sorted by subject, proposals by their receiving party.

    `receiving` and `giving` are how many waited: of guides, those with a free slot. `worth_of_one_more` says
    of guides what one more of their kind would add to the pool in points, a pair counting 5000 or more beside
    its own; those who would add nothing are left out: it is where to recruit. `total` is the sum of
    the proposals' scores and waiting bonuses; `optimum_proven` that dual prices prove no assignment better.
    `duration_ms` is the whole round's time in milliseconds.
    """

    round_id: str
    programme: str
    pack_version: str
    proposals: tuple[Proposal, ...]
    unmatched_receiving: tuple[Unmatched, ...]
    unmatched_giving: tuple[Unmatched, ...]
    receiving: int
    giving: int
    worth_of_one_more: Mapping[str, int]
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
    worth: dict[str, int] = {}
    total, proven = 0, True
    for rows, guides in components(compatible.allowed):
        market = _market(columns, compatible, rows, guides)
        found = solve(market)
        solved = Solved(rows, guides, market, found, losses(market, found) if found.prices else None)
        total += found.total
        proven = proven and found.proven
        chosen = guides[found.guides]
        matched[chosen] = True
        made = receipts(columns, compatible, solved, round_id)
        pairs += zip(rows[found.rows].tolist(), chosen.tolist(), made, strict=True)
        unmatched += outbid(columns, compatible, solved)
        more = worth_of_one_more(market, found)
        worth |= {columns.giving[int(guides[at])].subject: int(more[at]) for at in np.flatnonzero(more)}
    left = guides_left(columns, compatible, matched)
    return RoundResult(
        round_id=round_id,
        programme=pool.rules.name,
        pack_version=pool.rules.version,
        proposals=_proposals(columns, pairs),
        unmatched_receiving=tuple(sorted(unmatched, key=lambda one: one.subject)),
        unmatched_giving=tuple(left),
        receiving=len(columns.receiving),
        giving=int(np.count_nonzero(columns.right.free)),
        worth_of_one_more=worth,
        total=total,
        optimum_proven=proven,
        duration_ms=round((timer() - began) * 1000),
    )


def what_if(pool: Pool, receiving: str, giving: str) -> WhatIf:
    """What giving this receiving party this guide would cost: exact, by solving the pool with and without.

    Raises DomainError `not_waiting` for a subject that is not in the pool.
    """
    columns = columns_of(pool)
    row = _place(receiving, columns.receiving, "receiving")
    guide = _place(giving, columns.giving, "giving")
    compatible = compatibility(columns)
    if not compatible.allowed[row, guide]:
        matrices = vetoes(columns, np.array([row]), np.array([guide]))
        return WhatIf(vetoes=tuple(code for code, matrix in matrices.items() if matrix[0, 0]))
    rows, guides = next(both for both in components(compatible.allowed) if row in both[0])
    market = _market(columns, compatible, rows, guides)
    own_row, own_guide = int(np.searchsorted(rows, row)), int(np.searchsorted(guides, guide))
    others = market.allowed.copy()
    others[own_row] = False
    slots = market.slots.copy()
    slots[own_guide] -= 1
    others[:, slots == 0] = False
    best, rest = solve(market), solve(replace(market, allowed=others, slots=slots))
    score = int(market.score[own_row, own_guide])
    return WhatIf(
        score=score,
        pairs_lost=len(best.rows) - len(rest.rows) - 1,
        points_lost=best.total - rest.total - score - int(market.bonus[own_row]),
    )


def _market(columns: PoolColumns, compatible: Compatibility, rows: Indexes, guides: Indexes) -> Market:
    rules, today = columns.pool.rules, columns.pool.today
    bonus = [waiting_bonus(rules, columns.receiving[row].ready_since, today) for row in rows.tolist()]
    return Market(
        score=score_matrix(columns, rows, guides),
        allowed=compatible.allowed[np.ix_(rows, guides)],
        bonus=np.array(bonus, dtype=np.int64),
        slots=columns.right.free[guides],
        left_key=columns.left.key[rows],
        right_key=columns.right.key[guides],
    )


def _place(subject: str, people: Sequence[Receiving | Giving], field: str) -> int:
    place = next((index for index, party in enumerate(people) if party.subject == subject), None)
    if place is None:
        raise DomainError("not_waiting", f"{subject} is not in this pool", field)
    return place


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
