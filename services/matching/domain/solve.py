"""The best assignment of a pool: as many pairs as possible, and of those the most points.

A pool falls apart into components that share no candidate; each is solved alone, by scipy's dense
`linear_sum_assignment` on weights that are negated beforehand (its `maximize` would copy the matrix). A
cell's weight is base + score + waiting bonus, and 0 where a hard rule forbids it; forbidden cells that fill
up the solution are dropped afterwards. A guide with k free slots is k columns.
"""

from collections.abc import Callable, Iterator

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import Bools, Indexes, Ints, Words
from services.matching.domain.duals import Floats, Prices, dual_prices, proves_optimum
from services.matching.domain.exchange import EXACT_PAIRS, exact_losses
from services.matching.domain.rules import BLOCK
from shared.values import value

Points = npt.NDArray[np.int64]

LEAST_BASE = 5000
"""What a pair is worth before its points; see `scale_of` for when it must be more."""

EXACT_BITS = 51
"""Weights stay below 2**51. Floats are whole numbers exactly up to 2**53, and the solver adds up to four
terms no larger than the largest weight: a cell, two prices, the length of a path."""

_MOST_TIE_BITS = 32

Solver = Callable[[Floats], tuple[Indexes, Indexes]]
"""Rows and columns of the cheapest assignment of a cost matrix."""


def prepare() -> Solver:
    """scipy's solver. Importing it takes a second, and a process that only hands rounds on goes without."""
    from scipy.optimize import linear_sum_assignment  # noqa: PLC0415

    return linear_sum_assignment


@value
class Market:
    """What is to be solved: n receiving parties by m guides.

    `score` and `allowed` are (n, m), `bonus` (n,) whole points for waiting, `slots` (m,) free places;
    `left_key` (n,) and `right_key` (m,) are hashes of the subjects, from which ties are broken.
    """

    score: Ints
    allowed: Bools
    bonus: Points
    slots: Ints
    left_key: Words
    right_key: Words


@value
class Scale:
    """Weights are (base + points) * 2**shift + a hash of `tie_bits` bits."""

    base: int
    tie_bits: int
    shift: int


@value
class Assignment:
    """Who gets whom: receiving party `rows[k]` and guide `guides[k]`, in the slot's column `columns[k]`.

    `total` is the sum of scores and bonuses; `proven` that prices prove it optimal, ties included. `prices`
    are of the n receiving parties and of the slots' columns, None if there are none.
    """

    rows: Indexes
    guides: Indexes
    columns: Indexes
    total: int
    proven: bool
    scale: Scale
    prices: Prices | None


def components(allowed: Bools) -> Iterator[tuple[Indexes, Indexes]]:
    """Rows and columns that candidates connect, each ascending, by their first row.

    Rows and columns without a candidate are in none.
    """
    rows_left = np.asarray(allowed.any(axis=1))
    guides_left = np.asarray(allowed.any(axis=0))
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
        yield np.flatnonzero(reached_rows), np.flatnonzero(reached_guides)


def solve(market: Market) -> Assignment:
    """The optimal assignment of one component, or of a whole pool.

    Deterministic: the hashes leave one optimum, whatever the order of rows and columns and whichever solver.
    """
    scale = scale_of(market)
    columns = _slot_columns(market)
    cost = _costs(market, columns, scale)
    rows, chosen = prepare()(cost)
    kept = market.allowed[rows, columns[chosen]]
    rows, chosen = rows[kept], chosen[kept]
    prices = dual_prices(cost, rows, chosen)
    proven = prices is not None and proves_optimum(cost, rows, chosen, prices)
    guides = columns[chosen]
    points = market.score[rows, guides] + market.bonus[rows]
    return Assignment(
        rows=rows,
        guides=guides,
        columns=chosen,
        total=int(points.sum()),
        proven=proven,
        scale=scale,
        prices=prices,
    )


