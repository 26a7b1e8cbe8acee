"""Figures of municipalities that became one, or of one under its new code: what each counted and showed.

What is bound by a sum or an inequality in each is so in the sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from services.reporting.domain.book import Month, Opening, after
from services.reporting.domain.figures import FIGURES
from services.reporting.domain.outcomes import TRAILED, Trail, Values, by

MEANS = frozenset(figure.name for figure in FIGURES if figure.unit in {"days", "percent"})
"""What is no number of anything: of two that show it the mean is."""


def closing_of(programme: str, opening: Opening, months: Sequence[Month]) -> Opening:
    """What a year's closed months leave to the next."""
    for month in months:
        opening = after(programme, opening, month)
    return opening


def openings_together(one: Opening, other: Opening) -> Opening:
    """What there was before a year in both. A round that was run in either was run."""
    return Opening(
        counted=_together(one.counted, other.counted),
        shown=_together(one.shown, other.shown),
        ended=one.ended + other.ended,
        idle=one.idle and other.idle,
        room=one.room + other.room,
        trail=_trails_together(one.trail, other.trail),
    )


def months_together(one: Sequence[Month], other: Sequence[Month]) -> tuple[Month, ...]:
    """The closed months of both, in order."""
    found = {month.name: month for month in one}
    for month in other:
        known = found.get(month.name)
        if known is None:
            found[month.name] = month
            continue
        found[month.name] = replace(
            known,
            counts=_together(known.counts, month.counts),
            shown=_together(known.shown or {}, month.shown or {}),
            room=known.room + month.room,
        )
    return tuple(found[name] for name in sorted(found))


def shown_together(
    one: Sequence[Mapping[str, Any]], other: Sequence[Mapping[str, Any]]
) -> list[dict[str, Any]]:
    """Published figures of an open period, at least as high as each of the two shows."""
    values = {figure["name"]: figure for figure in other}
    found = []
    for figure in one:
        shown = [item for item in (figure, values.get(figure["name"], {})) if "value" in item]
        most = max(shown, key=lambda item: item["value"], default=figure)
        found.append({**most, "name": figure["name"]})
    return found


def _together(one: Values, other: Values) -> Values:
    both = {name: one[name] + other[name] for name in one.keys() & other.keys()}
    means = {name: total // 2 for name, total in both.items() if name in MEANS}
    return {**one, **other, **both, **means}


def _trails_together(one: Trail, other: Trail) -> Trail:
    """What both showed in all by the end of each month in which either was closed."""
    return {
        month: {name: by(one, month, name) + by(other, month, name) for name in TRAILED}
        for month in sorted(one.keys() | other.keys())
    }
