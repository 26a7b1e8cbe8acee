"""A release's files, made from two checkouts of one commit."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy.supply.commit import VARIABLE
from deploy.supply.locked import ROOT, SHIPPED
from deploy.supply.release import SUMS, sums
from tests.walkthroughs.page import copy_of_tree

AUTHOR = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (
        ("NAME", "Eksempel"),
        ("EMAIL", "eksempel@example.org"),
        ("DATE", "2016-06-01T12:00Z"),
    )
}


def checkout(directory: Path) -> Path:
    """A checkout of its own of this tree, committed at one time."""
    copy_of_tree(ROOT, directory)
    for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "--message", "All")):
        subprocess.run(  # noqa: S603 (git, on a copy)
            ["git", *words],  # noqa: S607 (as PATH has it)
            cwd=directory,
            env={**os.environ, **AUTHOR},
            check=True,
        )
    return directory


def released(source: Path, into: Path) -> subprocess.CompletedProcess[str]:
    settings = {name: value for name, value in os.environ.items() if name != VARIABLE}
    return subprocess.run(  # noqa: S603 (our own module)
        [sys.executable, "-m", "deploy.supply.release", str(into)],
        cwd=source,
        env=settings,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A checkout and its release."""
    directory = tmp_path_factory.mktemp("first")
    source, into = checkout(directory / "source"), directory / "release"
    done = released(source, into)
    assert (done.returncode, done.stderr) == (0, "")
    return source, into


def test_a_release_holds_what_an_installation_needs(first: tuple[Path, Path]) -> None:
    _, into = first
    held = {str(path.relative_to(into)) for path in into.rglob("*") if path.is_file()}
    (wheel,) = (name for name in held if name.endswith(".whl"))
    sets = {f"requirements/{name}.txt" for name in SHIPPED} | {f"sbom/{name}.cdx.json" for name in SHIPPED}
    assert held == {SUMS, wheel, *sets}
    command = ["sha256sum", "--check", "--strict", "--quiet", SUMS]
    subprocess.run(command, cwd=into, check=True)  # noqa: S603 (of the sums just made)
    assert len((into / SUMS).read_text().splitlines()) == len(held) - 1


def test_another_checkout_of_the_commit_gives_the_same_bytes(
    first: tuple[Path, Path], tmp_path: Path
) -> None:
    into = tmp_path / "another place" / "release"
    done = released(checkout(tmp_path / "another place" / "source"), into)
    assert (done.returncode, done.stderr) == (0, "")
    assert sums(into) == sums(first[1])


def test_what_is_not_committed_is_not_released(first: tuple[Path, Path], tmp_path: Path) -> None:
    source, _ = first
    (source / "shared" / "more.py").write_text("", encoding="utf-8")
    done = released(source, tmp_path / "release")
    (source / "shared" / "more.py").unlink()
    assert (done.returncode, done.stderr) == (1, "release: not committed: shared/more.py\n")
    assert not (tmp_path / "release").exists()


def test_nothing_is_released_among_other_files(first: tuple[Path, Path]) -> None:
    source, into = first
    before = sums(into)
    done = released(source, into)
    assert (done.returncode, done.stderr) == (1, f"release: {into} is not empty\n")
    assert sums(into) == before
