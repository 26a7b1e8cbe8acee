"""`python -m tests.security.matrix`: who may do what with which topic, asked of a real broker and printed.

Ends with 1 where an answer is another than the rules', which `test_access.py` says once more in words.
"""

import asyncio
import sys
import tempfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from deploy.local.servers import running_servers
from kobling.administration import topics_of
from shared.contracts.access import Grant, Principal, grants
from tests.security.guarded import EVERYBODY, PRINCIPALS, set_up
from tests.security.probes import REFUSED, Codes, Probe, probing

TOPICS = sorted(
    topics_of(
        [one.name for one in PRINCIPALS if one.kind == "municipality"],
        [one.name for one in PRINCIPALS if one.kind == "operator"],
    )
)
REQUESTS = {
    "d": ("ends", ("read", "write", "describe")),
    "c": ("configs", ("describe_configs",)),
    "A": ("alter", ()),
    "G": ("grow", ()),
    "E": ("empty", ()),
    "X": ("delete", ()),
    "R": ("read", ("read",)),
    # Last, since a record that is no event is left behind.
    "W": ("write", ("write",)),
}
"""By letter: the probe's request, and the operations of which one must be granted; the others nobody may."""
LEGEND = "d: ask where it ends, c: see settings, R: read, W: write; A, G, E, X: alter, grow, empty, delete"
Row = Mapping[str, str]
"""By topic, the letters of what somebody may do."""


def allowed(codes: Codes) -> set[str]:
    """What was not refused. Any answer but yes or a refusal is the probe's fault: raises ValueError."""
    strange = {name: code for name, code in codes.items() if code not in (0, *REFUSED)}
    if strange:
        raise ValueError(f"neither granted nor refused: {strange}")
    return {name for name, code in codes.items() if code == 0}


def matching(
    principal: Principal, resource: str, operations: Iterable[str], names: Iterable[str]
) -> set[str]:
    """Those of these names that somebody is granted one of these operations on."""
    mine = [one for one in grants(principal) if one.resource == resource and one.operation in operations]
    return {name for name in names if any(_covers(one, name) for one in mine)}


def _covers(grant: Grant, name: str) -> bool:
    return grant.name == "*" or (name.startswith(grant.name) if grant.prefixed else name == grant.name)


async def asked(probe: Probe) -> Row:
    """What the broker lets somebody do with each topic."""
    granted = {
        letter: allowed(await getattr(probe, request)(TOPICS)) for letter, (request, _) in REQUESTS.items()
    }
    return {topic: "".join(letter for letter in REQUESTS if topic in granted[letter]) for topic in TOPICS}


def ruled(principal: Principal) -> Row:
    """What the rules let somebody do with each topic."""
    granted = {
        letter: matching(principal, "topic", operations, TOPICS)
        for letter, (_, operations) in REQUESTS.items()
    }
    return {topic: "".join(letter for letter in REQUESTS if topic in granted[letter]) for topic in TOPICS}


def drawn(rows: Mapping[Principal, Row]) -> str:
    """The matrix as text: a row for each topic, a column for each account."""
    width, cell = max(map(len, TOPICS)), len(REQUESTS)
    lines = [f"{number:>{cell}}  {one.account}" for number, one in enumerate(rows)]
    lines.append(LEGEND)
    lines.append(" ".join([" " * width, *(f"{number:>{cell}}" for number, _ in enumerate(rows))]))
    lines += [
        " ".join([topic.ljust(width), *(f"{row[topic] or '.':>{cell}}" for row in rows.values())])
        for topic in TOPICS
    ]
    return "\n".join(lines)


async def main() -> int:
    """Starts secured servers, asks everything as everybody, and prints what was answered."""
    with tempfile.TemporaryDirectory(prefix="kobling-access-") as name:
        directory = Path(name)
        async with running_servers(directory, secure=True) as servers:
            guarded = await set_up(servers, directory / "secrets")
            rows: dict[Principal, Row] = {}
            for one in EVERYBODY:
                async with probing(guarded.as_(one)) as probe:
                    rows[one] = await asked(probe)
    surprises = sum(rows[one][topic] != ruled(one)[topic] for one in EVERYBODY for topic in TOPICS)
    cells = len(EVERYBODY) * len(TOPICS) * len(REQUESTS)
    sys.stdout.write(f"{drawn(rows)}\naccess: {cells} cells asked of the broker, {surprises} surprises\n")
    return 1 if surprises else 0


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
