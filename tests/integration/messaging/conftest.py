import pytest

from shared.mongo import Database
from tests.integration.messaging.ledger import INDEXES, Ledger


@pytest.fixture
async def ledger(database: Database) -> Ledger:
    await database.ensure(INDEXES)
    return Ledger(database)
