"""The one Kafka and MongoDB that a test run shares, among pytest-xdist's workers too."""

import os
import tempfile
import uuid
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from deploy.local.stack import Addresses, shared_stack, stop_shared_stack

# Unless told, the same examples every time; KOBLING_EXAMPLES=deep looks for new ones.
settings.register_profile("gate", derandomize=True, deadline=None, max_examples=40)
settings.register_profile("deep", deadline=None, max_examples=2_000)
settings.load_profile(os.environ.get("KOBLING_EXAMPLES", "gate"))

SECURE = os.environ.get("SECURE") == "1"
"""Whether tests reach the run's servers under TLS, as the account that may do everything."""
_RUN = pytest.StashKey[dict[str, Any]]()


FIRST = ("alerts", "walkthroughs", "e2e")
"""Folders of files that take minutes, by what they take: left to the end one would run beside nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Has long files begin before short ones."""
    here = Path(__file__).parent

    def place(item: pytest.Item) -> int:
        folder = item.path.relative_to(here).parts[0] if item.path.is_relative_to(here) else ""
        return FIRST.index(folder) if folder in FIRST else len(FIRST)

    items.sort(key=place)


def pytest_configure(config: pytest.Config) -> None:
    """Name the run's directory; nothing is started before a test asks."""
    config.stash[_RUN] = getattr(config, "workerinput", {}).get("stack") or {
        "directory": str(Path(tempfile.gettempdir()) / f"kobling-tests-{uuid.uuid4().hex}"),
        "owner": os.getpid(),
    }


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Tell every worker of pytest-xdist the controller's directory and pid."""
    node.workerinput["stack"] = node.config.stash[_RUN]


def pytest_unconfigure(config: pytest.Config) -> None:
    """Stop the stack with the run; should the run be killed, the stack's supervisor sees that itself."""
    run = config.stash[_RUN]
    if run["owner"] == os.getpid():
        stop_shared_stack(Path(run["directory"]))


@pytest.fixture(scope="session")
def stack(pytestconfig: pytest.Config) -> Addresses:
    """Addresses of the run's real Kafka and MongoDB, started by the first test that asks.

    Tests share them: use topics, groups and databases with names of their own.
    """
    run = pytestconfig.stash[_RUN]
    return shared_stack(Path(run["directory"]), owner=run["owner"], discard=True, secure=SECURE)
