"""`python -m tests.faults`: runs the matrix, or a part of it, and says what it found."""

import argparse
import asyncio
import logging
import shutil
import sys
import tempfile
from pathlib import Path

from tests.faults import rows
from tests.faults.bench import Bench
from tests.faults.registry import ROWS, Lane, Result
from tests.faults.rows.disks import own_mounts
from tests.faults.table import last_line, line_of, table


async def run(numbers: list[int], bench: Bench) -> dict[int, Result]:
    """Runs these rows, in their lanes; prints a line when each is done."""
    results: dict[int, Result] = {}

    async def follow(lane: Lane) -> None:
        for number in numbers:
            if ROWS[number].lane == lane:
                results[number] = await ROWS[number].run(bench)
                print(line_of(ROWS[number], results[number]), flush=True)  # noqa: T201

    async with bench.running():
        await asyncio.gather(follow("shared"), follow("beside"))
        await follow("alone")
    return dict(sorted(results.items()))


def main() -> int:
    """0 where nothing is lost or doubled and every invariant holds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", default="", help="numbers of rows with commas between; all if empty")
    parser.add_argument("--kills", type=int, default=200, help="how many kills row 2 makes")
    parser.add_argument("--seed", type=int, default=1, help="of the schedules and of the load")
    parser.add_argument("--rate", type=float, default=40.0, help="settlements a second")
    parser.add_argument("--burst", type=float, default=60.0, help="seconds of row 28's burst")
    parser.add_argument("--keep", action="store_true", help="leave the directory with the logs")
    said = parser.parse_args()
    own_mounts()
    rows.load()
    numbers = [int(one) for one in said.rows.split(",")] if said.rows else sorted(ROWS)
    directory = Path(tempfile.mkdtemp(prefix="kobling-faults-"))
    bench = Bench(directory, said.seed, said.kills, said.rate, said.burst)
    try:
        results = asyncio.run(run(numbers, bench))
    finally:
        if said.keep:
            print(f"logs: {directory}")  # noqa: T201
        else:
            shutil.rmtree(directory, ignore_errors=True)
    print(table(results))  # noqa: T201
    print(last_line(results))  # noqa: T201
    return 0 if all(one.holds or one.not_run for one in results.values()) else 1


if __name__ == "__main__":
    # Outages are the point: the clients' complaints of them would hide what was found.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(main())
