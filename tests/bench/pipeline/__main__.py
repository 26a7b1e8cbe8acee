"""The delivery core's benchmark: `make bench-pipeline`.

Everything runs on one Kafka and one MongoDB, one thing after the other, and every ratio is between runs that
took turns. Absolute figures say what this machine is; compare the ratios.
"""

import argparse
import asyncio
import json
import os
import statistics
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.addresses import Addresses
from deploy.local.mongodb import CACHE_VARIABLE
from deploy.local.stack import running_stack
from deploy.local.supervision import supervisor_pid
from shared.contracts.topics import SERVICES
from tests.bench.machine import machine
from tests.bench.pipeline.fleet import FLOOR, NAIVE, OURS, Kind, fleet
from tests.bench.pipeline.machine import servers
from tests.bench.pipeline.plot import draw
from tests.bench.pipeline.surge import Run, latencies, surge

ONE_STAGE = ("intake",)
FOLLOWERS = ("matching", "reporting")
WARM_UP = 1_000
"""Settlements before each measurement, and before latencies as many again at their rate: a cold JVM and first
connections are not what is asked for.
"""
NAIVE_COUNT = 1_500
CACHE_GB = 8
"""Less than MongoDB would take by itself on a machine of 24 GB, for whatever is measured."""
RESULTS = Path(__file__).parents[3] / "docs" / "benchmarks"


