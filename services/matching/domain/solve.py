"""The best assignment of a pool: as many pairs as possible, and of those the most points.

A pool falls apart into components that share no candidate; each is solved alone, by scipy's dense
`linear_sum_assignment` on weights that are negated beforehand (its `maximize` would copy the matrix). A
cell's weight is base + score + bonus, and 0 where a hard rule forbids it; forbidden cells that fill up the
solution are dropped afterwards. A guide with k free slots is k columns. Which of several best assignments it
is, is decided afterwards (`ties`): by how many people each guide would then have, by how long they have
waited, and last by a hash.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import Bools, Indexes, Ints, Small, Words
from services.matching.domain.duals import Floats, Prices, dual_prices, rests
from services.matching.domain.exchange import EXACT_PAIRS, exact_losses
from services.matching.domain.rules import BLOCK, guides_in
from services.matching.domain.ties import EXACT_BITS, tied_cells, untied, weighed
from shared.values import value

Points = npt.NDArray[np.int64]

LEAST_BASE = 5000
"""What a pair is worth before its points; see `base_of` for when it must be more."""

NEARLY = 0.75
"""The least share of columns to rows at which columns are added; see `_nobody`."""

Solver = Callable[[Floats], tuple[Indexes, Indexes]]
"""Rows and columns of the cheapest assignment of a cost matrix."""


def prepare() -> Solver:
    """scipy's solver. Importing it takes a second, and a process that only hands rounds on goes without."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    return linear_sum_assignment


@value
class Market:
    """What is to be solved: n receiving parties by m guides.

    `score` (whole points) and `allowed` are (n, m), `bonus` (n,) in units, of which a point has `unit`,
    `slots` (m,) free places; `left_key` (n,) and `right_key` (m,) are hashes of the subjects, from which ties
    are broken. `open_pairs` and `waited` (m,) are how many people each guide has already, and their days of
    waiting: 0 where they are left out.
    """

    score: Small
    allowed: Bools
    bonus: Points
    slots: Ints
    left_key: Words
    right_key: Words
    unit: int = 1
    open_pairs: Ints | None = None
    waited: Ints | None = None


@value
class Slots:
    """The columns of a market: one for each free slot, of the guide at `guide`. Of two whose guides are worth
    the same the one with the higher `turn`, from 0, is taken first: whose guide then has fewer people, and of
    those whose guide has waited longer.
    """

    guide: Indexes
    turn: Points


@value
class Assignment:
    """Who gets whom: receiving party `rows[k]` and guide `guides[k]`, in the slot's column `columns[k]`.

    `base` is what a pair is worth before its points. `total` is the sum of scores and bonuses in units;
    `proven` that prices prove it optimal, ties included (but for pools of thousands who are all alike: see
    `ties.MOST_TIED`). `prices` are of the n receiving parties and of the
    slots' columns, in units, None if there are none.
    """

    rows: Indexes
    guides: Indexes
    columns: Indexes
    total: int
    proven: bool
    base: int
    prices: Prices | None


def components(allowed: Bools) -> Iterator[tuple[Indexes, Indexes]]:
    """Rows and columns that candidates connect, by their first row. Rows and columns without a candidate are
    in none.

    Of each the one with the fewest candidates comes first: scipy takes rows in turn, and fewer are moved
    again when who has little choice chooses first: a fifth of the time less, at 500 and at 1,000 a side.
    """
    of_rows = guides_in(allowed)
    of_guides = allowed.sum(axis=0, dtype=np.int32)
    rows_left, guides_left = of_rows > 0, of_guides > 0
    while rows_left.any():
        reached_rows = np.zeros_like(rows_left)
        reached_guides = np.zeros_like(guides_left)
        frontier = np.flatnonzero(rows_left)[:1]
        while len(frontier):
            reached_rows[frontier] = True
            rows_left[frontier] = False
            guides = np.flatnonzero(allowed[frontier].any(axis=0) & guides_left)
            reached_guides[guides] = True
            guides_left[guides] = False
            frontier = np.flatnonzero(allowed[:, guides].any(axis=1) & rows_left)
        yield _fewest_first(reached_rows, of_rows), _fewest_first(reached_guides, of_guides)


def _fewest_first(reached: Bools, count: Ints) -> Indexes:
    places = np.flatnonzero(reached)
    fewest: Indexes = places[np.argsort(count[places], kind="stable")]
    return fewest


def solve(market: Market) -> Assignment:
    """The optimal assignment of one component, or of a whole pool.

    Deterministic: the hashes leave one optimum, whatever the order of rows and columns and whichever solver.
    """
    slots, base = slots_of(market), base_of(market)
    cost, rows, chosen = cheapest(market, slots, base)
    prices, proven = dual_prices(cost, rows, chosen), False
    if prices is not None:
        tight = tied_cells(cost, prices)
        proven = tight.feasible
        if tight.cells is not None:
            keys = market.left_key, market.right_key[slots.guide]
            settled = untied(weighed(tight.cells, prices, slots.turn, keys))
            rows, chosen, proven = settled.rows, settled.columns, proven and settled.proven
        proven = proven and rests(cost, rows, chosen, prices)
    guides = slots.guide[chosen]
    points = market.score[rows, guides].astype(np.int64) * market.unit + market.bonus[rows]
    return Assignment(
        rows=rows,
        guides=guides,
        columns=chosen,
        total=int(points.sum()),
        proven=proven,
        base=base,
        prices=prices,
    )


