"""A database that is no replica set, or none any more; transactions that its server ends."""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest
from pymongo import AsyncMongoClient
from pymongo.errors import PyMongoError

from deploy.local.mongodb import REPLICA_SET, MongoServer, find_mongod, initiate
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_mongodb
from shared.messaging.batches.batch import BatchProcessor
from shared.messaging.reading.records import Readable
from shared.mongo import Database
from shared.retry import is_infrastructure
from tests.faults.rows.members import WITHIN
from tests.integration.messaging.ledger import INDEXES, Commits, Ledger, processor, raws
from tests.support.cluster import Corner, wait_until
from tests.unit.messaging.records import settlement


@pytest.fixture
def port() -> int:
    (found,) = free_ports(1)
    return found


@asynccontextmanager
async def mongod(directory: Path, port: int, *options: str) -> AsyncIterator[None]:
    """A server on its data, with no more than these options."""
    data = directory / "data"
    data.mkdir(exist_ok=True)
    command = [str(find_mongod()), "--dbpath", str(data), "--port", str(port), "--bind_ip", LOOPBACK]
    command += ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.25", "--oplogSize", "50", *options]
    process = ServerProcess("mongod", command, directory / "mongod.log")
    try:
        await process.start()
        await process.listens(port, within=WITHIN)
        yield
    finally:
        await process.kill()


@pytest.mark.parametrize("options", ["directConnection=true", f"replicaSet={REPLICA_SET}"])
async def test_a_standalone_server_is_waited_for_by_name_and_the_batch_goes_on_once_it_is_a_set(
    tmp_path: Path, port: int, corner: Corner, options: str
) -> None:
    database = Database(f"mongodb://{LOOPBACK}:{port}/?{options}", "kobling")
    handler = processor(corner, Ledger(database))
    commits = Commits()
    async with mongod(tmp_path, port):
        working = asyncio.create_task(handler.process(raws([settlement("BER-1")]), commits))
        await wait_until(lambda: _said(database, handler, f"{LOOPBACK}:{port} is Standalone"))
    async with mongod(tmp_path, port, "--replSet", REPLICA_SET):
        await initiate(port)
        await wait_for_mongodb(f"mongodb://{LOOPBACK}:{port}/?replicaSet={REPLICA_SET}", within=WITHIN)
        await asyncio.wait_for(working, 60)
        assert await handler.transaction.database["ledger"].count_documents({}) == 1
        assert await handler.transaction.database["quarantine"].count_documents({}) == 0
        assert handler.health.causes == {}
    database.close()


async def _said(database: Database, handler: BatchProcessor, what: str) -> bool:
    """Whether the batch's cause, or that of a look at the database, names this and what helps."""
    causes = list(handler.health.causes.values())
    try:
        await asyncio.wait_for(database.ping(), 2)
    except (PyMongoError, TimeoutError) as error:
        causes.append(database.cause(error))
    return any(what in cause and "rs.initiate()" in cause for cause in causes)


async def test_a_server_outside_its_set_is_an_outage_and_named(tmp_path: Path, port: int) -> None:
    database = Database(f"mongodb://{LOOPBACK}:{port}/?directConnection=true", "kobling")
    async with mongod(tmp_path, port, "--replSet", "another"):
        with pytest.raises(PyMongoError) as refused:
            await database.transact(lambda session: database["x"].insert_one({}, session=session))
        assert is_infrastructure(refused.value)
        cause = database.cause(refused.value)
        assert f"{LOOPBACK}:{port} is RSGhost" in cause
        assert "rs.initiate()" in cause
    database.close()


async def test_a_batch_that_outlives_the_servers_limit_is_halved_until_it_does_not(
    tmp_path: Path, corner: Corner
) -> None:
    server = MongoServer(tmp_path / "mongodb", tmp_path)
    await server.start()
    database = Database(server.address, "kobling")
    try:
        await _limit(server.address, 1)
        await database.ensure(INDEXES)
        ledger, runs = Ledger(database), []

        def slow(record: Readable) -> None:
            runs.append(record.raw.offset)
            # Forty of them are over the server's limit of a second, and two are not.
            time.sleep(0.1)

        ledger.before = slow
        handler = processor(corner, ledger)
        batch = raws([settlement(f"BER-{number}") for number in range(40)])
        await asyncio.wait_for(handler.process(batch, Commits()), 90)
        assert await ledger.rows() == {f"BER-{number}": [number] for number in range(40)}
        assert (await ledger.positions())["applied"] == 40
        assert await ledger.count("quarantine") == 0
        assert runs.count(0) > 1
    finally:
        database.close()
        await server.stop()


async def _limit(address: str, seconds: int) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(address) as client:
        await client.admin.command({"setParameter": 1, "transactionLifetimeLimitSeconds": seconds})
