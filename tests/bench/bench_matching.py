"""Matching in ratios: `make bench`, some minutes.

Every ratio is between runs on the same pool, in processor time, each solver in a process of its own; memory
is what that process holds at most beyond the pool's columns. Absolute figures say what this machine is.
"""

import argparse
import json
import random
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any, TypeVar

import numpy as np
from rich.console import Console
from rich.table import Table

from services.matching.domain.columns import PoolColumns, columns_of
from services.matching.domain.party import Pool
from services.matching.domain.priority import priorities
from services.matching.domain.rounds import market_of, run_round
from services.matching.domain.rules import compatibility
from services.matching.domain.score import score_matrix
from services.matching.domain.solve import Market, base_of, cheapest, components, slots_of, solve
from tests.bench.machine import machine
from tests.bench.matching import loops, people, years
from tests.bench.matching.plot import draw
from tests.bench.matching.solvers import measured

RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks"
SMALL = 500

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Target:
    """A figure, what it must be, and whether it is."""

    name: str
    is_now: str
    wanted: str
    met: bool


def shortest(work: Callable[[], T], repeats: int) -> tuple[float, T]:
    """The shortest of some runs in processor milliseconds, and what the last one gave."""
    times = []
    for _ in range(repeats):
        began = time.process_time()
        given = work()
        times.append((time.process_time() - began) * 1000)
    return min(times), given


def scoring(size: int) -> dict[str, float]:
    """Rules and scores of a whole city by columns, and person by person."""
    given = people.city(size)
    build, columns = shortest(lambda: columns_of(given), 1)
    whole = np.arange(size)
    score, _ = shortest(lambda: (compatibility(columns), score_matrix(columns, whole, whole)), 1)
    receiving, giving = loops.people(given)
    loop, _ = shortest(lambda: loops.score(given, receiving, giving), 1)
    by_loops = loop * size / len(receiving)
    return {
        "size": size,
        "columns_ms": build + score,
        "loops_ms": by_loops,
        "ratio": by_loops / (build + score),
    }


def small_round(repeats: int = 15) -> dict[str, float]:
    """A round of 500 a side: rules, scores and the solver; with ties and proof; with every receipt."""
    given = people.city(SMALL)
    columns = columns_of(given)
    alone, _ = shortest(lambda: _markets(columns), repeats)
    solved, _ = shortest(
        lambda: [cheapest(one, slots_of(one), base_of(one)) for one in _markets(columns)], repeats
    )
    proven, _ = shortest(lambda: [solve(one) for one in _markets(columns)], repeats)
    whole, _ = shortest(lambda: run_round(given, "bench"), repeats)
    return {
        "size": SMALL,
        "scored_ms": alone,
        "ms": solved,
        "proven_ms": proven,
        "with_receipts_ms": whole,
    }


def _markets(columns: PoolColumns) -> list[Market]:
    compatible, first = compatibility(columns), priorities(columns)
    return [
        market_of(columns, compatible, first, rows, guides) for rows, guides in components(compatible.allowed)
    ]


def solvers(kind: str, size: int, repeats: int) -> dict[str, Any]:
    """Ours against scipy's dense solver on the whole pool, in turn; greedy once."""
    runs = [(measured("ours", kind, size), measured("dense", kind, size)) for _ in range(repeats)]
    mine, plain = runs[-1]
    by_hand = measured("greedy", kind, size)
    return {
        "size": size,
        "compatible": mine["compatible"],
        "ms": median(one["ms"] for one, _ in runs),
        "dense_ms": median(one["ms"] for _, one in runs),
        "time": median(one["ms"] / other["ms"] for one, other in runs),
        "memory": median(one["mb"] / other["mb"] for one, other in runs),
        "gap_pairs": plain["pairs"] - mine["pairs"],
        "gap_points": plain["points"] - mine["points"],
        "proven": all(one["proven"] for one, _ in runs),
        "greedy_pairs": by_hand["pairs"] / mine["pairs"],
        "greedy_points": by_hand["points"] / mine["points"],
    }


def changed_by_order(sizes: range) -> int:
    """How many pairs change when the input comes in another order."""
    changed = 0
    for size in sizes:
        given = people.city(size)
        chance = random.Random(size)  # noqa: S311 - a repeatable order, no secret
        again = replace(
            given, receiving=_shuffled(given.receiving, chance), giving=_shuffled(given.giving, chance)
        )
        changed += len(_pairs(given) ^ _pairs(again))
    return changed


def _shuffled(side: tuple[T, ...], chance: random.Random) -> tuple[T, ...]:
    return tuple(chance.sample(side, len(side)))


def _pairs(given: Pool) -> set[tuple[str, str, int]]:
    return {(one.receiving, one.giving, one.slot) for one in run_round(given, "bench").proposals}