@dataclass(slots=True)
class Bench:
    """The measurements of one run, and where they are made."""

    stack: Addresses
    secured: Addresses
    directory: Path
    settlements: int
    rounds: int
    console: Console
    servers: Mapping[str, int]
    secured_servers: Mapping[str, int]
    runs: dict[str, list[Run]] = field(default_factory=dict)

    async def measure(
        self,
        name: str,
        kind: Kind,
        services: Sequence[str],
        count: int,
        replicas: int = 1,
        *,
        secured: bool = False,
    ) -> Run:
        """One run of one kind, with fresh topics and databases, after a warm-up."""
        followers = [service for service in FOLLOWERS if service in services]
        stack, servers = (self.stack, self.servers)
        if secured:
            stack, servers = self.secured, self.secured_servers
        async with fleet(kind, stack, self.directory, services, replicas, servers) as processes:
            await surge(processes, min(WARM_UP, count), followers, first=0)
            run = await surge(processes, count, followers, first=WARM_UP)
        self.runs.setdefault(name, []).append(run)
        self.console.print(f"{name}: {run.rate:,.0f}/s", style="dim")
        return run

    def ratio(self, one: str, other: str) -> float:
        """The median over rounds of one's rate against the other's in the same round."""
        pairs = zip(self.runs[one], self.runs[other], strict=True)
        return statistics.median(mine.rate / theirs.rate for mine, theirs in pairs)

    def rate(self, name: str) -> float:
        """The median rate of a measurement."""
        return statistics.median(run.rate for run in self.runs[name])

    async def latency(self, kind: Kind, count: int, rate: float) -> dict[str, float]:
        """Milliseconds of a settlement to `refugees.v1` at a steady rate through all four services."""
        async with fleet(kind, self.stack, self.directory) as processes:
            await surge(processes, WARM_UP, FOLLOWERS, first=0)
            await latencies(processes, WARM_UP, rate, first=WARM_UP)
            took = await latencies(processes, count, rate, first=2 * WARM_UP)
        return {"p50": took[len(took) // 2], "p99": took[int(len(took) * 0.99)]}


async def run(bench: Bench, surge_count: int) -> dict[str, Any]:
    """Everything in its order; returns the figures."""
    for _ in range(bench.rounds):
        await bench.measure("one stage: ours", OURS, ONE_STAGE, bench.settlements)
        await bench.measure("one stage: floor", FLOOR, ONE_STAGE, bench.settlements)
        await bench.measure("one stage: naive", NAIVE, ONE_STAGE, NAIVE_COUNT)
    for _ in range(bench.rounds):
        await bench.measure("all four: ours", OURS, SERVICES, bench.settlements)
        await bench.measure("all four: floor", FLOOR, SERVICES, bench.settlements)
        await bench.measure("all four: secured", OURS, SERVICES, bench.settlements, secured=True)
    for replicas in (1, 2, 4):
        await bench.measure(f"replicas: {replicas}", OURS, SERVICES, bench.settlements, replicas)
    late = {name: await bench.latency(kind, 2_000, 100) for name, kind in (("ours", OURS), ("floor", FLOOR))}
    surged = await bench.measure("surge", OURS, SERVICES, surge_count)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "settlements": bench.settlements,
        "rounds": bench.rounds,
        "ratios": {
            "one stage: ours / naive": bench.ratio("one stage: ours", "one stage: naive"),
            "one stage: ours / floor": bench.ratio("one stage: ours", "one stage: floor"),
            "all four: ours / floor": bench.ratio("all four: ours", "all four: floor"),
            "all four: secured / ours": bench.ratio("all four: secured", "all four: ours"),
        },
        "latency_ms_at_100_per_second": late,
        "surge": {"settlements": surge_count, "seconds": surged.seconds},
        "runs": {
            name: {
                "settlements_per_second": bench.rate(name),
                "each": [round(one.rate) for one in found],
                "cpu_seconds_per_1000": statistics.median(one.cpu_per_thousand for one in found),
                "processors_busy": statistics.median(one.busy for one in found),
                "peak_mib": max(one.peak for one in found),
                "cpu_seconds_per_1000_by_process": {
                    part: round(cost.cpu / found[-1].settlements * 1000, 3)
                    for part, cost in found[-1].costs.items()
                },
            }
            for name, found in bench.runs.items()
        },
    }


def show(figures: dict[str, Any], console: Console) -> None:
    """Tables, and the line that sums it up."""
    table = Table("run", "settlements/s", "CPU s per 1,000", "processors busy", "most MiB of a process")
    for name, one in figures["runs"].items():
        table.add_row(
            name,
            f"{one['settlements_per_second']:,.0f}",
            f"{one['cpu_seconds_per_1000']:.3f}",
            f"{one['processors_busy']:.2f}",
            f"{one['peak_mib']:.0f}",
        )
    console.print(table)
    for name, ratio in figures["ratios"].items():
        console.print(f"{name}: {ratio:.2f}")
    for name, late in figures["latency_ms_at_100_per_second"].items():
        console.print(f"to refugees.v1 at 100/s, {name}: p50 {late['p50']:.0f} ms, p99 {late['p99']:.0f} ms")
    ratios = figures["ratios"]
    console.print(
        f"pipeline: {figures['runs']['all four: ours']['settlements_per_second']:.0f} settlements/s, "
        f"{ratios['one stage: ours / naive']:.1f} x naive, {ratios['all four: ours / floor']:.2f} of floor, "
        f"secured {ratios['all four: secured / ours']:.2f} of ours, "
        f"surge {figures['surge']['seconds']:.0f} s",
        highlight=False,
    )


def main() -> None:
    """Measures, writes `docs/benchmarks/`, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settlements", type=int, default=20_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--surge", type=int, default=100_000)
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    console = Console(width=110)
    with tempfile.TemporaryDirectory(prefix="kobling-bench-") as name:
        directory = Path(name)
        os.environ.setdefault(CACHE_VARIABLE, str(CACHE_GB))
        with (
            running_stack(directory / "stack") as stack,
            running_stack(directory / "secured", secure=True) as secured,
        ):
            started, guarded = (servers(supervisor_pid(directory / name)) for name in ("stack", "secured"))
            bench = Bench(
                stack, secured, directory, given.settlements, given.rounds, console, started, guarded
            )
            figures = asyncio.run(run(bench, given.surge))
    given.results.mkdir(parents=True, exist_ok=True)
    (given.results / "pipeline.json").write_text(json.dumps(figures, indent=2) + "\n")
    draw(figures, given.results / "pipeline.svg")
    show(figures, console)


if __name__ == "__main__":
    main()
