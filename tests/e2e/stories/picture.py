"""A story as a picture: pairs, who waits, and hours, over time."""

from datetime import datetime
from pathlib import Path

import matplotlib as mpl
from matplotlib.figure import Figure

from tests.e2e.stories.story import Told

PAIRS, REFUGEES, GUIDES, HOURS = "#1b6e8c", "#b5482e", "#c79a2a", "#7a8b91"


def draw(told: Told, path: Path) -> Path:
    """Writes an SVG that is the same for the same story; returns where it is."""
    mpl.rcParams["svg.hashsalt"] = "kobling"
    samples = told.samples
    days = [datetime(one.day.year, one.day.month, one.day.day) for one in samples]  # noqa: DTZ001 (a day)
    figure = Figure(figsize=(9, 6))
    people, hours = figure.subplots(2, sharex=True, height_ratios=[2, 1])
    lines = (
        ("pairs", PAIRS, [one.pairs for one in samples]),
        ("refugees waiting", REFUGEES, [one.refugees_waiting for one in samples]),
        ("guides waiting", GUIDES, [one.volunteers_waiting for one in samples]),
    )
    for name, colour, values in lines:
        people.step(days, values, where="post", color=colour, label=name)
    people.legend(frameon=False, loc="upper left")
    people.set_title(f"{told.story.programme}: {told.story.title}", fontsize=10)
    hours.step(days, [one.hours for one in samples], where="post", color=HOURS)
    hours.set_ylabel("hours met, in all")
    for axes in (people, hours):
        axes.spines[["top", "right"]].set_visible(False)
        axes.set_ylim(bottom=0)
    figure.autofmt_xdate()
    figure.savefig(path, format="svg", bbox_inches="tight", metadata={"Date": None})
    return path
