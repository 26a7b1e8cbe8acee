"""Where the command line finds a service's broker and database."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from kobling.processes import lives
from shared.cluster import Cluster
from shared.cluster_settings import ClusterSettings
from shared.settings import ServiceSettings, load_settings

RUN_VARIABLE = "KOBLING_RUN"
"""Names the directory in which a local installation says where it is; `.run` unless set."""


def cluster(servers: str | None) -> Cluster:
    """Kafka as whoever types reaches it: the servers given, else those of `KOBLING_KAFKA`, else the local
    installation's, with the account of the variables `KOBLING_KAFKA_*`.

    Ends the process with 2 where a variable is wrong.
    """
    found = {} if servers or "KOBLING_KAFKA" in os.environ else _found("kafka")
    given = {"kafka": servers} if servers else found
    return load_settings(ClusterSettings, prefix="KOBLING_", **given).cluster


def access(service: str) -> ServiceSettings:
    """A service's broker and database: as its variables say, else as the local installation that runs.

    Ends the process with 2 where a variable is wrong.
    """
    prefix = f"{service.upper()}_"
    kafka = {} if f"{prefix}KAFKA" in os.environ else _found("kafka")
    mongodb = {} if {f"{prefix}MONGODB", f"{prefix}MONGODB_FILE"} & os.environ.keys() else _found("mongodb")
    return load_settings(ServiceSettings, prefix=prefix, **kafka, **mongodb)


def _found(beginning: str) -> dict[str, Any]:
    """What the local installation says of a server: the settings that begin so."""
    found = _local_installation(Path(os.environ.get(RUN_VARIABLE) or ".run"))
    return {name: value for name, value in found.items() if name.startswith(beginning)}


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
