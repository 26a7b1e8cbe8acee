"""The figures as a picture: `docs/benchmarks/matching.svg`."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure


def draw(figures: dict[str, Any], path: Path) -> None:
    """Solvers' ratios on the left, two years under each policy on the right."""
    mpl.rcParams["svg.hashsalt"] = "kobling"
    figure = Figure(figsize=(10, 3.4), layout="constrained")
    left, right = figure.subplots(1, 2)
    solvers = figures["solvers"]
    names = list(solvers)
    for offset, (part, colour) in enumerate((("time", "tab:blue"), ("memory", "tab:orange"))):
        places = [place + 0.36 * offset for place in range(len(names))]
        bars = left.bar(places, [solvers[name][part] for name in names], 0.34, label=part, color=colour)
        left.bar_label(bars, fmt="%.2f", fontsize=7)
    left.axhline(1, color="grey", linewidth=0.8)
    left.set_xticks([place + 0.18 for place in range(len(names))], names, fontsize=7)
    left.set_title("Proven, to dense scipy on the whole pool", fontsize=9)
    left.legend(fontsize=7)
    for name, one in figures["policies"].items():
        right.scatter(one["p95_days"], one["score"], s=30)
        right.annotate(
            f"{name}; gap {one['gap_days']:.0f} d",
            (one["p95_days"], one["score"]),
            fontsize=6,
            xytext=(4, 3),
            textcoords="offset points",
        )
    right.margins(0.35, 0.2)
    right.set_xlabel("95th percentile of the wait, days", fontsize=8)
    right.set_ylabel("score of all pairs", fontsize=8)
    right.set_title("Two simulated years, the same people", fontsize=9)
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
