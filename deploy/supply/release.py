"""`python -m deploy.supply.release DIRECTORY`: all files of a release, and their SHA-256.

The wheel; `requirements/`, the locked versions with hashes of the command line and of each service;
`sbom/`, their bills of materials; `SHA256SUMS` of all of these. The directory must be new or empty. The same
commit gives the same bytes. Ends with 1 where something can't be made, or is not committed.
"""

import hashlib
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from deploy.supply import locked, sbom
from deploy.supply.commit import NoDate, source_date
from deploy.supply.wheel import NotBuilt, backend, build

SUMS = "SHA256SUMS"


def release(directory: Path) -> int:
    """0, or 1 with the reason on standard error."""
    if directory.exists() and any(directory.iterdir()):
        sys.stderr.write(f"release: {directory} is not empty\n")
        return 1
    if changed := uncommitted():
        sys.stderr.write(f"release: not committed: {', '.join(changed)}\n")
        return 1
    directory.mkdir(parents=True, exist_ok=True)
    try:
        with tempfile.TemporaryDirectory(prefix="kobling-build-") as name:
            # Apart from the release: uv puts a .gitignore beside what it builds.
            wheel = build(backend(Path(name)), Path(name, "built"), source_date())
            shutil.copyfile(wheel, directory / wheel.name)
    except (NoDate, NotBuilt) as failure:
        sys.stderr.write(f"release: NOT MADE: {failure}\n")
        return 1
    (directory / "requirements").mkdir()
    for name in locked.SHIPPED:
        shutil.copyfile(locked.DIRECTORY / f"{name}.txt", directory / "requirements" / f"{name}.txt")
    if sbom.main(directory / "sbom") != 0:
        return 1
    (directory / SUMS).write_text(sums(directory), encoding="utf-8")
    sys.stdout.write(f"release: {directory}/{SUMS} lists all files\n")
    return 0


def uncommitted() -> list[str]:
    """Files that differ from the commit whose date a release would bear, or that it has not."""
    command = ("git", "status", "--porcelain")
    done = subprocess.run(  # noqa: S603 (git's own state)
        command, cwd=locked.ROOT, capture_output=True, text=True, check=True
    )
    return [line[3:] for line in done.stdout.splitlines()]


def sums(directory: Path) -> str:
    """A line for each file, as `sha256sum --check` reads them."""
    return "".join(
        f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.relative_to(directory)}\n"
        for path in sorted(directory.rglob("*"))
        if path.is_file() and path.name != SUMS
    )


if __name__ == "__main__":
    sys.exit(release(Path(sys.argv[1])))
