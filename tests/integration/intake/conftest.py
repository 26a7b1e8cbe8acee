from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Addresses
from tests.integration.intake.world import World
from tests.support.cluster import Corner


@pytest.fixture
async def world(stack: Addresses) -> AsyncIterator[World]:
    database = Corner(stack).database()
    made = World(database)
    await made.ensure()
    yield made
    await database.drop()
    database.close()
