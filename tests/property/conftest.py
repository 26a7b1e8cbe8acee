import asyncio
from collections.abc import Callable, Iterator

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
def new_world(stack: Addresses, runner: asyncio.Runner) -> Iterator[Callable[[], World]]:
    """Makes worlds that share nothing but the servers."""
    made: list[World] = []

    def new() -> World:
        made.append(World(Corner(stack)))
        return made[-1]

    yield new
    for world in made:
        runner.run(world.close())


@pytest.fixture
def world(new_world: Callable[[], World], runner: asyncio.Runner) -> World:
    async def made() -> World:
        return new_world()

    return runner.run(made())
