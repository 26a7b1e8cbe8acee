from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from anyio import to_process

from tests.integration.matching.world import Meanwhile, World
from tests.support.cluster import Corner


@pytest.fixture
async def world(corner: Corner, meanwhile: list[Meanwhile]) -> AsyncIterator[World]:
    made = World(corner)
    await made.ensure()
    yield made
    made.close()


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> list[Meanwhile]:
    """Rounds are solved in this process; then all of these run, and only then is anything written."""
    steps: list[Meanwhile] = []

    async def run_sync(function: Callable[..., Any], *args: Any) -> Any:
        solved = function(*args)
        for step in steps:
            await step()
        return solved

    monkeypatch.setattr(to_process, "run_sync", run_sync)
    return steps
