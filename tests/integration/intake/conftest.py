import pytest

from shared.mongo import Database
from tests.integration.intake.world import World


@pytest.fixture
async def world(database: Database) -> World:
    made = World(database)
    await made.ensure()
    return made
