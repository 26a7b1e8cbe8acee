"""A directory that looks like the checkout, in which a page's shell blocks are pasted."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from deploy import background

ROOT = Path(__file__).parents[2]
SHELLS = ("bash", "dash")
_BLOCK = re.compile(r"^```(?:bash|sh|shell)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_ENDED = re.compile(r"^@@ (\d+) (\d+)$", re.MULTILINE)


def blocks_of(page: Path) -> list[str]:
    """A page's shell blocks, in their order."""
    return [block["content"] for block in _BLOCK.finditer(page.read_text(encoding="utf-8"))]


@contextmanager
def checkout(directory: Path) -> Iterator[Path]:
    """The directory, with an installation of its own that is stopped at the end if a block starts one."""
    for entry in ROOT.iterdir():
        if entry.name not in {".run", ".git"}:
            (directory / entry.name).symlink_to(entry)
    run = directory / ".run"
    run.mkdir()
    cache = ROOT / ".run" / "cache"
    cache.mkdir(parents=True, exist_ok=True)
    (run / "cache").symlink_to(cache)
    try:
        yield directory
    finally:
        background.stop(run)


def paste(shell: str, blocks: list[str], directory: Path, seconds: float) -> tuple[str, str, list[int]]:
    """Pastes blocks into one shell; returns what it prints, what it complains of, and each block's status."""
    pasted = "".join(f"{block}echo @@ {number} $?\n" for number, block in enumerate(blocks))
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    run = subprocess.run(  # noqa: S603 (our own page)
        [shell],
        input=pasted,
        cwd=directory,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )
    ended = [int(status) for _, status in _ENDED.findall(run.stdout)]
    return run.stdout, run.stderr, ended
