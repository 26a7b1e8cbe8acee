"""Where Prometheus and promtool are: on the PATH, or where `make prometheus` puts Debian's."""

import os
import shutil
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DEPLOYED = ROOT / "deploy" / "prometheus"
RUNBOOKS = ROOT / "docs" / "runbooks"
_PATH = os.pathsep.join([str(ROOT / ".run" / "prometheus" / "usr" / "bin"), os.environ.get("PATH", "")])

PROMETHEUS, PROMTOOL = (shutil.which(name, path=_PATH) for name in ("prometheus", "promtool"))

needs_prometheus = pytest.mark.skipif(
    PROMETHEUS is None or PROMTOOL is None, reason="Prometheus is not here: make prometheus"
)
