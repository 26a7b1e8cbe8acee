"""What the rows came to, as a table and as the last line."""

import io
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table

from shared.messaging.reading.outcome import COUNTERS
from tests.faults.registry import ROWS, Result, Row

WIDTH = 150


def _cells(row: Row, result: Result) -> list[str]:
    if result.not_run is not None:
        return [str(row.number), row.fault, f"not run: {result.not_run}", *[""] * 8]
    counts = [str(result.outcomes[name]) for name in ("in", *COUNTERS)]
    verdict = result.verdict
    return [
        str(row.number),
        row.fault,
        ", ".join(result.injected),
        *counts,
        str(verdict.lost),
        str(verdict.doubled),
        f"{result.healed:.1f}",
    ]


def line_of(row: Row, result: Result) -> str:
    """One row in a line, for whoever waits."""
    state = "holds" if result.holds else "not run" if result.not_run else "BROKEN"
    cells = _cells(row, result)
    line = f"{state:9} {result.seconds:5.0f} s  row {cells[0]:>2}  {cells[1]}: {' '.join(cells[2:])}"
    return "\n".join([line, *(f"    {fault}" for fault in result.verdict.faults)])


def table(results: Mapping[int, Result]) -> str:
    """All rows. Records in are settlements; outcomes are those of all services together."""
    made = Table(title="Faults")
    for name in ("#", "fault", "injected"):
        made.add_column(name)
    for name in ("in", *COUNTERS, "lost", "doubled", "healed s"):
        made.add_column(name, justify="right")
    for number, result in results.items():
        made.add_row(*_cells(ROWS[number], result), style=None if result.holds else "red")
    text = io.StringIO()
    Console(file=text, width=WIDTH).print(made)
    return text.getvalue()


def last_line(results: Mapping[int, Result]) -> str:
    """How many of the matrix's rows hold, and what was lost and doubled in all of them."""
    held = sum(one.holds for one in results.values())
    lost = sum(one.verdict.lost for one in results.values())
    doubled = sum(one.verdict.doubled for one in results.values())
    return f"faults: {held} of {len(ROWS)} rows, {lost} lost, {doubled} doubled"
