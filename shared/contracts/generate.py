"""What is published of the contracts, from the models: `python -m shared.contracts.generate`.

JSON Schemas, examples, the AsyncAPI document and the page of topics. With `--check` nothing is written: exit
code 1 and a line for each file that isn't fresh. Without it, a schema that would break what an existing file
of the same version promises is refused: it needs a new version.
"""

import argparse
import json
import re
import sys
from pathlib import Path
from typing import Any

from shared.contracts.asyncapi import document
from shared.contracts.catalogue import MESSAGES
from shared.contracts.compatibility import breaking_changes
from shared.contracts.example_record import record
from shared.contracts.json_schema import schema
from shared.contracts.topics_page import CONTRACTS, EXAMPLE_FILES, SCHEMAS, file_name, topics_page

ROOT = Path(__file__).parents[2]
TOPICS_PAGE = Path("docs/topics.md")
ASYNCAPI = CONTRACTS / "asyncapi.json"
"""Every channel and message in one file, valid by itself."""

_FILE = re.compile(r"(?P<name>[A-Za-z]+)\.v(?P<version>\d+)\.json")

Files = dict[Path, str]
"""What each generated file holds, by its path from the repository's root."""


def files() -> Files:
    """Everything that is generated."""
    found: Files = {TOPICS_PAGE: topics_page(), ASYNCAPI: _json(document())}
    for message in MESSAGES:
        found[SCHEMAS / file_name(message)] = _json(schema(message))
        found[EXAMPLE_FILES / file_name(message)] = _json(record(message))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def not_fresh(root: Path = ROOT) -> list[str]:
    """One line for each file that is missing, differs, or belongs to no message."""
    wanted = files()
    faults = []
    for path, text in wanted.items():
        if not (root / path).is_file():
            faults.append(f"{path}: missing")
        elif (root / path).read_text(encoding="utf-8") != text:
            faults.append(f"{path}: differs from what its model says")
    return faults + [
        f"{path}: belongs to no message of the catalogue" for path in _present(root) if not _is_known(path)
    ]


def _present(root: Path) -> list[Path]:
    return sorted(
        path.relative_to(root) for folder in (SCHEMAS, EXAMPLE_FILES) for path in (root / folder).glob("*")
    )


def _is_known(path: Path) -> bool:
    """Whether a file is of a message's present version or of an older one, which stays."""
    named = _FILE.fullmatch(path.name)
    return named is not None and any(
        message.name == named["name"] and int(named["version"]) <= message.version for message in MESSAGES
    )


def broken_promises(root: Path = ROOT) -> list[str]:
    """What the models would break of the schemas that are there, by file."""
    faults = []
    for message in MESSAGES:
        path = root / SCHEMAS / file_name(message)
        if path.is_file():
            old = json.loads(path.read_text(encoding="utf-8"))
            changes = breaking_changes(old, schema(message), inbound=message.inbound)
            faults += [f"{SCHEMAS / file_name(message)}: {change}" for change in changes]
    return faults


def write(root: Path = ROOT) -> None:
    """Writes all files; older versions stay as they are."""
    for path, text in files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """0 if all is well; 1 with a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    faults = not_fresh(root) if given.check else broken_promises(root)
    if faults:
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    if not given.check:
        write(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
