"""`python -m tests.equality record [--tree CHECKOUT] OUT` and `compare BEFORE AFTER`."""

import argparse
import asyncio
import logging
import sys
import tempfile
from pathlib import Path

from tests.equality.bergen import Bergen
from tests.equality.compare import compare, load_allowed
from tests.equality.fleet import running_fleet
from tests.equality.play import record


async def _record(tree: Path, records: int, seed: int, out: Path) -> int:
    directory = Path(tempfile.mkdtemp(prefix="kobling-equality-"))
    sys.stdout.write(f"services of {tree}; their logs: {directory}/logs\n")
    async with running_fleet(tree, directory) as fleet:
        return await record(fleet, Bergen(tree), records, seed, out)


def main() -> int:
    """Records, or compares; 1 where something differs or could not be named."""
    parser = argparse.ArgumentParser(prog="python -m tests.equality")
    parts = parser.add_subparsers(dest="part", required=True)
    recording = parts.add_parser("record", help="what a checkout's services say to the stream, into a file")
    recording.add_argument("out", type=Path, metavar="OUT")
    recording.add_argument("--tree", type=Path, default=Path.cwd(), help="the checkout, else this one")
    recording.add_argument("--records", type=int, default=20_000, help="generated settlements and commands")
    recording.add_argument("--seed", type=int, default=1)
    comparing = parts.add_parser("compare", help="two recordings")
    comparing.add_argument("before", type=Path, metavar="BEFORE")
    comparing.add_argument("after", type=Path, metavar="AFTER")
    comparing.add_argument("--allow", type=Path, help="a JSON list of {topic, path, why} and perhaps key")
    given = parser.parse_args()
    if given.part == "compare":
        return int(compare(given.before, given.after, load_allowed(given.allow)) > 0)
    return int(asyncio.run(_record(given.tree.resolve(), given.records, given.seed, given.out)) > 0)


if __name__ == "__main__":
    # It warns of each topic until it has asked for its metadata.
    logging.getLogger("aiokafka").setLevel(logging.ERROR)
    sys.exit(main())
