"""A broker that comes back under another address, as on a new machine behind the same name."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.local.kafka import KafkaServer
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.stack import Addresses
from kobling.administration import publish
from shared.clock import Clock
from shared.contracts import topics
from shared.contracts.administrators import Operator
from shared.health import Health
from shared.messaging.sending.lease import Lease
from shared.messaging.sending.producers import relay_producer
from shared.messaging.sending.relay import Relay
from shared.messaging.tables import Kept, Operators, Programmes, TableReader
from shared.retry import Backoff
from tests.faults.proxy import Proxy
from tests.integration.messaging.ledger import Ledger
from tests.integration.messaging.members import member, named, send
from tests.support.cluster import Corner, event, wait_until
from tests.support.outbox import waiting_rows

CITY = "no-4601"


@dataclass
class Movable:
    """A broker that clients find through a forwarder, which has a second place to be."""

    server: KafkaServer
    here: Proxy
    there: Proxy

    @property
    def servers(self) -> str:
        """Both places, as a name would resolve to them."""
        return f"{LOOPBACK}:{self.here.port},{LOOPBACK}:{self.there.port}"

    async def move(self) -> None:
        """Leaves the one place for the other."""
        await self.here.stop()
        await self.server.kill()
        self.server.advertise(self.here.port, self.there.port)
        self.there.target = self.here.target
        await self.there.start()
        await self.server.start()


@pytest.fixture
async def movable(tmp_path: Path) -> AsyncIterator[Movable]:
    here, there = (Proxy(port) for port in free_ports(2))
    server = KafkaServer(tmp_path / "kafka", tmp_path / "logs", [here.port])
    try:
        await server.start()
        here.target = server.behind[here.port]
        await here.start()
        yield Movable(server, here, there)
    finally:
        await here.stop()
        await there.stop()
        await server.stop()


async def test_consumers_relays_and_tables_find_a_broker_that_moved(
    movable: Movable, stack: Addresses, ledger: Ledger
) -> None:
    servers = movable.server.address, movable.servers
    direct, behind = (replace(stack, kafka=kafka, account={}) for kafka in servers)
    corner = Corner(direct)
    await corner.create_topics([CITY], ["bergen"], service="intake")
    kept = Kept(ledger.database)
    tables = TableReader(behind.cluster, corner.prefix, Operators(), Programmes(), kept, Clock(), Health())
    relay = Relay(
        ledger.database,
        Lease(ledger.database, "relay"),
        lambda: relay_producer(behind.cluster, f"{corner.prefix}relay"),
        lambda _: (),
        Health(),
        rows=100,
        poll=timedelta(milliseconds=20),
        backoff=Backoff(timedelta(milliseconds=10), timedelta(milliseconds=50)),
    )
    running = [asyncio.create_task(tables.run()), asyncio.create_task(relay.run())]
    async with member(behind, ledger, corner.prefix):
        await send(direct, corner.prefix, CITY, [named(CITY, 1)])
        await wait_until(lambda: _answered(ledger, corner, 1))
        await tables.caught_up.wait()
        await movable.move()
        await send(direct, corner.prefix, CITY, [named(CITY, 2)])
        await _register(direct, corner.prefix, "bergen")
        await wait_until(lambda: _answered(ledger, corner, 2), within=60)
        await wait_until(lambda: _knows(tables, "bergen"), within=60)
    relay.stop()
    for task in running[:1]:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)


async def _answered(ledger: Ledger, corner: Corner, count: int) -> bool:
    """Whether so many records were handled, and each one's receipt sent."""
    sent = len(await corner.read(topics.RECEIPTS.named(CITY)))
    return sent == count and not await waiting_rows(ledger.database)


async def _knows(tables: TableReader, operator: str) -> bool:
    return tables.operators.find(operator, datetime.now(UTC)) is not None


async def _register(stack: Addresses, prefix: str, name: str) -> None:
    now = datetime.now(UTC)
    operator = Operator(
        operator=name,
        person="person_moved",
        organisation="moved",
        municipalities=[CITY],
        roles=["coordinator"],
        valid_until=now + timedelta(days=1),
    )
    data = operator.model_dump(mode="json", exclude_none=True)
    topic, key, value = event("OperatorRegistered", name, data, now)
    await publish(stack.cluster, [(prefix + topic.name, key, value or b"")])
