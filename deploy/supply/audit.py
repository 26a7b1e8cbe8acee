"""`python -m deploy.supply.audit`: asks whether any locked version is known to be vulnerable.

pip-audit asks the index's JSON interface, and of what that does not answer OSV (`OSV_URL` names another
that speaks as it does, such as a mirror of one's own).

Ends with 1 where a version is known to be vulnerable. What nobody answered is said, as NOT AUDITED, and
ends with 0, or with 3 under `--required`, as a release asks: docs/adr/0037-supply-chain.md.
"""

import argparse
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from deploy.supply import locked
from deploy.supply.advisories import SERVICES, Advisory, ask

VULNERABLE, NOT_AUDITED = 1, 3
SHOWN = 5
"""How many versions that nobody answered about are named."""

ACCEPTED: Mapping[str, str] = {}
"""Advisories that don't touch Kobling, by any of their identifiers, each with why not."""


def audit(
    pins: frozenset[str], services: Iterable[str]
) -> tuple[frozenset[Advisory], frozenset[str], list[str]]:
    """The advisories about these `name==version`, those that nobody answered about, and why not."""
    found: set[Advisory] = set()
    failures = []
    for service in services:
        if not pins:
            break
        answer = ask(service, pins)
        found |= {one for one in answer.advisories if not ACCEPTED.keys() & set(one.names)}
        pins -= answer.answered
        failures += [answer.failure] if answer.failure else []
    return frozenset(found), pins, failures


def main(arguments: Sequence[str] | None = None) -> int:
    """0, VULNERABLE or NOT_AUDITED."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--required", action="store_true", help="what nobody answers ends with 3")
    parser.add_argument("--directory", type=Path, default=locked.DIRECTORY, help="of the lock files")
    parser.add_argument(
        "--service", choices=SERVICES, action="append", help="whom to ask; all if none is named"
    )
    parser.add_argument("sets", nargs="*", default=locked.ALL, help="which of them; all if none is named")
    given = parser.parse_args(arguments)
    pins = frozenset(
        f"{pin.name}=={pin.version}" for name in given.sets for pin in locked.read(name, given.directory)
    )
    found, unasked, failures = audit(pins, given.service or SERVICES)
    for one in sorted(found, key=lambda one: (one.pin, one.names)):
        mended = ", ".join(one.mended) or "no version yet"
        sys.stderr.write(f"audit: VULNERABLE: {one.pin}: {' = '.join(one.names)}, mended in {mended}\n")
    sys.stdout.write(f"audit: {len(pins - unasked)} of {len(pins)} locked versions were asked about\n")
    if unasked:
        shown = ", ".join(sorted(unasked)[:SHOWN]) + (" …" if len(unasked) > SHOWN else "")
        sys.stderr.write(f"audit: NOT AUDITED: {len(unasked)} of {len(pins)} versions ({shown})\n")
        sys.stderr.write("".join(f"audit: {failure}\n" for failure in failures))
    if found:
        return VULNERABLE
    return NOT_AUDITED if unasked and given.required else 0


if __name__ == "__main__":
    sys.exit(main())
