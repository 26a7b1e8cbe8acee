"""What the pool loses if one receiving party gets one particular guide: exactly, for every couple at once.

Moving a party displaces whoever held that guide, who displaces another, and so on: a path over the chosen
pairs, with one more node for being left over. A step costs what the two prices exceed the weight by, which is
never negative; a couple costs its own excess and the shortest path that closes the gap it tears.
"""

import numpy as np

from services.matching.domain.columns import Indexes
from services.matching.domain.duals import Floats, Prices

EXACT_PAIRS = 400
"""Most pairs for which all paths are computed: a cube of steps, a tenth of a second at 400. Pools of today's
programmes have 25 to 350 a side; beyond, the prices' own excess is a lower bound."""


def exact_losses(cost: Floats, rows: Indexes, columns: Indexes, prices: Prices) -> Floats:
    """For each cell (n, m) of the negated weights `cost`, how much less the best solution with it is worth.

    Zero for the chosen cells (rows[k], columns[k]). `prices` must be what `dual_prices` found for them.
    """
    excess = prices.rows[:, None] + prices.columns + cost
    pairs = len(rows)
    alone = np.setdiff1d(np.arange(cost.shape[0]), rows)
    spare = np.setdiff1d(np.arange(cost.shape[1]), columns)
    steps = np.zeros((pairs + 1, pairs + 1))
    steps[:pairs, :pairs] = excess[np.ix_(rows, columns)]
    to_spare = excess[np.ix_(rows, spare)].min(axis=1, initial=np.inf)
    from_alone = excess[np.ix_(alone, columns)].min(axis=0, initial=np.inf)
    steps[:pairs, pairs] = np.minimum(prices.rows[rows], to_spare)
    steps[pairs, :pairs] = np.minimum(prices.columns[columns], from_alone)
    for through in range(pairs + 1):
        np.minimum(steps, steps[:, through, None] + steps[through], out=steps)
    holder = np.full(cost.shape[1], pairs)
    holder[columns] = np.arange(pairs)
    held = np.full(cost.shape[0], pairs)
    held[rows] = np.arange(pairs)
    losses: Floats = excess + steps[holder[None, :], held[:, None]]
    return losses
