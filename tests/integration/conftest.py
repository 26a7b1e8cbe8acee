from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Addresses
from shared.mongo import Database
from tests.support.cluster import Corner


@pytest.fixture
async def corner(stack: Addresses) -> AsyncIterator[Corner]:
    """A topic prefix and a database of the test's own; nothing of it is left."""
    made = Corner(stack)
    yield made
    await made.remove()


@pytest.fixture
async def database(corner: Corner) -> AsyncIterator[Database]:
    """A client of the corner's database."""
    made = corner.database()
    yield made
    made.close()
