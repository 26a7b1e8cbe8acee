"""Each walk-through of `docs/adding.md` on a copy of the tree: what it adds runs, and little is touched."""

import subprocess
import sys
from pathlib import Path

import pytest

from tests.walkthroughs.page import Step, copy_of_tree, walkthroughs

ROOT = Path(__file__).parents[2]
WALKTHROUGHS = walkthroughs((ROOT / "docs/adding.md").read_text(encoding="utf-8"))
KINDS = {"A command", "An event", "A criterion", "A requirement", "A figure", "A template"}
MOST_FILES = 2


def is_test(step: Step) -> bool:
    return step.path.parts[0] == "tests"


def run(root: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Runs a module of the tree's."""
    command = [sys.executable, "-m", *arguments]
    return subprocess.run(command, cwd=root, check=False, capture_output=True, text=True)  # noqa: S603 (our own command)


def assert_runs(root: Path, *arguments: str) -> None:
    done = run(root, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr


def test_each_thing_has_its_walkthrough() -> None:
    assert set(WALKTHROUGHS) == KINDS


@pytest.mark.parametrize("title", WALKTHROUGHS)
def test_a_walkthrough_touches_few_files(title: str) -> None:
    steps = WALKTHROUGHS[title]
    touched = {step.path for step in steps if not is_test(step)}
    # A language is a file of its own, whatever is added.
    files = {path for path in touched if path.suffix != ".toml"}
    assert len(files) <= MOST_FILES, sorted(map(str, touched))
    assert [step for step in steps if is_test(step) and step.creates]


@pytest.mark.parametrize("title", WALKTHROUGHS)
def test_what_a_walkthrough_adds_runs(title: str, tmp_path: Path) -> None:
    tree = copy_of_tree(ROOT, tmp_path / "tree")
    steps = WALKTHROUGHS[title]
    tests = sorted({str(step.path) for step in steps if is_test(step)})
    for step in [step for step in steps if is_test(step)]:
        step.apply(tree)
    without = run(tree, "pytest", "-q", *tests)
    assert without.returncode != 0, "the walk-through's test passes without what it adds"
    for step in [step for step in steps if not is_test(step)]:
        step.apply(tree)
    assert_runs(tree, "shared.contracts.generate")
    assert_runs(tree, "deploy.pages")
    assert_runs(tree, "shared.contracts.generate", "--check")
    assert_runs(tree, "pytest", "-q", *tests, "tests/contracts/test_schemas.py", "tests/test_architecture.py")