def scale_of(market: Market) -> Scale:
    """How weights are built so that pairs come before points, and points before ties.

    One more pair moves at most k - 1 others, k being the most pairs possible, and those keep their waiting
    bonus, since it is the receiving party's own: so it costs at most k - 1 times the best score. 5000
    outweighs that up to 50 pairs of 100 points. Beyond, such a chain of losses is hardly imaginable, but
    the base is raised all the same, so that the number of pairs comes first for certain.

    Hashes are added below the points, in so many bits less than the shift that k + 1 of them can't make
    half a point: differences of sums, rounded, are exact in points. Raises ValueError for points so large
    that no bit is left for hashes.
    """
    n = market.score.shape[0]
    most = max(1, min(n, int(np.minimum(market.slots, n).sum())))
    top = int(market.score.max(initial=0, where=market.allowed))
    base = max(LEAST_BASE, top * (most - 1) + 1)
    sum_bits = most.bit_length() + 1
    largest = base + top + int(market.bonus.max(initial=0))
    tie_bits = min(_MOST_TIE_BITS, EXACT_BITS - largest.bit_length() - sum_bits)
    if tie_bits < 1:
        raise ValueError(f"a weight of {largest} points is too large for {most} pairs to be solved exactly")
    return Scale(base=base, tie_bits=tie_bits, shift=tie_bits + sum_bits)


def weights(market: Market, scale: Scale, rows: Indexes | slice, guides: Indexes | slice) -> Floats:
    """Scaled weights (rows, guides) as whole numbers; 0 where a hard rule forbids the pair."""
    points = market.score[rows][:, guides] + (market.bonus[rows, None] + scale.base)
    tie = _mixed(market.left_key[rows, None] ^ market.right_key[None, guides]) >> np.uint64(
        64 - scale.tie_bits
    )
    whole = (points << scale.shift) + tie.astype(np.int64)
    return np.where(market.allowed[rows][:, guides], whole, 0).astype(np.float64)


def losses(market: Market, found: Assignment) -> Callable[[int], Points] | None:
    """What the pool would lose, in points (m,), if a receiving party got each of the guides instead.

    Exact up to `EXACT_PAIRS` pairs, else a lower bound. A loss of the base or more stands for a whole pair.
    Only where `allowed`; None if the assignment has no prices.
    """
    if found.prices is None:
        return None
    prices, columns = found.prices, _slot_columns(market)
    exact = None
    if is_exact(found):
        exact = exact_losses(_costs(market, columns, found.scale), found.rows, found.columns, prices)

    def of(row: int) -> Points:
        if exact is not None:
            lost = exact[row]
        else:
            lost = (
                prices.rows[row] + prices.columns - weights(market, found.scale, np.array([row]), columns)[0]
            )
        # Whoever is moved from one of a guide's columns may take another: they all cost the same.
        by_guide = np.zeros(len(market.slots))
        by_guide[columns] = lost
        return _points(by_guide, found.scale)

    return of


def is_exact(found: Assignment) -> bool:
    """Whether `losses` gives what is lost exactly, and not a lower bound."""
    return len(found.rows) <= EXACT_PAIRS


def _slot_columns(market: Market) -> Indexes:
    """The guide of each column: one column for each slot, and no more than there are receiving parties."""
    return np.repeat(np.arange(len(market.slots)), np.minimum(market.slots, len(market.score)))


def _points(scaled: Floats, scale: Scale) -> Points:
    points: Points = np.rint(scaled / 2.0**scale.shift).astype(np.int64)
    return points


def _costs(market: Market, columns: Indexes, scale: Scale) -> Floats:
    n = market.score.shape[0]
    cost = np.empty((n, len(columns)))
    single = len(columns) == len(market.slots) and bool((market.slots >= 1).all())
    guides: Indexes | slice = slice(None) if single else columns
    for start in range(0, n, BLOCK):
        block = slice(start, start + BLOCK)
        np.negative(weights(market, scale, block, guides), out=cost[block])
    return cost


def _mixed(bits: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit changes half of the output."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
