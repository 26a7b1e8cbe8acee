import asyncio
from collections.abc import Iterator

import pytest

from deploy.local.stack import Addresses
from tests.property.process import task_factory
from tests.property.world import World
from tests.support.cluster import Corner


@pytest.fixture
def runner() -> Iterator[asyncio.Runner]:
    """An event loop whose tasks can be stopped."""
    with asyncio.Runner() as runner:
        runner.get_loop().set_task_factory(task_factory)
        # Nobody is left to hear what becomes of a killed process's futures.
        runner.get_loop().set_exception_handler(lambda *_: None)
        yield runner


@pytest.fixture
def world(stack: Addresses, runner: asyncio.Runner) -> Iterator[World]:
    async def made() -> World:
        return World(Corner(stack))

    world = runner.run(made())
    yield world
    runner.run(world.close())
