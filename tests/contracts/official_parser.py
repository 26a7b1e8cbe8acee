"""The official parser of AsyncAPI, fetched once by its lock file and run in Node."""

import fcntl
import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent / "asyncapi"
_CACHE = Path(__file__).parents[2] / ".run" / "cache"
_FILES = ("package.json", "package-lock.json", ".npmrc", "validate.mjs")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What the parser says: each diagnostic has `code`, `message`, `path` and `severity` (0 is an error, 1 a
    warning, 2 a remark); `counts` are of the channels, operations and messages that it read.
    """

    diagnostics: list[dict[str, Any]]
    counts: dict[str, int]

    def codes(self) -> set[str]:
        return {one["code"] for one in self.diagnostics}


def node_is_missing() -> bool:
    return shutil.which("node") is None or shutil.which("npm") is None


def verdict(document: Path) -> Verdict:
    """The parser's verdict on a file; an assertion fails where Node does."""
    said = _run(["node", "validate.mjs", str(document.resolve())], _installed())
    *diagnostics, counts = (json.loads(line) for line in said.splitlines())
    return Verdict(diagnostics, counts)


def _installed() -> Path:
    """Where the parser is, with its lock file; another lock file is another place."""
    digest = hashlib.sha256(b"".join((_HERE / name).read_bytes() for name in _FILES)).hexdigest()[:12]
    target = _CACHE / f"asyncapi-parser-{digest}"
    _CACHE.mkdir(parents=True, exist_ok=True)
    with (_CACHE / f"{target.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not target.is_dir():
            partial = target.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            for name in _FILES:
                shutil.copy2(_HERE / name, partial / name)
            _run(["npm", "ci", "--silent"], partial)
            partial.rename(target)
    return target


def _run(command: list[str], directory: Path) -> str:
    done = subprocess.run(  # noqa: S603 (node and npm, as PATH has them)
        command, cwd=directory, capture_output=True, text=True, check=False, timeout=180
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
