"""Which of all the best assignments: whose turn it is, and last a hash, so that one is left.

An assignment is as good as another exactly when it takes cells alone on which the two prices make up the
weight, and leaves nobody over who has a price (complementary slackness). These tied cells are few. On them a
second assignment is solved and proven, by a sparse solver: who has a price first, then turns, then hashes.
"""

import numpy as np
import numpy.typing as npt

from services.matching.domain.columns import Bools, Indexes, Words
from services.matching.domain.duals import BLOCK, Floats, Prices, excess
from shared.values import value

Whole = npt.NDArray[np.int64]

EXACT_BITS = 51
"""Weights stay below 2**51. Floats are whole numbers exactly up to 2**53, and solvers add up to four terms no
larger than the largest weight: a cell, two prices, the length of a path."""
MOST_TIED = 10_000_000
"""Tied cells up to which a second assignment is solved: a pool of 3,000 a side who are all alike."""
_MOST_HASH_BITS = 32


@value
class Tight:
    """Rows and columns of the cells that an optimal assignment may take, None where there are too many; and
    whether the prices cover every cell.
    """

    cells: tuple[Indexes, Indexes] | None
    feasible: bool


@value
class Tied:
    """The tied cells, (cells,): row, column and weight, sorted by row and column, of n rows and m columns."""

    n: int
    m: int
    row: Indexes
    column: Indexes
    weight: Whole


@value
class Chosen:
    """Chosen cells by row and column, and whether prices prove that no others have the better turns."""

    rows: Indexes
    columns: Indexes
    proven: bool


def tied_cells(cost: Floats, prices: Prices) -> Tight:
    """The tied cells of negated weights `cost` (n, m), 0 where nothing is gained, and whether prices hold."""
    nothing = np.zeros(0, dtype=np.int64)
    rows, columns, count = [nothing], [nothing], 0
    feasible = bool((prices.rows >= 0).all() and (prices.columns >= 0).all())
    for start in range(0, cost.shape[0], BLOCK):
        block = slice(start, start + BLOCK)
        over = excess(cost, prices, block)
        feasible = feasible and bool(over.min(initial=0) >= 0)
        row, column = np.nonzero((over == 0) & (cost[block] < 0))
        count += len(row)
        if count <= MOST_TIED:
            rows.append(row + start)
            columns.append(column)
    cells = (np.concatenate(rows), np.concatenate(columns)) if count <= MOST_TIED else None
    return Tight(cells, feasible)


def weighed(cells: tuple[Indexes, Indexes], prices: Prices, turn: Whole, keys: tuple[Words, Words]) -> Tied:
    """Tied cells with their weights: a unit for either side that has a price, beneath it the column's `turn`
    (m,), beneath that a hash of both sides' `keys`, (n,) and (m,).

    Turns and hashes have so many bits less than the unit that all of them can't make one; a turn outweighs
    the hash of a cell, so of equal guides none takes anybody from one whose turn comes first.
    """
    row, column = cells
    n, m = len(prices.rows), len(prices.columns)
    sum_bits = max(1, min(n, m)).bit_length() + 1
    turn_bits = int(turn.max(initial=0)).bit_length()
    hash_bits = min(_MOST_HASH_BITS, EXACT_BITS - 2 - sum_bits - turn_bits)
    unit = np.int64(1) << (turn_bits + hash_bits + sum_bits)
    priced = (prices.rows[row] > 0).astype(np.int64) + (prices.columns[column] > 0)
    left, right = keys
    tie = (_mixed(left[row] ^ right[column]) >> np.uint64(64 - hash_bits)).astype(np.int64)
    return Tied(n, m, row, column, priced * unit + (turn[column] << hash_bits) + tie)


def untied(tied: Tied) -> Chosen:
    """The assignment on the tied cells with the most weight, by scipy's sparse solver.

    It matches every row, so that each has a column of its own besides, on which it is left over.
    """
    from scipy.sparse import csr_array  # noqa: PLC0415 - as solve.prepare
    from scipy.sparse.csgraph import min_weight_full_bipartite_matching  # noqa: PLC0415

    own = np.unique(tied.row)
    # Costs are positive: a cell of a sparse matrix that holds 0 is none.
    most = int(tied.weight.max(initial=0)) + 1
    place = np.searchsorted(own, tied.row)
    cost = np.concatenate([most - tied.weight, np.full(len(own), most)]).astype(np.float64)
    ends = (
        np.concatenate([place, np.arange(len(own))]),
        np.concatenate([tied.column, tied.m + np.arange(len(own))]),
    )
    if not len(own):
        return Chosen(own, own, proven=True)
    matrix = csr_array((cost, ends), shape=(len(own), tied.m + len(own)))
    rows, columns = min_weight_full_bipartite_matching(matrix)
    real = columns < tied.m
    chosen_rows: Indexes = own[rows[real]].astype(np.int64)
    chosen: Indexes = columns[real].astype(np.int64)
    return Chosen(chosen_rows, chosen, _proven(tied, chosen_rows, chosen))


def _proven(tied: Tied, rows: Indexes, columns: Indexes) -> bool:
    """Whether there are prices that prove the chosen cells the best: found as `dual_prices` does; checked."""
    cell = np.searchsorted(tied.row * tied.m + tied.column, rows * tied.m + columns)
    weight = tied.weight[cell]
    held = np.full(tied.m, -1, dtype=np.int64)
    held[columns] = np.arange(len(rows))
    left = np.zeros(tied.n, dtype=np.int64)
    left[rows] = weight
    price = np.zeros(tied.m, dtype=np.int64)
    active = np.arange(len(tied.row))
    # A longest path without a cycle passes each chosen cell once.
    for _ in range(len(rows) + 2):
        asked = np.zeros(tied.m, dtype=np.int64)
        np.maximum.at(asked, tied.column[active], tied.weight[active] - left[tied.row[active]])
        raised = np.flatnonzero(asked > price)
        if not len(raised):
            break
        price[raised] = asked[raised]
        pair = held[raised]
        left[rows[pair]] = weight[pair] - price[raised]
        if (pair < 0).any() or (left[rows[pair]] < 0).any():
            return False
        active = _cells_of(tied, rows[pair])
    alone = np.ones(tied.n, dtype=np.bool_)
    alone[rows] = False
    spare: Bools = held < 0
    tight = bool((left[rows] + price[columns] == weight).all())
    feasible = bool((left[tied.row] + price[tied.column] >= tied.weight).all())
    return tight and feasible and not left[alone].any() and not price[spare].any()


def _cells_of(tied: Tied, rows: Indexes) -> Indexes:
    """The places of these rows' cells."""
    starts = np.searchsorted(tied.row, rows)
    counts = np.searchsorted(tied.row, rows, side="right") - starts
    before = np.cumsum(counts) - counts
    cells: Indexes = np.repeat(starts - before, counts) + np.arange(int(counts.sum()))
    return cells


def _mixed(bits: Words) -> Words:
    """The finaliser of SplitMix64 (Steele, Lea, Flood 2014): every input bit changes half of the output."""
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
