from collections.abc import AsyncIterator

import pytest

from deploy.local.stack import Addresses
from tests.integration.messaging.ledger import INDEXES, Ledger
from tests.support.cluster import Corner


@pytest.fixture
def corner(stack: Addresses) -> Corner:
    return Corner(stack)


@pytest.fixture
async def ledger(corner: Corner) -> AsyncIterator[Ledger]:
    database = corner.database()
    await database.ensure(INDEXES)
    yield Ledger(database)
    await database.drop()
    database.close()
