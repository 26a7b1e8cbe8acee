import asyncio

from shared.messaging.lease import Lease
from tests.integration.messaging.ledger import Ledger
from tests.support.cluster import wait_until


async def test_one_holder_at_a_time(ledger: Ledger) -> None:
    leases = [Lease(ledger.database, "relay") for _ in range(8)]
    taken = await asyncio.gather(*(lease.acquire() for lease in leases))
    assert sum(taken) == 1
    holder = leases[taken.index(True)]
    assert await holder.acquire()
    assert not holder.needs_renewal


async def test_a_released_lease_is_free_at_once(ledger: Ledger) -> None:
    first, second = Lease(ledger.database, "relay"), Lease(ledger.database, "relay")
    assert await first.acquire()
    assert not await second.acquire()
    await first.release()
    assert await second.acquire()
    await first.release()
    assert not await Lease(ledger.database, "relay").acquire()


async def test_an_abandoned_lease_runs_out(ledger: Ledger) -> None:
    first, second = Lease(ledger.database, "relay"), Lease(ledger.database, "relay")
    assert await first.acquire()
    await wait_until(second.acquire)
    assert not await first.acquire()
