"""Reads the lock files in `requirements/`, as `uv pip compile --generate-hashes` writes them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import InvalidRequirement, Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
DIRECTORY = ROOT / "requirements"
SHIPPED = ("core", "cli", "intake", "matching", "notifications", "reporting")
"""The sets that run with the package: the core's, and the command line's and each service's with it. A
service's has what sends traces.
"""
ALL = (*SHIPPED, "installation", "dev", "build", "uv")

_HASH = re.compile(r"--hash=sha256:([0-9a-f]{64})")
_ASKED_BY = re.compile(r"#\s+(?:via\s+)?([a-z0-9][a-z0-9-]*)\s*")
_OURS = re.compile(r"#\s+(?:via\s+)?kobling \(pyproject\.toml.*\)\s*")


class NotLocked(Exception):
    """A lock file has a line that names no single version with its hashes; the message has file and line."""


@dataclass(frozen=True)
class Pin:
    """One version in a lock file.

    `marker` is the condition (PEP 508) under which it is installed, empty for always; `hashes` are SHA-256 in
    hexadecimal, one for each file that the index has of it; `asked_by` are the libraries that need it;
    `direct` tells that our own `pyproject.toml` does.
    """

    name: str
    version: str
    marker: str
    hashes: tuple[str, ...]
    asked_by: tuple[str, ...]
    direct: bool


def read(name: str, directory: Path = DIRECTORY) -> list[Pin]:
    """The pins of a set, in the file's order. Raises NotLocked, OSError."""
    path = directory / f"{name}.txt"
    return [_pin(block, path.name) for block in _blocks(path.read_text(encoding="utf-8"))]


def _blocks(text: str) -> Iterator[list[str]]:
    """A requirement's lines: its own, its hashes, and the comments beneath."""
    block: list[str] = []
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("#"):
            if block:
                yield block
            block = [line]
        elif block:
            block.append(line)
    if block:
        yield block


def _pin(block: list[str], file: str) -> Pin:
    first = block[0].removesuffix("\\").strip()
    try:
        requirement = Requirement(first.partition(" --hash")[0])
    except InvalidRequirement:
        raise NotLocked(f"{file}: no requirement: {first}") from None
    operators = [(one.operator, one.version) for one in requirement.specifier]
    hashes = tuple(sorted(found for line in block for found in _HASH.findall(line)))
    match operators:
        case [("==", version)] if hashes and requirement.url is None and not version.endswith(".*"):
            pass
        case _:
            raise NotLocked(f"{file}: not one version with its hashes: {first}")
    comments = [line.strip() for line in block if line.lstrip().startswith("#")]
    return Pin(
        name=canonicalize_name(requirement.name),
        version=version,
        marker=str(requirement.marker or ""),
        hashes=hashes,
        asked_by=tuple(
            found[1] for line in comments if (found := _ASKED_BY.fullmatch(line)) and found[1] != "via"
        ),
        direct=any(_OURS.fullmatch(line) for line in comments),
    )
