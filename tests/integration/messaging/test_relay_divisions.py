"""Relays under another number of parts than before, while replicas of both run, or sleep."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from itertools import product
from typing import Any

import pytest

from deploy.local.stack import Addresses
from shared.contracts import topics
from shared.health import Health
from shared.messaging.sending import lease
from shared.messaging.sending.lease import DIVISIONS
from shared.messaging.sending.outbox import SLOTS, Row
from shared.messaging.sending.producers import ProducerFactory
from shared.messaging.sending.relay import LeaseLost, Relay
from shared.messaging.sending.relays import Relays, overlapping
from tests.integration.messaging.ledger import Ledger
from tests.integration.messaging.test_relay import empty, put, revisions, row
from tests.support.cluster import Corner, wait_until

PATIENCE = 60.0


@pytest.fixture
async def pairs(corner: Corner) -> str:
    await corner.create_topics(service="matching")
    return topics.PAIRS.name


@pytest.fixture(autouse=True)
def short_leases(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LENGTH", timedelta(seconds=2))
    monkeypatch.setattr(lease, "RENEWAL", timedelta(seconds=0.5))


def relays(corner: Corner, ledger: Ledger, stack: Addresses, shards: int) -> Relays:
    poll = timedelta(milliseconds=20)
    return Relays.of(ledger.database, stack.cluster, f"{corner.prefix}relay", shards, 100, poll, Health())


@asynccontextmanager
async def running(some: Relays) -> AsyncIterator[None]:
    task = asyncio.create_task(some.run())
    try:
        yield
    finally:
        some.stop()
        await asyncio.wait_for(task, PATIENCE)


async def send_all(ledger: Ledger, *rows: Row) -> None:
    await put(ledger, *rows)
    await wait_until(lambda: empty(ledger), within=PATIENCE)


class Sleeper:
    """A relay whose process stops for a while at a step of its producer, before or after it."""

    def __init__(self, relay: Relay, step: str, *, after: bool) -> None:
        self.relay, self.step, self.after = relay, step, after
        self.asleep, self.woken = asyncio.Event(), asyncio.Event()
        self._make: ProducerFactory = relay.make_producer
        relay.make_producer = self.make

    def make(self) -> Any:
        producer = self._make()
        step = getattr(producer, self.step)

        async def sleep_and_go_on() -> None:
            if self.after:
                await step()
            self.asleep.set()
            await self.woken.wait()
            if not self.after:
                await step()

        setattr(producer, self.step, sleep_and_go_on)
        return producer


@pytest.mark.parametrize(("part", "parts", "others"), list(product((0, 1, 5), DIVISIONS, DIVISIONS)))
def test_parts_of_two_divisions_overlap_where_they_share_slots(part: int, parts: int, others: int) -> None:
    def slots(part: int, parts: int) -> set[int]:
        return set(range(part, SLOTS, parts))

    part %= parts
    sharing = [other for other in range(others) if not slots(part, parts).isdisjoint(slots(other, others))]
    assert overlapping(part, parts, others) == sharing


@pytest.mark.parametrize(("former", "later"), [(1, 4), (4, 1), (2, 4)])
async def test_replicas_of_two_divisions_hand_over_without_a_stop(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str, former: int, later: int
) -> None:
    keys = [f"pair-{key}" for key in range(20)]
    before, after = (relays(corner, ledger, stack, shards) for shards in (former, later))
    async with running(after) if later > former else running(before):
        async with running(before) if later > former else running(after):
            for revision in range(1, 6):
                await send_all(ledger, *(row(corner, key, revision) for key in keys))
        for revision in range(6, 11):
            await send_all(ledger, *(row(corner, key, revision) for key in keys))
    assert await revisions(corner, pairs) == {key: list(range(1, 11)) for key in keys}


@pytest.mark.parametrize(("former", "later"), [(1, 2), (2, 1), (2, 4)])
@pytest.mark.parametrize(
    ("step", "after", "ends"),
    [("start", False, "lost"), ("start", True, "lost"), ("begin_transaction", True, "fenced")],
    ids=["before its start", "after its start", "about to send"],
)
async def test_who_slept_under_another_division_sends_nothing(
    corner: Corner,
    ledger: Ledger,
    stack: Addresses,
    pairs: str,
    former: int,
    later: int,
    step: str,
    ends: str,
    *,
    after: bool,
) -> None:
    keys = [f"pair-{key}" for key in range(8)]
    sleepers = [Sleeper(one, step, after=after) for one in relays(corner, ledger, stack, former).each]
    await put(ledger, *(row(corner, key, 1) for key in keys))
    asleep = [asyncio.create_task(_lead(one.relay)) for one in sleepers]
    await asyncio.wait_for(asyncio.gather(*(one.asleep.wait() for one in sleepers)), PATIENCE)
    async with running(relays(corner, ledger, stack, later)):
        await wait_until(lambda: empty(ledger), within=PATIENCE)
        await send_all(ledger, *(row(corner, key, 2) for key in keys))
        await put(ledger, *(row(corner, key, 3) for key in keys))
        for one in sleepers:
            one.woken.set()
        assert await asyncio.wait_for(asyncio.gather(*asleep), PATIENCE) == [ends] * former
        await wait_until(lambda: empty(ledger), within=PATIENCE)
    assert await revisions(corner, pairs) == {key: [1, 2, 3] for key in keys}


async def test_a_division_is_fenced_once(
    corner: Corner, ledger: Ledger, stack: Addresses, pairs: str
) -> None:
    async def unfenced(shards: int) -> list[list[int]]:
        return [await one.lease.unfenced() for one in relays(corner, ledger, stack, shards).each]

    async with running(relays(corner, ledger, stack, 1)):
        await send_all(ledger, row(corner, "pair-a", 1))
    assert await unfenced(1) == [[]], "there was no other"
    assert await unfenced(2) == [[1], [1]]
    async with running(relays(corner, ledger, stack, 2)):
        await send_all(ledger, *(row(corner, f"pair-{key}", 1) for key in range(8)))
        await wait_until(lambda: _fenced(ledger, 2), within=PATIENCE)
    assert await unfenced(2) == [[], []]
    assert await unfenced(1) == [[2]]


async def test_a_lease_of_a_release_that_kept_no_divisions_has_all_of_them_fenced(ledger: Ledger) -> None:
    held = lease.Lease(ledger.database, "relay")
    assert await held.acquire()
    await ledger.database["leases"].update_one({}, {"$unset": {"divisions": ""}})
    assert await held.acquire()
    assert await held.unfenced() == [2, 4, 8, 16]
    await held.fenced()
    assert await held.unfenced() == []
    await held.release()
    successor = lease.Lease(ledger.database, "relay")
    assert await successor.acquire()
    assert await successor.unfenced() == []


async def _lead(relay: Relay) -> str:
    """Leads once, and tells how it ended."""
    # Of two that make the lease's document one is to ask again.
    await wait_until(relay.lease.acquire)
    try:
        await relay._lead()
    except LeaseLost:
        return "lost"
    except Exception:  # noqa: BLE001 (aiokafka says it in several ways)
        return "fenced"
    return "released"


async def _fenced(ledger: Ledger, parts: int) -> bool:
    found = await ledger.database["leases"].find_one({"parts": parts}) or {}
    return all(claim.get("fenced") for claim in found.get("held", {0: {}}).values())
