"""What a benchmark's absolute figures are of."""

import os
import platform
import re
import subprocess

_USED = re.compile(r"\bused (\d+)K")


def machine() -> dict[str, str | int | float | None]:
    """The machine, and how busy it has been in the last five minutes (processes that run or wait to)."""
    return {
        "processors": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[1],
    }


def heap(pid: int) -> float | None:
    """MiB that live in a Java process' heap after a collection; None where its tool isn't there."""
    try:
        for command in ("GC.run", "GC.heap_info"):
            said = subprocess.run(  # noqa: S603 (our own command)
                ["jcmd", str(pid), command],  # noqa: S607 (as PATH has it)
                capture_output=True,
                text=True,
                check=True,
                timeout=120,
            ).stdout
    except (OSError, subprocess.SubprocessError):
        return None
    # The rest is of classes, which the heap does not hold.
    lines = [line for line in said.splitlines() if "generation" in line]
    return sum(int(size) for line in lines for size in _USED.findall(line)) / 1024
