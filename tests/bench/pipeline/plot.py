"""The benchmark's figures as a picture."""

from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.figure import Figure

OURS, OTHERS = "#1b6e8c", "#b9c4c9"


def draw(figures: dict[str, Any], path: Path) -> None:
    """Settlements a second of every run, as bars, in an SVG that is the same for the same figures."""
    mpl.rcParams["svg.hashsalt"] = "kobling"
    runs = figures["runs"]
    names = list(runs)[::-1]
    rates = [runs[name]["settlements_per_second"] for name in names]
    figure = Figure(figsize=(8, 0.45 * len(names) + 1))
    axes = figure.add_subplot()
    colours = [OTHERS if name.endswith(("floor", "naive")) else OURS for name in names]
    bars = axes.barh(names, rates, color=colours)
    axes.bar_label(bars, [f"{rate:,.0f}" for rate in rates], padding=3)
    axes.set_xlabel("settlements a second, 2 processors with broker and database on them")
    axes.spines[["top", "right"]].set_visible(False)
    axes.margins(x=0.12)
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
