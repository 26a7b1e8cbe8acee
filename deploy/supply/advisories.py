"""Asks a service, through pip-audit, for advisories about versions."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

SERVICES = ("pypi", "osv")
"""The index's JSON interface and OSV, as pip-audit calls them, in the order in which they are asked."""
OSV_URL = "OSV_URL"
CONNECT_SECONDS, ALL_SECONDS = 5, 120
"""How long a service may take to begin an answer, and to answer about everything."""

KNOWN = "urllib3==1.26.3"
"""Vulnerable (PYSEC-2021-59, CVE-2021-28363 in PyPA's advisory database): it is asked about before
all else, since a mirror that leaves advisories out answers all else as if there were none."""


@dataclass(frozen=True)
class Advisory:
    """One advisory about `name==version`: its identifiers, and the versions that mend it, if any do."""

    pin: str
    names: tuple[str, ...]
    mended: tuple[str, ...]


@dataclass(frozen=True)
class Answer:
    """What a service said, and of which `name==version` it said anything; `failure` is why of none."""

    advisories: frozenset[Advisory] = frozenset()
    answered: frozenset[str] = frozenset()
    failure: str = ""


def ask(service: str, pins: frozenset[str]) -> Answer:
    """What one of SERVICES knows of these `name==version`; nothing where it fails midway."""
    told: dict[str, list[Any]] = {}
    for part in ([KNOWN], *parts(pins)):
        try:
            done = _run(service, part)
        except subprocess.TimeoutExpired:
            return Answer(failure=f"{service} did not answer within {ALL_SECONDS} s")
        # How it ended does not count: it is 1 both for what it found and for whom it can't reach.
        try:
            dependencies = json.loads(done.stdout)["dependencies"]
        except ValueError:
            return Answer(failure=f"{service} did not answer: {_last(done.stderr.splitlines())}")
        for one in dependencies:
            if "skip_reason" not in one:
                told[f"{one['name']}=={one['version']}"] = one["vulns"]
        if not told.get(KNOWN):
            return Answer(
                failure=f"{service} does not tell that {KNOWN} is vulnerable: nothing is taken from it"
            )
    asked = {pin: told[pin] for pin in pins & told.keys()}
    return Answer(frozenset(_advisories(asked)), frozenset(asked))


def parts(pins: Iterable[str]) -> Iterator[list[str]]:
    """The pins in parts that have each library once: pip-audit takes no two versions of one."""
    left = sorted(pins)
    while left:
        part = {pin.partition("==")[0]: pin for pin in left}
        yield list(part.values())
        left = [pin for pin in left if pin not in part.values()]


def _run(service: str, pins: Iterable[str]) -> subprocess.CompletedProcess[str]:
    """Raises TimeoutExpired."""
    with tempfile.TemporaryDirectory(prefix="kobling-audit-") as name:
        asked = Path(name, "asked.txt")
        asked.write_text("".join(f"{pin}\n" for pin in pins), encoding="utf-8")
        command = [sys.executable, "-m", "pip_audit", "--vulnerability-service", service, "--format", "json"]
        command += ["--disable-pip", "--no-deps", "--requirement", str(asked), "--cache-dir", name]
        command += ["--progress-spinner", "off", "--desc", "off", "--timeout", str(CONNECT_SECONDS)]
        if service == "osv" and (url := os.environ.get(OSV_URL)):
            command += ["--osv-url", url]
        return subprocess.run(  # noqa: S603 (pip-audit, on versions of our own)
            command, capture_output=True, text=True, check=False, timeout=ALL_SECONDS
        )


def _advisories(told: Mapping[str, Iterable[Mapping[str, Any]]]) -> Iterator[Advisory]:
    """pip-audit's JSON of each version as advisories."""
    for pin, advisories in told.items():
        for one in advisories:
            yield Advisory(pin, (one["id"], *sorted(one["aliases"])), tuple(one["fix_versions"]))


def _last(lines: Sequence[str]) -> str:
    return lines[-1][:200] if lines else "no report, and no complaint"
