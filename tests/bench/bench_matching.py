"""Matching in ratios: `python -m tests.bench.bench_matching [people a side …]`, 200 and 500 by default.

Absolute times say what this machine is; compare the ratios.
"""

import sys
import time
import tracemalloc
from collections.abc import Callable
from typing import TypeVar

import numpy as np
from scipy.optimize import linear_sum_assignment

from services.matching.domain.columns import PoolColumns, columns_of
from services.matching.domain.party import Pool
from services.matching.domain.rounds import run_round
from services.matching.domain.rules import compatibility
from services.matching.domain.score import score_matrix
from services.matching.domain.solve import Market, components, solve
from tests.unit.matching import naive
from tests.unit.matching.pools import random_pool

LOOP_ROWS = 10
"""Receiving parties that the loops score; their time is scaled up to the whole pool."""

T = TypeVar("T")


def timed(work: Callable[[], T], repeats: int) -> tuple[float, T]:
    """The shortest of some runs in milliseconds, and what the last one gave."""
    times = []
    for _ in range(repeats):
        began = time.perf_counter()
        given = work()
        times.append((time.perf_counter() - began) * 1000)
    return min(times), given


def peak(work: Callable[[], object]) -> float:
    """Most megabytes that the work holds at once beyond what was there before."""
    tracemalloc.start()
    work()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most / 1e6


def scored(columns: PoolColumns) -> Market:
    """The whole pool as one market, without waiting bonuses."""
    n, m = len(columns.receiving), len(columns.giving)
    score = score_matrix(columns, np.arange(n), np.arange(m))
    allowed = compatibility(columns).allowed
    bonus = np.zeros(n, dtype=np.int64)
    return Market(score, allowed, bonus, np.ones(m, np.int32), columns.left.key, columns.right.key)


def loops(given: Pool) -> None:
    """Rules and scores of the first few receiving parties, person by person."""
    for a in given.receiving[:LOOP_ROWS]:
        for b in given.giving:
            naive.forbidden(given, a, b)
            naive.parts(given, a, b)


def by_components(market: Market) -> tuple[int, int, bool]:
    """Pairs, points and proof, solved component by component."""
    pairs, total, proven = 0, 0, True
    for rows, guides in components(market.allowed):
        cells = np.ix_(rows, guides)
        part = Market(
            market.score[cells],
            market.allowed[cells],
            market.bonus[rows],
            market.slots[guides],
            market.left_key[rows],
            market.right_key[guides],
        )
        found = solve(part)
        pairs, total, proven = pairs + len(found.rows), total + found.total, proven and found.proven
    return pairs, total, proven


def greedy(market: Market) -> tuple[int, int]:
    """Pairs and points of taking the best pair left, again and again."""
    weight = np.where(market.allowed, market.score, -1)
    open_rows, open_guides, pairs, total = set(range(len(weight))), set(range(weight.shape[1])), 0, 0
    for cell in np.argsort(-weight, axis=None, kind="stable").tolist():
        row, guide = divmod(cell, weight.shape[1])
        if weight[row, guide] < 0:
            break
        if row in open_rows and guide in open_guides:
            open_rows.remove(row)
            open_guides.remove(guide)
            pairs, total = pairs + 1, total + int(weight[row, guide])
    return pairs, total


def dense(market: Market) -> None:
    """scipy alone on the whole pool: no ties broken, nothing proven."""
    linear_sum_assignment(np.where(market.allowed, -(5000.0 + market.score), 0.0))


def measure(name: str, given: Pool, size: int) -> None:
    """One line for a pool."""
    repeats = 5 if size <= 500 else 1
    build, columns = timed(lambda: columns_of(given), repeats)
    score, market = timed(lambda: scored(columns), repeats)
    loop = timed(lambda: loops(given), 1)[0] * size / LOOP_ROWS
    plain, _ = timed(lambda: dense(market), repeats)
    ours, (pairs, total, proven) = timed(lambda: by_components(market), repeats)
    memory = peak(lambda: by_components(market)) / peak(lambda: dense(market))
    whole, _ = timed(lambda: run_round(given, "bench"), 1)
    greedy_pairs, greedy_total = greedy(market)
    print(  # noqa: T201 - a command's output
        f"{name:9}{size:6} a side, {market.allowed.mean():6.1%} compatible | columns {build:.1f} ms, "
        f"rules and scores {score:.1f} ms: {loop / (build + score):.0f} x loops | solving with proof "
        f"{ours:.1f} ms: {ours / plain:.2f} x time, {memory:.2f} x memory of dense scipy | whole round "
        f"{whole:.0f} ms | proven {proven}, {pairs} pairs; greedy {greedy_pairs / pairs:.1%} of pairs, "
        f"{greedy_total / total:.1%} of points"
    )


def main() -> None:
    """A pool in one municipality and one spread over many, of each size."""
    for size in [int(argument) for argument in sys.argv[1:]] or [200, 500]:
        measure("city", random_pool(1, size, size), size)
        measure("national", random_pool(1, size, size, municipalities=max(2, size // 67)), size)


if __name__ == "__main__":
    main()
