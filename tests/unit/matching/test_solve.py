"""The solver against brute force, an independent solver, and its own proof."""

from itertools import permutations

import numpy as np
import pytest
from scipy.sparse import csr_array
from scipy.sparse.csgraph import min_weight_full_bipartite_matching

from services.matching.domain.duals import Prices, dual_prices, proves_optimum
from services.matching.domain.solve import Market, base_of, components, slots_of, solve, weights


def market(seed: int, n: int, m: int, share: float = 0.5, **changes: object) -> Market:
    """A random market; few different scores make many ties."""
    chance = np.random.default_rng(seed)
    values: dict[str, object] = {
        "score": chance.integers(0, 100, (n, m), dtype=np.int16),
        "allowed": chance.random((n, m)) < share,
        "bonus": chance.integers(0, 71, n),
        "slots": np.ones(m, dtype=np.int32),
        "left_key": chance.integers(0, 2**64, n, dtype=np.uint64),
        "right_key": chance.integers(0, 2**64, m, dtype=np.uint64),
    }
    return Market(**(values | changes))  # type: ignore[arg-type]


def pairs_of(found: object) -> set[tuple[int, int]]:
    return set(zip(found.rows.tolist(), found.guides.tolist(), strict=True))  # type: ignore[attr-defined]


def brute_force(given: Market) -> tuple[int, int]:
    """The most pairs and then the most points, by trying every order of guides' slots."""
    slots = [guide for guide, free in enumerate(given.slots) for _ in range(free)]
    n = len(given.score)
    slots += [-1] * max(0, n - len(slots))
    best = (0, 0)
    for order in permutations(slots, n):
        chosen = [(row, guide) for row, guide in enumerate(order) if guide >= 0 and given.allowed[row, guide]]
        points = sum(int(given.score[row, guide] + given.bonus[row]) for row, guide in chosen)
        best = max(best, (len(chosen), points))
    return best


def sparse_oracle(given: Market) -> tuple[int, int]:
    """The same by another algorithm: sparse Jonker-Volgenant, each row with a dummy of its own."""
    n, m = given.score.shape
    gain = np.where(given.allowed, 10**6 + given.score.astype(np.int64) + given.bonus[:, None], 0)
    row, guide = np.nonzero(given.allowed)
    cost = np.concatenate([2 * 10**6 - gain[row, guide], np.full(n, 2 * 10**6)])
    ends = (np.concatenate([row, np.arange(n)]), np.concatenate([guide, m + np.arange(n)]))
    rows, guides = min_weight_full_bipartite_matching(csr_array((cost, ends), shape=(n, m + n)))
    real = guides < m
    rows, guides = rows[real], guides[real]
    return len(rows), int((given.score[rows, guides] + given.bonus[rows]).sum())


def greedy(given: Market) -> tuple[int, int]:
    """Takes the best pair left, again and again."""
    points = np.where(given.allowed, given.score + given.bonus[:, None], -1)
    free, open_rows, pairs, total = given.slots.copy(), np.ones(len(points), dtype=bool), 0, 0
    for cell in np.argsort(-points, axis=None, kind="stable"):
        row, guide = divmod(int(cell), points.shape[1])
        if points[row, guide] >= 0 and open_rows[row] and free[guide]:
            open_rows[row], free[guide] = False, free[guide] - 1
            pairs, total = pairs + 1, total + int(points[row, guide])
    return pairs, total


@pytest.mark.parametrize("seed", range(30))
def test_no_order_of_guides_beats_the_solution(seed: int) -> None:
    n, m = (6, 6) if seed % 3 == 0 else (4, 7) if seed % 3 == 1 else (7, 4)
    given = market(seed, n, m, share=(0.3, 0.6)[seed % 2])
    found = solve(given)
    assert (len(found.rows), found.total) == brute_force(given)
    assert found.proven


@pytest.mark.parametrize("seed", range(10))
def test_a_guide_with_two_slots_takes_two_and_no_more(seed: int) -> None:
    slots = np.array([2, 1, 0, 2], dtype=np.int32)
    given = market(seed, 6, 4, share=0.6, slots=slots)
    given = Market(
        given.score, given.allowed & (slots > 0), given.bonus, slots, given.left_key, given.right_key
    )
    found = solve(given)
    assert (len(found.rows), found.total) == brute_force(given)
    assert (np.bincount(found.guides, minlength=4) <= slots).all()
    assert found.proven