def run(size: int, seeds: int, repeats: int, console: Console) -> dict[str, Any]:
    """Everything in its order; returns the figures."""
    figures: dict[str, Any] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
    }
    figures["round"] = small_round()
    console.print("a round of 500: measured", style="dim")
    figures["scoring"] = scoring(size)
    console.print("scoring: measured", style="dim")
    figures["solvers"] = {}
    for kind in ("city", "national"):
        figures["solvers"][kind] = solvers(kind, size, repeats)
        console.print(f"{kind}: measured", style="dim")
    figures["changed_by_order"] = changed_by_order(range(50, 300, 50))
    figures["policies"] = years.compared(range(1, seeds + 1), years.SMALL)
    console.print("two years: simulated", style="dim")
    figures["policies_large"] = years.compared(range(1, 2), years.LARGE)
    return figures


def targets(figures: dict[str, Any]) -> list[Target]:
    """The figures against what they must be."""
    city, national = figures["solvers"]["city"], figures["solvers"]["national"]
    small, score, order = figures["round"]["ms"], figures["scoring"]["ratio"], figures["changed_by_order"]
    gap = sum(abs(one["gap_pairs"]) + abs(one["gap_points"]) for one in (city, national))
    proven = city["proven"] and national["proven"]
    more, sooner, evener = policy(figures)
    return [
        Target("scoring, to loops", f"{score:.0f} x", "at least 50 x", score >= 50),
        Target(
            "round of 500: scoring and solving",
            f"{small:.1f} ms (ties broken, proven: {figures['round']['proven_ms']:.1f} ms)",
            "at most 15 ms",
            small <= 15,
        ),
        Target("city, time to dense", f"{city['time']:.2f} x", "at most 1.25 x", city["time"] <= 1.25),
        Target(
            "national, time to dense", f"{national['time']:.2f} x", "at most 0.75 x", national["time"] <= 0.75
        ),
        Target(
            "national, memory", f"{national['memory']:.2f} x", "at most 0.40 x", national["memory"] <= 0.4
        ),
        Target("optimum", f"gap {gap:g}, proven {proven}", "gap 0, proven", gap == 0 and proven),
        Target("pairs changed by the input's order", f"{order}", "0", order == 0),
        Target("policy: score", f"{more:+.1f} %", "at least +8 %", more >= 8),
        Target(
            "policy: 95th percentile of the wait", f"{-sooner:+.0f} days", "at least 10 shorter", sooner >= 10
        ),
        Target(
            "policy: men wait longer by, with the controller",
            f"{evener:.2f} x",
            "at most half",
            evener <= 0.5,
        ),
    ]


def policy(figures: dict[str, Any]) -> tuple[float, float, float]:
    """Against first come, first served: per cent more score, days sooner, and the share of the gap left."""
    names = list(figures["policies"])
    first, best = figures["policies"][names[0]], figures["policies"][names[-1]]
    more = 100 * (best["score"] / first["score"] - 1)
    return more, first["p95_days"] - best["p95_days"], abs(best["gap_days"]) / abs(first["gap_days"])


def line(figures: dict[str, Any]) -> str:
    """What it comes to. `mentor-match` is the loops over pydantic objects, which stand for such software."""
    national, (more, sooner, _) = figures["solvers"]["national"], policy(figures)
    gap = sum(one["gap_points"] for one in figures["solvers"].values())
    return (
        f"matching: 500x500 {figures['round']['ms']:.0f} ms, "
        f"{figures['scoring']['ratio']:.0f} x mentor-match, "
        f"national {national['time']:.2f} x dense time {national['memory']:.2f} x memory, gap {gap:g}, "
        f"policy {more:+.0f} % score {-sooner:+.0f} days p95"
    )


def show(figures: dict[str, Any], console: Console) -> None:
    """Tables, and the line that sums it up."""
    table = Table("pool", "a side", "compatible", "ours, ms", "dense, ms", "greedy: pairs", "greedy: points")
    for kind, one in figures["solvers"].items():
        table.add_row(
            kind,
            f"{one['size']:,}",
            f"{one['compatible']:.1%}",
            f"{one['ms']:,.0f}",
            f"{one['dense_ms']:,.0f}",
            f"{one['greedy_pairs']:.1%}",
            f"{one['greedy_points']:.1%}",
        )
    console.print(table)
    for size, policies in ((years.SMALL, figures["policies"]), (years.LARGE, figures["policies_large"])):
        columns = ("score", "pairs", "p95 wait, days", "men wait longer by, days")
        table = Table(f"policy, two years, {size.waiting} waiting at first", *columns)
        for name, one in policies.items():
            table.add_row(
                name, *(f"{one[figure]:,.0f}" for figure in ("score", "pairs", "p95_days", "gap_days"))
            )
        console.print(table)
    table = Table("target", "measured", "wanted", "met")
    for target in targets(figures):
        table.add_row(target.name, target.is_now, target.wanted, "yes" if target.met else "no")
    console.print(table)
    console.print(line(figures), highlight=False, soft_wrap=True)


def main() -> None:
    """Measures, writes `docs/benchmarks/`, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="people a side of the large pools")
    parser.add_argument("--seeds", type=int, default=3, help="worlds that are simulated")
    parser.add_argument("--repeats", type=int, default=3, help="runs of each solver")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    console = Console(width=110)
    figures = run(given.size, given.seeds, given.repeats, console)
    given.results.mkdir(parents=True, exist_ok=True)
    (given.results / "matching.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    draw(figures, given.results / "matching.svg")
    show(figures, console)


if __name__ == "__main__":
    main()
