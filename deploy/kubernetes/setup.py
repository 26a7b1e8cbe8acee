"""`python -m deploy.kubernetes.setup`: `kobling setup` with the passwords that Secrets give.

`SETUP` holds its further words, such as `--replicas 3`.
"""

import os
import shlex
import shutil
import sys
import tempfile
from pathlib import Path

ROOT = Path("/run/kobling")
"""Below it `given` has each account's files by name, and `setup` the administrator's `mongodb.uri`."""


def main(root: Path = ROOT) -> None:
    """Runs it in this process's place. Raises OSError."""
    # Secrets are mounted to be read, and setting up may write beside what it was given.
    passwords = tempfile.mkdtemp(prefix="accounts-")
    for file in (root / "given").iterdir():
        # A mounted Secret has directories of its own beside the files.
        if file.is_file():
            shutil.copyfile(file, Path(passwords) / file.name)
    environment = {
        **os.environ,
        "KOBLING_SECRETS": passwords,
        "KOBLING_MONGODB": (root / "setup" / "mongodb.uri").read_text(encoding="utf-8").strip(),
    }
    command = ["kobling", "setup", "--yes", *shlex.split(os.environ.get("SETUP", ""))]
    os.execvpe("kobling", command, environment)  # noqa: S606, S607 (our own)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