def test_capacity_two_is_used_when_one_guide_suits_two() -> None:
    given = market(1, 2, 1, share=1.1, slots=np.array([2], dtype=np.int32))
    assert pairs_of(solve(given)) == {(0, 0), (1, 0)}


@pytest.mark.parametrize(
    ("seed", "n", "m", "share"),
    [(1, 80, 80, 0.2), (2, 60, 150, 0.05), (3, 150, 60, 0.1), (4, 200, 190, 0.02)],
)
def test_another_algorithm_finds_as_many_pairs_and_points(seed: int, n: int, m: int, share: float) -> None:
    given = market(seed, n, m, share)
    found = solve(given)
    assert (len(found.rows), found.total) == sparse_oracle(given)
    assert found.proven


@pytest.mark.parametrize("seed", range(20))
def test_greedy_is_never_better(seed: int) -> None:
    given = market(seed, 40, 40, share=0.15)
    found = solve(given)
    assert (len(found.rows), found.total) >= greedy(given)


def test_greedy_is_worse_where_the_best_pair_costs_another() -> None:
    allowed = np.array([[True, True], [True, False]])
    score = np.array([[90, 10], [80, 0]], dtype=np.int16)
    given = market(1, 2, 2, allowed=allowed, score=score, bonus=np.zeros(2, dtype=np.int64))
    assert greedy(given) == (1, 90)
    assert (len(solve(given).rows), solve(given).total) == (2, 90)


@pytest.mark.parametrize("share", [0.0, 0.02, 0.1])
def test_forbidden_pairs_are_never_chosen(share: float) -> None:
    for seed in range(10):
        given = market(seed, 30, 20, share=share)
        found = solve(given)
        assert given.allowed[found.rows, found.guides].all()
        assert found.proven


def test_the_number_of_pairs_comes_first_through_the_longest_chain_of_losses() -> None:
    # Giving the last row its only guide moves 69 rows from 100 points to none: 6900 points, more than 5000.
    n = 70
    allowed = np.zeros((n, n), dtype=np.bool_)
    score = np.zeros((n, n), dtype=np.int16)
    for row in range(n - 1):
        allowed[row, [row, row + 1]] = True
        score[row, row] = 100
    allowed[n - 1, 0] = True
    given = market(1, n, n, allowed=allowed, score=score, bonus=np.zeros(n, dtype=np.int64))
    found = solve(given)
    assert (len(found.rows), found.total) == (n, 0)
    assert found.proven


def test_long_waiting_decides_who_is_left() -> None:
    score = np.array([[100], [40]], dtype=np.int16)
    given = market(1, 2, 1, share=1.1, score=score, bonus=np.array([0, 61]))
    assert pairs_of(solve(given)) == {(1, 0)}


@pytest.mark.parametrize("seed", range(5))
def test_no_pair_changes_with_the_order_of_input_even_among_ties(seed: int) -> None:
    chance = np.random.default_rng(seed)
    n, m = 60, 50
    score = chance.integers(0, 3, (n, m), dtype=np.int16)
    given = market(seed, n, m, share=0.3, score=score, bonus=np.zeros(n, dtype=np.int64))
    rows, guides = chance.permutation(n), chance.permutation(m)
    shuffled = Market(
        score=score[np.ix_(rows, guides)],
        allowed=given.allowed[np.ix_(rows, guides)],
        bonus=given.bonus[rows],
        slots=given.slots[guides],
        left_key=given.left_key[rows],
        right_key=given.right_key[guides],
    )
    back = {(int(rows[row]), int(guides[guide])) for row, guide in pairs_of(solve(shuffled))}
    assert back == pairs_of(solve(given))


def test_weights_stay_exact_and_pairs_come_first() -> None:
    for n, m, top in ((25, 55, 100), (500, 500, 100), (300, 900, 7000)):
        given = market(1, n, m, score=np.full((n, m), top, dtype=np.int32))
        base = base_of(given)
        assert weights(given, base, slice(None), slots_of(given)).max() < 2**51
        assert base > top * (min(n, m) - 1)


def test_points_too_large_to_be_exact_are_refused() -> None:
    with pytest.raises(ValueError, match="too large"):
        solve(market(1, 3, 3, bonus=np.full(3, 2**51)))


def optimal_cost(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray, Market]:
    given = market(seed, 25, 20, share=0.4)
    found = solve(given)
    cost = -weights(given, found.base, slice(None), slots_of(given))
    return cost, found.rows, found.guides, given


