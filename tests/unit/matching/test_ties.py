"""Of several best assignments the one with the better turns, proven, and one alone."""

from itertools import permutations

import numpy as np
import pytest

from services.matching.domain import solve as solving
from services.matching.domain import ties
from services.matching.domain.columns import Bools, Indexes
from services.matching.domain.duals import Prices, dual_prices
from services.matching.domain.solve import base_of, slots_of, solve, weights
from services.matching.domain.ties import Tied, tied_cells, untied, weighed
from tests.unit.matching.test_solve import market


def places(allowed: Bools) -> tuple[Indexes, Indexes]:
    rows, columns = np.nonzero(allowed)
    return rows.astype(np.int64), columns.astype(np.int64)


def tied(seed: int, n: int, m: int, share: float = 0.6, priced: float = 0.5) -> Tied:
    """Random tied cells; some sides have a price, and turns are few."""
    chance = np.random.default_rng(seed)
    prices = Prices(
        (chance.random(n) < priced).astype(np.float64), (chance.random(m) < priced).astype(np.float64)
    )
    keys = chance.integers(0, 2**64, n, dtype=np.uint64), chance.integers(0, 2**64, m, dtype=np.uint64)
    return weighed(places(chance.random((n, m)) < share), prices, chance.integers(0, 3, m), keys)


@pytest.mark.parametrize("seed", range(20))
def test_no_other_choice_has_more_weight(seed: int) -> None:
    given = tied(seed, 6, 6)
    weight = np.zeros((6, 6), dtype=np.int64)
    weight[given.row, given.column] = given.weight
    best = max(int(weight[range(6), order].sum()) for order in permutations(range(6)))
    found = untied(given)
    assert int(weight[found.rows, found.columns].sum()) == best
    assert found.proven
    assert len(set(found.rows.tolist())) == len(set(found.columns.tolist())) == len(found.rows)


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize(("n", "m"), [(40, 60), (60, 40), (200, 200)])
def test_larger_ones_are_proven_too(seed: int, n: int, m: int) -> None:
    assert untied(tied(seed, n, m, share=0.05)).proven


@pytest.mark.parametrize("seed", range(10))
def test_a_worse_choice_is_not_proven(seed: int) -> None:
    given = tied(seed, 12, 12)
    found = untied(given)
    assert not ties._proven(given, found.rows[1:], found.columns[1:])
    cells = set(zip(given.row.tolist(), given.column.tolist(), strict=True))
    for place in range(1, len(found.rows)):
        swapped = found.columns.copy()
        swapped[[0, place]] = swapped[[place, 0]]
        if {(int(found.rows[at]), int(swapped[at])) for at in (0, place)} <= cells:
            assert not ties._proven(given, found.rows, swapped)


def test_no_cell_is_nobody() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    found = untied(Tied(3, 2, nothing, nothing, nothing))
    assert (len(found.rows), found.proven) == (0, True)


def test_a_turn_outweighs_a_hash_and_a_price_all_turns() -> None:
    prices = Prices(np.zeros(500), np.ones(500))
    cells = places(np.ones((500, 500), dtype=np.bool_))
    keys = np.arange(500, dtype=np.uint64)
    found = weighed(cells, prices, np.arange(500), (keys, keys))
    unit = 1 << (int(found.weight.min()).bit_length() - 1)
    below = (found.weight - unit).reshape(500, 500)
    assert (np.diff(below.min(axis=0)) > 0).all()
    assert (below.min(axis=0)[1:] > below.max(axis=0)[:-1]).all()
    assert 500 * int(below.max()) < unit
    assert int(found.weight.max()) < 2**ties.EXACT_BITS


def test_tied_cells_are_those_of_all_best_assignments() -> None:
    given = market(3, 5, 5, share=0.7, score=np.random.default_rng(3).integers(0, 2, (5, 5), dtype=np.int32))
    weight = weights(given, base_of(given), slice(None), slots_of(given))
    best = 0.0
    cells: set[tuple[int, int]] = set()
    for order in permutations(range(5)):
        total = float(weight[range(5), order].sum())
        if total > best:
            best, cells = total, set()
        if total == best:
            cells |= {(row, column) for row, column in enumerate(order) if weight[row, column]}
    found = solve(given)
    prices = dual_prices(-weight, found.rows, found.columns)
    assert prices is not None
    tight = tied_cells(-weight, prices)
    assert tight.cells is not None
    assert tight.feasible
    assert cells <= set(zip(*(side.tolist() for side in tight.cells), strict=True))
    assert not tied_cells(-weight, Prices(prices.rows - 1, prices.columns)).feasible


def test_beyond_the_most_tied_cells_the_solvers_choice_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    given = market(1, 20, 20, share=1.1, score=np.full((20, 20), 7, dtype=np.int32))
    whole = solve(given)
    monkeypatch.setattr(ties, "MOST_TIED", 10)
    found = solving.solve(given)
    assert (len(found.rows), found.total) == (len(whole.rows), whole.total)
    assert whole.proven
    assert found.proven
    assert found.columns.tolist() != whole.columns.tolist()
