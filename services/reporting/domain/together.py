"""Figures of municipalities that became one, or of one under its new code: what each counted and showed.

What is bound by a sum or an inequality in each is so in the sums.
"""

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

from services.reporting.domain.book import Month, Opening, after


def closing_of(programme: str, opening: Opening, months: Sequence[Month]) -> Opening:
    """What a year's closed months leave to the next."""
    for month in months:
        opening = after(programme, opening, month)
    return opening


def openings_together(one: Opening, other: Opening) -> Opening:
    """What there was before a year in both. A round that was run in either was run."""
    return Opening(
        **{
            field.name: _together(getattr(one, field.name), getattr(other, field.name))
            for field in fields(Opening)
        }
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


def _together(one: Any, other: Any) -> Any:
    match one, other:
        case bool(), bool():
            return one and other
        case Mapping(), Mapping():
            both = {name: _together(one[name], other[name]) for name in one if name in other}
            return {**one, **other, **both}
        case _:
            return one + other
