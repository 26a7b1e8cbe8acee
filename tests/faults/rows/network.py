"""Rows 13 to 17: the network between services and servers cuts, loses and delays."""

import asyncio
from contextlib import ExitStack
from typing import Final

from shared.messaging.sending import outbox
from tests.faults.registry import Run, row

CUT: Final = 30.0
SLOW: Final = 20.0
END_TRANSACTION: Final = 26
OFFSET_COMMIT: Final = 8
API_KEYS: Final = frozenset({END_TRANSACTION, OFFSET_COMMIT})
"""Of Kafka's requests that commit something."""


def commits_in_database(request: bytes) -> bool:
    """Whether it is MongoDB's command that commits a transaction."""
    return b"commitTransaction" in request


def commits_in_broker(request: bytes) -> bool:
    """Whether it is Kafka's request that ends a transaction or commits offsets: the key follows the size."""
    return int.from_bytes(request[4:6], "big") in API_KEYS


def of_a_producer(first: bytes) -> bool:
    """Whether a connection is a relay's producer's: aiokafka names its clients in each request."""
    return b"aiokafka-producer" in first


@row(13, "the reply to a commit is lost")
async def commit_reply_lost(run: Run) -> None:
    async with run.loaded():
        wires = run.bench.wires.values()
        before = sum(wire.kafka.replies_lost + wire.mongodb.replies_lost for wire in wires)
        for wire in wires:
            wire.mongodb.lose_replies(commits_in_database, 5)
            wire.kafka.lose_replies(commits_in_broker, 5)
        await asyncio.sleep(15)
        lost = sum(wire.kafka.replies_lost + wire.mongodb.replies_lost for wire in wires) - before
        run.must(lost >= 2 * len(run.bench.wires), f"only {lost} replies were lost")
        run.did(f"{lost} replies")


@row(14, "services are cut from the broker")
async def cut_from_broker(run: Run) -> None:
    async with run.loaded():
        await asyncio.sleep(3)
        with run.bench.wires["intake"].kafka.silent(), run.bench.wires["matching"].kafka.cut():
            await asyncio.sleep(CUT)
        run.did(f"{CUT:.0f} s, silence and resets")


@row(15, "services are cut from the database")
async def cut_from_database(run: Run) -> None:
    async with run.loaded():
        await asyncio.sleep(3)
        with run.bench.wires["intake"].mongodb.silent(), run.bench.wires["matching"].mongodb.cut():
            await asyncio.sleep(CUT)
        run.did(f"{CUT:.0f} s, silence and resets")


@row(16, "a relay sees only one of the two servers")
async def relay_sees_one(run: Run) -> None:
    async with run.loaded() as world:
        await asyncio.sleep(3)
        wires = run.bench.wires
        with wires["intake"].kafka.silent(of_a_producer), wires["notifications"].mongodb.silent():
            await asyncio.sleep(CUT)
            waiting = await outbox.waiting(world.databases["intake"])
            run.must(waiting > 0, "the outbox did not fill while its relay was cut off")
        run.did(f"{CUT:.0f} s, {waiting} rows waited")


@row(17, "200 ms of latency and 1 % of resets")
async def slow_and_lossy(run: Run) -> None:
    with ExitStack() as mended:
        async with run.shared() as world:
            async with world.load.under(run.bench.rate / 4, world.observer):
                for wire in run.bench.wires.values():
                    for proxy in (wire.kafka, wire.mongodb):
                        proxy.latency, proxy.reset_chance = 0.1, 0.01
                        mended.callback(setattr, proxy, "latency", 0.0)
                        mended.callback(setattr, proxy, "reset_chance", 0.0)
                await asyncio.sleep(SLOW)
            mended.close()
        run.did(f"{SLOW:.0f} s")
