"""What a benchmark's absolute figures are of."""

import os
import platform


def machine() -> dict[str, str | int | float | None]:
    """The machine, and how busy it has been in the last five minutes (processes that run or wait to)."""
    return {
        "processors": os.cpu_count(),
        "system": platform.system(),
        "python": platform.python_version(),
        "load_average": os.getloadavg()[1],
    }
