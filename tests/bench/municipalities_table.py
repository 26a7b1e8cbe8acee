"""The table of `make bench-municipalities`."""

from collections.abc import Callable, Mapping
from typing import Any

from rich.console import Console
from rich.table import Table

Step = Mapping[str, Any]


def show(steps: list[dict[str, Any]], console: Console) -> None:
    """A table with a column for each step that was finished."""
    done = [one for one in steps if "broker_after" in one]
    table = Table("", *(f"{one['municipalities']:,}" for one in done))
    first = done[0]["intake"]["rate_of_all"] if done else 1.0
    rows: dict[str, Callable[[Step], str]] = {
        "operators": lambda one: f"{one['operators']:,}",
        "topics": lambda one: f"{one['topics']:,}",
        "new topics created, s": lambda one: f"{one['create_seconds']:.1f}",
        "broker's memory, MiB": lambda one: f"{one['broker_after']['memory_mib']:.0f}",
        "heap in use, MiB": lambda one: f"{one['broker_after']['heap_mib'] or 0:.0f}",
        "open files": lambda one: f"{one['broker_after']['files']:,}",
        "memory maps": lambda one: f"{one['broker_after']['maps']:,}",
        "broker stops, s": lambda one: _restart(one, "stop_seconds"),
        "broker starts, s": lambda one: _restart(one, "start_seconds"),
        "metadata, KiB": lambda one: f"{one['metadata']['kib']:.0f}",
        "metadata, ms": lambda one: f"{one['metadata']['ms']:.0f}",
        "group has its partitions, s": lambda one: f"{one['assignment_seconds']:.1f}",
        "intake is ready, s": lambda one: f"{one['intake']['start_seconds']:.1f}",
        "intake idle, MiB": lambda one: f"{one['intake']['idle_mib']:.0f}",
        "intake idle, processors": lambda one: f"{one['intake']['idle_processor']:.3f}",
        "settlements of one, a second": lambda one: f"{one['intake']['rate_of_one']:.0f}",
        "settlements of all, a second": lambda one: f"{one['intake']['rate_of_all']:.0f}",
        "all to one, same step": lambda one: (
            f"{one['intake']['rate_of_all'] / one['intake']['rate_of_one']:.2f}"
        ),
        "Kafka's bytes for a settlement": lambda one: f"{one['stored']['kafka']:,.0f}",
        "intake's database's": lambda one: f"{one['stored']['mongodb']:,.0f}",
        "all to all of the first step": lambda one: f"{one['intake']['rate_of_all'] / first:.2f}",
    }
    for name, cell in rows.items():
        table.add_row(name, *(cell(one) for one in done))
    console.print(table)


def _restart(one: Step, what: str) -> str:
    return f"{one['restart'][what]:.1f}" if "restart" in one else "not tried"