def cheapest(market: Market, slots: Slots, base: int) -> tuple[Floats, Indexes, Indexes]:
    """Negated weights (n, slots), and the rows and columns of one of the best assignments."""
    whole = _costs(market, slots, base, nobody=_nobody(len(market.score), len(slots.guide)))
    rows, chosen = prepare()(whole)
    kept = whole[rows, chosen] < 0
    return whole[:, : len(slots.guide)], rows[kept], chosen[kept]


def slots_of(market: Market) -> Slots:
    """The columns: one for each free slot, and no guide has more of them than there are receiving parties.

    How many people a guide would have grows with each of their slots, so the fewest in sum are the most
    equal.
    """
    n, m = market.score.shape
    counts = np.minimum(market.slots, n)
    guide: Indexes = np.repeat(np.arange(m), counts)
    place = np.arange(len(guide)) - np.repeat(np.cumsum(counts) - counts, counts)
    had = place if market.open_pairs is None else place + market.open_pairs[guide]
    waited = np.zeros(m, dtype=np.int64) if market.waited is None else market.waited.astype(np.int64)
    longest = int(waited.max(initial=0))
    behind = had.astype(np.int64) * (longest + 1) + (longest - waited[guide])
    _, rank = np.unique(behind, return_inverse=True)
    return Slots(guide, rank.max(initial=0) - rank.astype(np.int64))


def base_of(market: Market) -> int:
    """What a pair is worth before its points, in points, so that pairs come first.

    One more pair moves at most k - 1 others, k being the most pairs possible, and those keep their bonus,
    since it is the receiving party's own: so it costs at most k - 1 times the best score. 5000 outweighs that
    up to 50 pairs of 100 points. Beyond, such a chain of losses is hardly imaginable, but the base is raised
    all the same, so that the number of pairs comes first for certain.

    Raises ValueError for points so large that weights would no longer be exact.
    """
    n = market.score.shape[0]
    most = max(1, min(n, int(np.minimum(market.slots, n).sum())))
    top = int(market.score.max(initial=0, where=market.allowed))
    base: int = max(LEAST_BASE, top * (most - 1) + 1)
    largest = int(base + top) * market.unit + int(market.bonus.max(initial=0))
    if largest.bit_length() > EXACT_BITS:
        raise ValueError(f"a weight of {largest} units is too large to be solved exactly")
    return base


def weights(market: Market, base: int, rows: Indexes | slice, slots: Slots) -> Floats:
    """Weights in units (rows, slots) as whole numbers; 0 where a hard rule forbids the pair."""
    # One column for each guide in their order, as in most pools: a view costs less than a copy.
    alone = len(slots.guide) == market.score.shape[1] and bool((market.slots >= 1).all())
    chosen: Indexes | slice = slice(None) if alone else slots.guide
    whole: Floats = market.score[rows][:, chosen].astype(np.float64)
    whole *= market.unit
    whole += market.bonus[rows, None] + base * market.unit
    whole *= market.allowed[rows][:, chosen]
    return whole


def losses(market: Market, found: Assignment) -> Callable[[int], Points] | None:
    """What the pool would lose, in whole points (m,), if a receiving party got each of the guides instead.

    Exact up to `EXACT_PAIRS` pairs, else a lower bound. A loss of the base or more stands for a whole pair.
    Only where `allowed`; None if the assignment has no prices.
    """
    if found.prices is None:
        return None
    prices, slots = found.prices, slots_of(market)
    exact = None
    if is_exact(found):
        exact = exact_losses(_costs(market, slots, found.base), found.rows, found.columns, prices)

    def of(row: int) -> Points:
        if exact is not None:
            lost = exact[row]
        else:
            own = weights(market, found.base, np.array([row]), slots)[0]
            lost = prices.rows[row] + prices.columns - own
        # Whoever is moved from one of a guide's columns may take another: they all cost the same.
        by_guide = np.zeros(len(market.slots), dtype=np.int64)
        by_guide[slots.guide] = lost
        return by_guide // market.unit

    return of


def is_exact(found: Assignment) -> bool:
    """Whether `losses` gives what is lost exactly, and not a lower bound."""
    return len(found.rows) <= EXACT_PAIRS


def _nobody(n: int, columns: int) -> int:
    """How many columns to add in which nobody is a guide.

    scipy takes the smaller side one by one. Those who wait differ by their bonuses, which no choice of a
    guide changes; guides all want those who have waited longest, and get into each other's way: 4 to 10 times
    slower. So where the sides are nearly equal, those who wait are made the smaller one. Beneath three
    quarters the added columns cost more than that saves (both measured at 300 to 3,000 a side).
    """
    return n - columns if NEARLY * n <= columns < n else 0


def _costs(market: Market, slots: Slots, base: int, nobody: int = 0) -> Floats:
    n, columns = market.score.shape[0], len(slots.guide)
    cost = np.zeros((n, columns + nobody))
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        np.negative(weights(market, base, block, slots), out=cost[block, :columns])
    return cost
