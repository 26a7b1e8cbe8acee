"""One solver on one pool in a process of its own, as it alone then has its memory:
`python -m tests.bench.matching.solvers ours|dense|greedy city|national 10000`. Prints JSON.

All begin with the pool's columns and what the rules allow. Times are of the processor: other work on the
machine would count for one and not for the other.
"""

import json
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from services.matching.domain.columns import Indexes, PoolColumns, columns_of
from services.matching.domain.party import Pool
from services.matching.domain.priority import Priorities, priorities
from services.matching.domain.rounds import market_of
from services.matching.domain.rules import Compatibility, compatibility
from services.matching.domain.score import score_matrix
from services.matching.domain.solve import Market, components, prepare, solve
from tests.bench.matching import people

BASE = 10**7
"""What a pair is worth here before its points, to name pairs and points in one number."""


class Timer:
    """Processor milliseconds of what runs inside."""

    def __init__(self) -> None:
        self.ms = 0.0
        self._began = 0.0

    def __enter__(self) -> None:
        self._began = time.process_time()

    def __exit__(self, *_: object) -> None:
        self.ms += (time.process_time() - self._began) * 1000


class Input:
    """A pool as every solver is given it."""

    def __init__(self, kind: str, size: int, pool: Pool | None = None) -> None:
        made = pool or {"city": people.city, "national": people.national}[kind](size)
        self.columns: PoolColumns = columns_of(made)
        self.compatible: Compatibility = compatibility(self.columns)
        self.first: Priorities = priorities(self.columns)


def ours(given: Input, timer: Timer) -> tuple[int, int, bool]:
    """By components, with prices and proof."""
    pairs, total, proven = 0, 0, True
    with timer:
        parts = list(components(given.compatible.allowed))
    for rows, guides in parts:
        market = market_of(given.columns, given.compatible, given.first, rows, guides)
        with timer:
            found = solve(market)
        pairs, total, proven = pairs + len(found.rows), total + found.total, proven and found.proven
    return pairs, total, proven


def _whole(given: Input) -> Market:
    n, m = given.compatible.allowed.shape
    return market_of(given.columns, given.compatible, given.first, np.arange(n), np.arange(m))


def dense(given: Input, timer: Timer) -> tuple[int, int, bool]:
    """scipy alone on the whole pool: no ties broken, no prices, nothing proven."""
    n, m = given.compatible.allowed.shape
    score = score_matrix(given.columns, np.arange(n), np.arange(m))
    with timer:
        weight = np.multiply(score, -float(given.first.unit))
        weight -= given.first.exact[:, None] + float(BASE)
        weight[~given.compatible.allowed] = 0
        rows, guides = prepare()(weight)
        kept = given.compatible.allowed[rows, guides]
    rows, guides = rows[kept], guides[kept]
    return len(rows), _points(score, given, rows, guides), False


def greedy(given: Input, timer: Timer) -> tuple[int, int, bool]:
    """The best pair left, again and again."""
    market = _whole(given)
    with timer:
        points = market.score.astype(np.int64) * market.unit + market.bonus[:, None]
        weight = np.where(market.allowed, points, -1)
        order = np.argsort(-weight, axis=None, kind="stable")
        taken_rows, taken_guides = np.zeros(len(weight), bool), np.zeros(weight.shape[1], bool)
        chosen: list[tuple[int, int]] = []
        for cell in order[: int(market.allowed.sum())].tolist():
            row, guide = divmod(cell, weight.shape[1])
            if not taken_rows[row] and not taken_guides[guide]:
                taken_rows[row] = taken_guides[guide] = True
                chosen.append((row, guide))
    return len(chosen), sum(int(points[cell]) for cell in chosen), False


def _points(score: Any, given: Input, rows: Indexes, guides: Indexes) -> int:
    own = score[rows, guides].astype(np.int64) * given.first.unit
    return int((own + given.first.exact[rows]).sum())


SOLVERS: dict[str, Callable[[Input, Timer], tuple[int, int, bool]]] = {
    "ours": ours,
    "dense": dense,
    "greedy": greedy,
}


def measured(solver: str, kind: str, size: int) -> dict[str, Any]:
    """What a process of its own measured."""
    command = [sys.executable, "-m", __spec__.name, solver, kind, str(size)]
    # One thread: a library that takes two would be measured by luck.
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
    ran = subprocess.run(command, check=True, capture_output=True, text=True, env=environment)  # noqa: S603 (our own command)
    found: dict[str, Any] = json.loads(ran.stdout)
    return found


def _resident() -> int:
    pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    """Measures one solver; imports and the solver's own first call come before."""
    solver, kind, size = sys.argv[1], sys.argv[2], int(sys.argv[3])
    SOLVERS[solver](Input(kind, 20), Timer())
    given, timer = Input(kind, size), Timer()
    before = _resident()
    pairs, total, proven = SOLVERS[solver](given, timer)
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    figures = {
        "ms": timer.ms,
        "mb": max(0, most - before) / 1e6,
        "pairs": pairs,
        "points": total / given.first.unit,
        "proven": proven,
        "compatible": float(given.compatible.allowed.mean()),
    }
    print(json.dumps(figures))  # noqa: T201 - what its parent reads


if __name__ == "__main__":
    main()
