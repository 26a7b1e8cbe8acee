"""What commands print: JSON for programs, tables for people, errors on standard error."""

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table

REFUSED, MISUSED, UNREACHABLE = 1, 2, 3
"""How `kobling` ends: refused, or faults were found; wrongly called, or set; a server did not answer."""


def report(done: Mapping[str, Any] | Sequence[Any]) -> None:
    """Prints JSON."""
    sys.stdout.write(json.dumps(done, indent=2, ensure_ascii=False) + "\n")


def say(line: str) -> None:
    """Prints a line."""
    sys.stdout.write(f"{line}\n")


def complain(line: str) -> None:
    """Prints a line on standard error."""
    sys.stderr.write(f"{line}\n")


def table(rows: Sequence[Mapping[str, Any]], columns: Sequence[str], *, as_json: bool, empty: str) -> None:
    """Prints rows as a table, or as JSON with all that they hold. `empty` is said where there is none."""
    if as_json:
        report(rows)
        return
    if not rows:
        say(empty)
        return
    shown = Table(*columns, box=None, header_style="bold", pad_edge=False)
    for row in rows:
        shown.add_row(*(_cell(row.get(column)) for column in columns))
    # Piped into a file or a program, a line must not be folded at a width that nobody has.
    Console(width=None if sys.stdout.isatty() else 400).print(shown)


def _cell(value: Any) -> str:
    match value:
        case None:
            return ""
        case str() | int() | float():
            return str(value)
        case _:
            return json.dumps(value, ensure_ascii=False)
