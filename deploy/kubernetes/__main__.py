"""Manifests that are made: `python -m deploy.kubernetes COMMAND`.

`write` puts those of every installation into strimzi/, and `check` only says whether they are as the registry
of topics has it. The others print what `kubectl` takes: a municipality's, an operator's or a consumer's
topics and account, and the Secrets of a new installation.
"""

import argparse
import os
import sys
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import yaml

from deploy.kubernetes import secrets, strimzi
from deploy.kubernetes.strimzi import Manifest
from shared.contracts.access import Principal

HERE = Path(__file__).parent
MADE: Mapping[str, Callable[[], list[Manifest]]] = {
    "strimzi/topics.yaml": strimzi.fixed_topics,
    "strimzi/users.yaml": strimzi.fixed_users,
}
"""What is written, by its path here."""
_HEAD = "# Made by python -m deploy.kubernetes write, from shared/contracts/topics.py and access.py.\n"


def text(manifests: Iterable[Manifest]) -> str:
    """Manifests in YAML, one document each."""
    return yaml.safe_dump_all(manifests, explicit_start=True, sort_keys=False, width=110)


def write(root: Path = HERE) -> int:
    """Writes what is made anew."""
    for name, make in MADE.items():
        (root / name).write_text(_HEAD + text(make()), encoding="utf-8")
    return 0


def check(root: Path = HERE) -> int:
    """0 if every file is as it would be written; 1 with a line for each that isn't."""
    stale = [name for name, make in MADE.items() if not _is(root / name, _HEAD + text(make()))]
    sys.stderr.write("".join(f"deploy/kubernetes/{name}: not as the registry has it\n" for name in stale))
    return 1 if stale else 0


def _is(file: Path, content: str) -> bool:
    return file.exists() and file.read_text(encoding="utf-8") == content


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m deploy.kubernetes", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, told in (("write", "writes strimzi/"), ("check", "says whether strimzi/ is fresh")):
        commands.add_parser(name, help=told)
    commands.add_parser("municipality", help="prints topics and accounts").add_argument("names", nargs="+")
    commands.add_parser("consumer", help="prints accounts").add_argument("names", nargs="+")
    operator = commands.add_parser("operator", help="prints topics and accounts")
    operator.add_argument("names", nargs="+")
    operator.add_argument("--dead-letters", action="store_true", help="they may read dead letters")
    commands.add_parser("secrets", help="prints new Secrets; MongoDB's URI is KOBLING_MONGODB's")
    return parser


def printed(given: argparse.Namespace) -> list[Manifest]:
    """What a command prints. Raises ValueError for names and settings that can't be."""
    if given.command == "municipality":
        return [one for name in given.names for one in strimzi.of_municipality(name)]
    if given.command == "operator":
        return [
            one for name in given.names for one in strimzi.of_operator(name, dead_letters=given.dead_letters)
        ]
    if given.command == "consumer":
        return [strimzi.user(Principal("consumer", name), "made") for name in given.names]
    return secrets.fresh(os.environ.get("KOBLING_MONGODB", ""))


def main(arguments: list[str] | None = None) -> int:
    """What the process ends with."""
    given = _parser().parse_args(arguments)
    if given.command in {"write", "check"}:
        return write() if given.command == "write" else check()
    try:
        sys.stdout.write(text(printed(given)))
    except ValueError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
