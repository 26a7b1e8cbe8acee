from collections.abc import AsyncIterator

import pytest_asyncio

from deploy.local.stack import Addresses
from services.matching.domain.solve import prepare
from shared.contracts.topics import SERVICES, Service
from shared.mongo import Database
from tests.integration.commands.benches import bench_of
from tests.integration.commands.shelf import Shelf
from tests.integration.matching.conftest import meanwhile
from tests.support.cluster import Corner

__all__ = ["meanwhile"]


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def shelves(stack: Addresses) -> AsyncIterator[dict[Service, Shelf]]:
    """A database for each service, which the module's tests use one after the other."""
    # Else the first proposal's transaction lasts as long as the solver takes to be imported.
    prepare()
    made: dict[Service, Shelf] = {}
    databases: list[Database] = []
    for service in SERVICES:
        corner = Corner(stack)
        database = corner.database()
        bench = bench_of(service, corner, database)
        await database.ensure(bench.wiring.collections)
        made[service] = Shelf(service, corner, database)
        databases.append(database)
    yield made
    for database in databases:
        await database.drop()
        database.close()
