"""Where the command line finds a service's broker and database."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kobling.processes import lives
from shared.settings import ServiceSettings, load_settings

RUN_VARIABLE = "KOBLING_RUN"
"""Names the directory in which a local installation says where it is; `.run` unless set."""


def access(service: str) -> ServiceSettings:
    """A service's broker and database: as its variables say, else as the local installation that runs.

    Ends the process with 2 where a variable is wrong.
    """
    found = _local_installation(Path(os.environ.get(RUN_VARIABLE) or ".run"))
    here = {name: found[name] for name in ("kafka", "mongodb") if name in found}
    prefix = f"{service.upper()}_"
    unset = {name: value for name, value in here.items() if f"{prefix}{name.upper()}" not in os.environ}
    return load_settings(ServiceSettings, prefix=prefix, **unset)


def _local_installation(directory: Path) -> Mapping[str, Any]:
    """The addresses that a local installation has written; empty where none runs.

    Raises OSError where the directory is none or can't be read.
    """
    try:
        found: dict[str, Any] = json.loads((directory / "addresses.json").read_text())
    except FileNotFoundError:
        return {}
    # One that was killed leaves its addresses behind, and its servers are gone.
    return found if lives(found["pid"]) else {}
