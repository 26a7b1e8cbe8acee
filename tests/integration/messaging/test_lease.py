import asyncio

from shared.messaging.sending.lease import Lease
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


async def test_parts_are_held_apart_and_by_replicas_that_agree_on_their_number(ledger: Ledger) -> None:
    halves = [Lease(ledger.database, "relay", part, 2) for part in (0, 1)]
    whole = Lease(ledger.database, "relay")
    assert await halves[0].acquire()
    assert await halves[1].acquire()
    assert not await Lease(ledger.database, "relay", 1, 2).acquire()
    assert not await whole.acquire()
    await halves[0].release()
    assert await halves[1].acquire()
    assert not await whole.acquire(), "half of the work is held by somebody else"
    await wait_until(whole.acquire)
    assert not await halves[1].acquire()


async def test_an_abandoned_lease_runs_out(ledger: Ledger) -> None:
    first, second = Lease(ledger.database, "relay"), Lease(ledger.database, "relay")
    assert await first.acquire()
    await wait_until(second.acquire)
    assert not await first.acquire()
