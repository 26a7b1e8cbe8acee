"""A round over a whole city while states go on arriving: `make bench-round`, some five minutes.

One replica of matching on a Kafka and a MongoDB of their own. Everybody is published as intake would;
then states arrive at a steady rate, first without a round and then beside one.
"""

import argparse
import asyncio
import json
import os
import tempfile
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from deploy.local.addresses import Addresses
from deploy.local.mongodb import CACHE_VARIABLE
from deploy.local.stack import running_stack
from tests.bench.big_round.asked import OPERATOR, administer, answer, ask_round
from tests.bench.big_round.crowd import crowd
from tests.bench.big_round.groups import generations
from tests.bench.big_round.traffic import Handled, Stream, send_all
from tests.bench.machine import machine
from tests.bench.pipeline.fleet import OURS, Fleet, fleet
from tests.bench.pipeline.machine import cost
from tests.stack_user import children

RESULTS = Path(__file__).parents[3] / "docs" / "benchmarks"
GROUPS = ("refugees", "volunteers", "commands")
CACHE_GB = 4
"""What MongoDB caches: with the local stack's own it writes pages out all the time."""
SETTLE_SECONDS = 5.0
"""What passes before and after each span that is measured."""


@dataclass(frozen=True, slots=True)
class Load:
    """How many people a side; records a second, how many of them about the pool's own people; for how many
    seconds they come without a round.
    """

    size: int
    rate: int
    here: int
    quiet: float


async def measure(stack: Addresses, directory: Path, load: Load, console: Console) -> dict[str, Any]:
    """One round of a fresh pool."""
    people = crowd(load.size)
    async with fleet(OURS, stack, directory, ("matching",), operators=(OPERATOR,)) as service:
        await administer(service)
        with Handled(stack.mongodb, service.database("matching")) as handled:
            sent = await asyncio.to_thread(send_all, stack.kafka, service.prefix, people.everybody())
            await asyncio.to_thread(handled.wait, sent.last)
            console.print(f"{len(sent.records):,} states are stored", style="dim")
            groups = [f"{service.prefix}matching.{name}" for name in GROUPS]
            before = await asyncio.to_thread(generations, stack.kafka, groups)
            with Stream(
                stack.kafka, service.prefix, load.rate, people.changes(load.rate, load.here)
            ) as stream:
                await asyncio.sleep(SETTLE_SECONDS)
                quiet = time.perf_counter()
                await asyncio.sleep(load.quiet)
                begun = time.perf_counter()
                told = await asyncio.to_thread(answer, service, await ask_round(service))
                ended = time.perf_counter()
                needs = memory(service)
                await asyncio.sleep(SETTLE_SECONDS)
            await asyncio.to_thread(handled.wait, stream.sent.last)
            after = await asyncio.to_thread(generations, stack.kafka, groups)
    alone, beside = stream.sent.waits(handled, quiet, begun), stream.sent.waits(handled, begun, ended)
    return {
        "events_about_the_pool": load.here,
        "seconds": ended - begun,
        "events_per_second": len(beside) / (ended - begun),
        "handled_ms": spread(beside),
        "handled_ms_without_round": spread(alone),
        "rebalances": sum(after.values()) - sum(before.values()),
        **needs,
        **{name: told[name] for name in ("receiving", "giving", "proposed", "skipped", "optimum_proven")},
    }


def memory(service: Fleet) -> dict[str, float]:
    """The most MB that the service and its worker have needed so far."""
    parent = service.pid("matching-0")
    peaks = [cost(child).peak for child in children(parent)]
    return {"worker_mb": max(peaks, default=0.0), "service_mb": cost(parent).peak}


def spread(waits: list[float]) -> dict[str, float]:
    """Half, 99 of 100 and all of these are within so many milliseconds."""
    return {"p50": waits[len(waits) // 2], "p99": waits[int(len(waits) * 0.99)], "most": waits[-1]}


def line(figures: dict[str, Any]) -> str:
    """What it comes to: the round beside which records were about people of anywhere."""
    one, size = figures["rounds"][0], figures["size"]
    return (
        f"round: {size}x{size} in {one['seconds']:.0f} s beside {one['events_per_second']:.0f} events/s, "
        f"p99 {one['handled_ms']['p99']:.0f} ms, {one['rebalances']} rebalances, "
        f"worker {one['worker_mb']:.0f} MB"
    )


def show(figures: dict[str, Any], console: Console) -> None:
    """A table, and the line that sums it up."""
    rounds = figures["rounds"]
    table = Table(
        "", *(f"{one['events_about_the_pool']} of {figures['rate']} about the pool" for one in rounds)
    )
    rows: list[tuple[str, list[str]]] = [
        ("round, s", [f"{one['seconds']:.1f}" for one in rounds]),
        ("events handled a second", [f"{one['events_per_second']:.0f}" for one in rounds]),
        ("handled within, ms: half", [f"{one['handled_ms']['p50']:.0f}" for one in rounds]),
        ("99 %", [f"{one['handled_ms']['p99']:.0f}" for one in rounds]),
        ("all", [f"{one['handled_ms']['most']:.0f}" for one in rounds]),
        ("99 % without a round", [f"{one['handled_ms_without_round']['p99']:.0f}" for one in rounds]),
        ("rebalances", [str(one["rebalances"]) for one in rounds]),
        ("most MB: worker", [f"{one['worker_mb']:.0f}" for one in rounds]),
        ("most MB: service", [f"{one['service_mb']:.0f}" for one in rounds]),
        ("proposed", [f"{one['proposed']:,}" for one in rounds]),
        ("skipped, changed meanwhile", [f"{one['skipped']:,}" for one in rounds]),
    ]
    for name, values in rows:
        table.add_row(name, *values)
    console.print(table)
    console.print(line(figures), highlight=False, soft_wrap=True)


async def run(
    given: argparse.Namespace, stack: Addresses, directory: Path, console: Console
) -> dict[str, Any]:
    """A round beside records of whom a few are the pool's, and one beside records that are all about it."""
    rounds = []
    for here in given.here:
        load = Load(given.size, given.rate, here, given.quiet)
        rounds.append(await measure(stack, directory, load, console))
        console.print(f"{here} events a second about the pool: measured", style="dim")
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "size": given.size,
        "rate": given.rate,
        "rounds": rounds,
    }


def main() -> None:
    """Measures, writes `docs/benchmarks/round.json`, prints."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--size", type=int, default=10_000, help="people a side")
    parser.add_argument("--rate", type=int, default=1_000, help="states a second")
    parser.add_argument(
        "--here", type=int, nargs="+", default=[10, 1_000], help="of them about the pool's people"
    )
    parser.add_argument("--quiet", type=float, default=15.0, help="seconds without a round")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    console = Console(width=110)
    os.environ.setdefault(CACHE_VARIABLE, str(CACHE_GB))
    with (
        tempfile.TemporaryDirectory(prefix="kobling-bench-") as name,
        running_stack(Path(name) / "stack") as stack,
    ):
        figures = asyncio.run(run(given, stack, Path(name), console))
    given.results.mkdir(parents=True, exist_ok=True)
    (given.results / "round.json").write_text(json.dumps(figures, indent=2) + "\n", encoding="utf-8")
    show(figures, console)


if __name__ == "__main__":
    main()