@pytest.mark.parametrize("seed", range(10))
def test_a_worse_assignment_has_no_prices(seed: int) -> None:
    cost, rows, guides, given = optimal_cost(seed)
    assert dual_prices(cost, rows, guides) is not None
    swaps = 0
    for first in range(len(rows)):
        for second in range(first):
            worse = guides.copy()
            worse[[first, second]] = guides[[second, first]]
            if given.allowed[rows, worse].all():
                swaps += 1
                assert dual_prices(cost, rows, worse) is None
    assert swaps > 0
    assert dual_prices(cost, rows[1:], guides[1:]) is None


@pytest.mark.parametrize("seed", range(5))
def test_the_proof_fails_for_prices_that_do_not_fit(seed: int) -> None:
    cost, rows, guides, _ = optimal_cost(seed)
    prices = dual_prices(cost, rows, guides)
    assert prices is not None
    assert proves_optimum(cost, rows, guides, prices)
    assert not proves_optimum(cost, rows[1:], guides[1:], prices)
    assert not proves_optimum(cost, rows, np.roll(guides, 1), prices)
    for place in range(len(prices.columns)):
        moved = prices.columns.copy()
        moved[place] += 1
        assert not proves_optimum(cost, rows, guides, Prices(prices.rows, moved))
    dearer = Prices(prices.rows + 1, prices.columns - 1)
    assert not proves_optimum(cost, rows, guides, dearer)
    nothing = Prices(np.zeros_like(prices.rows), np.zeros_like(prices.columns))
    assert not proves_optimum(cost, rows, guides, nothing)


def test_infeasible_prices_prove_nothing_even_if_tight_and_at_rest() -> None:
    cost = -np.array([[5.0, 9.0], [0.0, 5.0]])
    diagonal = np.array([0, 1])
    tight = Prices(np.array([5.0, 5.0]), np.zeros(2))
    assert not proves_optimum(cost, diagonal, diagonal, tight)
    negative = Prices(np.array([10.0, 5.0]), np.array([-5.0, 0.0]))
    assert not proves_optimum(cost, diagonal, diagonal, negative)


@pytest.mark.parametrize(("row", "column"), [(5.0, 0.0), (0.0, 5.0), (2.0, 3.0)])
def test_whoever_is_left_over_has_no_price(row: float, column: float) -> None:
    nobody = np.array([], dtype=np.int64)
    prices = Prices(np.array([row]), np.array([column]))
    assert not proves_optimum(-np.array([[5.0]]), nobody, nobody, prices)
    assert dual_prices(-np.array([[5.0]]), nobody, nobody) is None


def test_a_column_chosen_twice_proves_nothing() -> None:
    cost = -np.array([[5.0], [5.0]])
    prices = Prices(np.zeros(2), np.array([5.0]))
    assert not proves_optimum(cost, np.array([0, 1]), np.array([0, 0]), prices)


def test_a_guides_price_is_what_one_more_like_them_would_add() -> None:
    for seed in range(10):
        given = market(seed, 8, 5, share=0.7)
        found = solve(given)
        assert found.prices is not None
        worth = found.prices.columns
        for guide in range(5):
            more = given.slots.copy()
            more[guide] += 1
            richer = solve(
                Market(given.score, given.allowed, given.bonus, more, given.left_key, given.right_key)
            )
            gain = (len(richer.rows) - len(found.rows)) * found.base + richer.total - found.total
            assert worth[guide] == gain


def test_components_share_nobody_have_the_fewest_choices_first_and_leave_out_who_has_none() -> None:
    allowed = np.zeros((6, 6), dtype=np.bool_)
    for row, guide in ((0, 3), (2, 3), (2, 5), (4, 0), (5, 5)):
        allowed[row, guide] = True
    parts = [(rows.tolist(), guides.tolist()) for rows, guides in components(allowed)]
    assert parts == [([0, 5, 2], [3, 5]), ([4], [0])]


@pytest.mark.parametrize("seed", range(5))
def test_components_solved_apart_give_what_the_whole_gives(seed: int) -> None:
    given = market(seed, 60, 60, share=0.02)
    whole = pairs_of(solve(given))
    apart = set()
    parts = list(components(given.allowed))
    for rows, guides in parts:
        part = Market(
            score=given.score[np.ix_(rows, guides)],
            allowed=given.allowed[np.ix_(rows, guides)],
            bonus=given.bonus[rows],
            slots=given.slots[guides],
            left_key=given.left_key[rows],
            right_key=given.right_key[guides],
        )
        apart |= {(int(rows[row]), int(guides[guide])) for row, guide in pairs_of(solve(part))}
    assert len(parts) > 3
    assert apart == whole
