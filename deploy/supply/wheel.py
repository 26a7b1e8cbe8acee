"""Builds the wheel with the locked build backend, so that the same commit gives the same bytes."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.supply.commit import VARIABLE
from deploy.supply.locked import DIRECTORY, ROOT

UV = Path(sys.executable).with_name("uv")


class NotBuilt(Exception):
    """uv or the build backend failed; the message has their words."""


def backend(directory: Path) -> Path:
    """A fresh environment in this directory with what `requirements/build.txt` locks; returns its Python.

    Nothing is built on the way, since building would fetch a backend that no lock file names.
    Raises NotBuilt.
    """
    environment = directory / "backend"
    _uv({}, "venv", "--python", sys.executable, environment)
    where = {"VIRTUAL_ENV": str(environment)}
    locked = DIRECTORY / "build.txt"
    _uv(where, "pip", "sync", "--system-certs", "--require-hashes", "--no-build", locked)
    return environment / "bin" / "python"


def build(python: Path, into: Path, seconds: int, source: Path = ROOT) -> Path:
    """The wheel of a source tree, dated `seconds` since 1970, by this Python's backend. Raises NotBuilt."""
    date = {VARIABLE: str(seconds)}
    _uv(date, "build", "--wheel", "--no-build-isolation", "--python", python, "--out-dir", into, source)
    (wheel,) = into.glob("*.whl")
    return wheel


def _uv(settings: Mapping[str, str], *words: str | Path) -> None:
    done = subprocess.run(  # noqa: S603 (uv, with words of ours)
        [UV, "--quiet", *words],
        cwd=ROOT,
        env={**os.environ, **settings},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        raise NotBuilt(f"uv {' '.join(map(str, words[:2]))} ended with {done.returncode}:\n{done.stderr}")
