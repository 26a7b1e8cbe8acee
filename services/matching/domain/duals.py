"""Dual prices of an assignment: what proves that it is the best one, and what explains it.

A matching is optimal exactly when there are prices u of receiving parties and v of guides, none negative,
with u + v ≥ weight on every cell, equality on every chosen cell, and zero for whoever is left over (linear
programming duality; complementary slackness). scipy's solver returns none, so they are found here from its
solution as longest paths over the residual graph, and then checked on all cells.
"""

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import Indexes
from shared.values import value

Floats = npt.NDArray[np.float64]

BLOCK = 16
"""Rows taken at a time, so that what is worked out of them stays in the processor's cache."""


@value
class Prices:
    """`rows` (n,) and `columns` (m,) in units of the weights. The columns' prices are the lowest there are:
    each is exactly what one more guide of that kind would add to the pool.
    """

    rows: Floats
    columns: Floats


def dual_prices(cost: Floats, rows: Indexes, columns: Indexes) -> Prices | None:
    """The lowest prices that the chosen cells (rows[k], columns[k]) leave possible; None if there are none.

    `cost` (n, m) holds negated weights, whole numbers below 2**51 and 0 where nothing is gained, so that all
    sums are exact. Prices start at zero and are raised wherever a row would gain more elsewhere than its
    column leaves it, until nobody would. A choice that can be improved has a cycle or a path on which they
    would rise for ever: noticed when a price leaves nothing to its row, or touches a column left over.
    """
    n, m = cost.shape
    gain = -cost[rows, columns]
    row_of = np.full(m, -1, dtype=np.int64)
    row_of[columns] = rows
    left_to = np.zeros(n)
    left_to[rows] = gain
    prices = np.zeros(m)
    active: Indexes = np.arange(n)
    # A longest path without a cycle passes each chosen cell once.
    for _ in range(len(rows) + 2):
        asked = _best_elsewhere(cost, left_to, active)
        raised = np.flatnonzero(asked > prices)
        if not len(raised):
            return Prices(left_to, prices)
        prices[raised] = asked[raised]
        active = row_of[raised]
        if (active < 0).any():
            return None
        left_to[active] = -cost[active, raised] - prices[raised]
        if (left_to[active] < 0).any():
            return None
    return None


def proves_optimum(cost: Floats, rows: Indexes, columns: Indexes, prices: Prices) -> bool:
    """Whether these prices prove these chosen cells optimal: feasible everywhere, tight where it must be.

    Takes nothing on trust of how the prices were found.
    """
    return rests(cost, rows, columns, prices) and _feasible(cost, prices)


def rests(cost: Floats, rows: Indexes, columns: Indexes, prices: Prices) -> bool:
    """Whether prices are tight on the chosen cells and nothing for who is left over: what is left to prove of
    an assignment once prices are known to be feasible.
    """
    u, v = prices.rows, prices.columns
    alone = np.ones(cost.shape[0], dtype=np.bool_)
    alone[rows] = False
    spare = np.ones(cost.shape[1], dtype=np.bool_)
    spare[columns] = False
    once = len(set(rows.tolist())) == len(set(columns.tolist())) == len(rows)
    slack = bool((u[rows] + v[columns] == -cost[rows, columns]).all())
    at_rest = not u[alone].any() and not v[spare].any()
    return once and slack and at_rest


def _best_elsewhere(cost: Floats, left_to: Floats, active: Indexes) -> Floats:
    """For each column, the most that an active row would pay for it: weight - what the row is left now."""
    best = np.full(cost.shape[1], np.inf)
    for start in range(0, len(active), BLOCK):
        block: Indexes | slice = active[start : start + BLOCK]
        if len(active) == len(cost):
            block = slice(start, start + BLOCK)
        np.minimum(best, (cost[block] + left_to[block, None]).min(axis=0), out=best)
    return -best


def _feasible(cost: Floats, prices: Prices) -> bool:
    if (prices.rows < 0).any() or (prices.columns < 0).any():
        return False
    return all(
        excess(cost, prices, slice(start, start + BLOCK)).min(initial=0) >= 0
        for start in range(0, cost.shape[0], BLOCK)
    )


def excess(cost: Floats, prices: Prices, block: slice) -> Floats:
    """What two prices exceed the weight by, of a block of rows."""
    over: Floats = cost[block] + prices.columns
    over += prices.rows[block, None]
    return over
