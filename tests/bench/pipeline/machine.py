"""What processes cost, from /proc."""

import os
from dataclasses import dataclass
from pathlib import Path

from tests.stack_user import children

_TICKS = os.sysconf("SC_CLK_TCK")
_MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor time in seconds, and resident memory in MiB: now, and at most so far."""

    cpu: float
    memory: float
    peak: float


def cost(pid: int) -> Cost:
    """What a process has cost since it began."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    # utime and stime, fields 14 and 15 in proc(5); the split begins at field 3.
    cpu = (int(fields[11]) + int(fields[12])) / _TICKS
    status = dict(
        line.split(":", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines() if ":" in line
    )
    return Cost(cpu, _kib(status["VmRSS"]) * 1024 / _MIB, _kib(status["VmHWM"]) * 1024 / _MIB)


def servers(supervisor: int | None) -> dict[str, int]:
    """The broker and the database that a supervisor has started, by name; none where others run them."""
    pids = children(supervisor) if supervisor is not None else []
    names = [Path(f"/proc/{pid}/comm").read_text().strip() for pid in pids]
    return {"kafka" if name == "java" else name: pid for name, pid in zip(names, pids, strict=True)}


def _kib(text: str) -> int:
    return int(text.split(maxsplit=1)[0])
