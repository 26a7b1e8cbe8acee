"""Under which licences the libraries are that run with Kobling, and which licences may be.

Read from the metadata of the installed packages, as SPDX expressions; what is not free to be shipped
under Apache-2.0 without conditions is refused, unless it is excused here with a reason.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution

from boolean import Expression
from license_expression import ExpressionError, Licensing, get_spdx_licensing

from deploy.supply import locked
from deploy.supply.locked import Pin

ALLOWED = frozenset(
    {
        *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause-Open-MPI", "CC0-1.0", "ISC"),
        *("MIT", "MIT-0", "PSF-2.0", "Unlicense", "Zlib"),
    }
)
"""Permissive ones: to keep notices is all that they ask for."""

_RUNTIME = ("GPL-3.0-or-later WITH GCC-exception-3.1", "LGPL-2.1-or-later")
_COMPILER = "GCC's runtime and libquadmath, unmodified files of their own that can be replaced"
EXCUSED: dict[str, tuple[tuple[str, ...], str]] = {
    "certifi": (("MPL-2.0",), "asks for the sources of its own files, a list of certificates, unmodified"),
    "numpy": (_RUNTIME, _COMPILER),
    "orjson": (("MPL-2.0",), "asks for the sources of its own files, which are public and unmodified"),
    "python-stdnum": (("LGPL-2.1-or-later",), "unmodified, a package of its own that can be replaced"),
    "scipy": (_RUNTIME, _COMPILER),
}
"""Further licences that one library may have or carry, and why."""

CLASSIFIED = {
    "Apache Software License": "Apache-2.0",
    "GNU Lesser General Public License v2 or later (LGPLv2+)": "LGPL-2.1-or-later",
    "ISC License (ISCL)": "ISC",
    "MIT License": "MIT",
    "The Unlicense (Unlicense)": "Unlicense",
}
"""Classifiers of the index in SPDX's words. Version 2 of the LGPL had another name: it begins with 2.1."""

READ = {"protobuf": "BSD-3-Clause", "scipy": "BSD-3-Clause"}
"""Of packages whose metadata have no single licence: read in the licence file that they carry."""

ELSEWHERE = {"colorama": "BSD-3-Clause"}
"""Of packages that are installed on other systems alone: read in the licence files that they carry."""

_CARRIED = re.compile(r"^Name: (.+)\n(?:.+\n)*?License: (.+)$", re.MULTILINE)
_PARSER: Licensing = get_spdx_licensing()


class LicenceRefused(Exception):
    """A library's licence is unknown or not allowed; the message names library, licence and remedy."""


@dataclass(frozen=True)
class Licensed:
    """A library's SPDX expression, and those of what its wheels carry beside it, by name. `version` is the
    one whose wheel was read; empty where none is installed.
    """

    expression: str
    carried: tuple[tuple[str, str], ...] = ()
    version: str = ""


@cache
def of(name: str) -> Licensed:
    """A library's licences, which are allowed. Raises LicenceRefused."""
    try:
        installed = distribution(name)
    except PackageNotFoundError:
        if name in ELSEWHERE:
            return Licensed(ELSEWHERE[name])
        raise LicenceRefused(f"{name}: not installed, so its licence is unknown") from None
    found = Licensed(declared(name, installed), tuple(carried(installed)), installed.version)
    for expression in (found.expression, *(licence for _, licence in found.carried)):
        hold(name, expression)
    return found


def declared(name: str, installed: Distribution) -> str:
    """The SPDX expression that a package declares, in whichever field it does. Raises LicenceRefused."""
    metadata = installed.metadata
    given = metadata.get_all("License-Expression") or [
        *filter(None, [READ.get(name)]),
        *(metadata.get_all("License") or []),
        *_classified(metadata.get_all("Classifier") or []),
    ]
    found = next(filter(None, map(_spdx, given)), None)
    if found is None:
        raise LicenceRefused(f"{name}: no licence that SPDX knows; read its licence file, and add it to READ")
    return found


def _classified(classifiers: Iterable[str]) -> Iterator[str]:
    """The one licence that classifiers name; nothing where there are several, or one that says too little."""
    licences = [one.rpartition(" :: ")[2] for one in classifiers if one.startswith("License ::")]
    if len(licences) == 1 and licences[0] in CLASSIFIED:
        yield CLASSIFIED[licences[0]]


def carried(installed: Distribution) -> Iterator[tuple[str, str]]:
    """What a wheel's licence file lists as carried with it (`Name:`, `License:`), as numpy's does."""
    for file in installed.files or ():
        if file.name == "LICENSE.txt" and ".dist-info" in file.parts[0]:
            yield from dict.fromkeys(_CARRIED.findall(file.read_text(encoding="utf-8")))


def hold(name: str, expression: str) -> None:
    """Raises LicenceRefused unless this library may have this licence."""
    parsed = _PARSER.parse(expression)
    excused, _ = EXCUSED.get(name, ((), ""))
    if parsed is None or not _allowed(parsed, ALLOWED.union(excused)):
        raise LicenceRefused(f"{name}: {expression} is not allowed; take another library, or excuse it here")


def _spdx(given: str) -> str | None:
    """An expression in SPDX's spelling; None for what is none."""
    try:
        parsed = _PARSER.parse(given, validate=True, strict=True)
    except ExpressionError:
        return None
    return None if parsed is None else str(parsed)


def _allowed(parsed: Expression, allowed: frozenset[str]) -> bool:
    """Of alternatives one must be allowed, of licences that hold together all."""
    if isinstance(parsed, _PARSER.OR):
        return any(_allowed(part, allowed) for part in parsed.args)
    if isinstance(parsed, _PARSER.AND):
        return all(_allowed(part, allowed) for part in parsed.args)
    return str(parsed) in allowed


def shipped() -> dict[str, list[Pin]]:
    """The pins of all shipped sets by library; several where they differ by Python."""
    found: dict[str, dict[str, Pin]] = {}
    for name in locked.SHIPPED:
        for pin in locked.read(name):
            found.setdefault(pin.name, {})[pin.version] = pin
    return {name: list(pins.values()) for name, pins in sorted(found.items())}


def rows() -> Iterator[tuple[str, str, str]]:
    """Name, versions and licence of each library that runs. Raises LicenceRefused."""
    for name, pins in shipped().items():
        yield name, " or ".join(pin.version for pin in pins), of(name).expression
