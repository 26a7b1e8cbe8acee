"""Rows 36 and 37: what is small as it comes and large as it is read, and those who keep others waiting."""

import asyncio
import re
import resource
import time
import uuid
from pathlib import Path
from typing import Final

from aiokafka import AIOKafkaProducer
from confluent_kafka import KafkaError, Message, Producer

from shared.contracts.topics import Service
from shared.messaging.reading.bounded import BATCH_TOO_LARGE
from tests.faults.people import EXPECT
from tests.faults.registry import NotRun, Run, row
from tests.faults.replica import reads_nothing
from tests.faults.world import World
from tests.support.cluster import wait_until

MEBIBYTE: Final = 1024 * 1024
RECORDS: Final = 200
"""Of a mebibyte each in one batch: with them alone the memory would be over its cap."""
ROOM: Final = 160 * MEBIBYTE
"""Bytes that a process may take beyond what it has when the batches come."""
WITHIN: Final = 5.0
DRAIN: Final = 3.0
LEAVE: Final = 5.0
HELD: Final = 10.0
HELD_SECONDS: Final = re.compile(r"^kobling_consumer_held_seconds\{.*\} (\S+)$", re.MULTILINE)


@row(36, "small compressed batches that become hundreds of megabytes, under a memory limit", "beside")
async def compressed(run: Run) -> None:
    async with run.own("intake") as world:
        intake = world.of("intake")
        _limit_memory(intake.pid, ROOM)
        hostile, *others = world.settlements
        async with world.load.under(run.bench.rate):
            await asyncio.sleep(2)
            for codec in CODECS:
                await asyncio.to_thread(_send_bomb, world, hostile, codec)
            await asyncio.sleep(HELD)
        await world.until_healed()
        run.must(intake.starts == 1, "intake was started again")
        names = {name.removeprefix(world.prefix) for name in others}
        delay = max(delay for place, delay in world.observer.delays.items() if place[0] in names)
        run.must(delay < WITHIN, f"others' receipts took {delay:.1f} s")
        run.did(
            f"{len(CODECS)} batches of {RECORDS} MB, others' receipts within {delay:.1f} s, "
            f"memory {intake.look() // MEBIBYTE} MB"
        )


CODECS: Final = ("gzip", "lz4", "zstd")


def _limit_memory(pid: int, room: int) -> None:
    """Lets a process take no more than so many bytes beyond what it has taken."""
    status = Path(f"/proc/{pid}/status").read_text()
    (taken,) = re.findall(r"^VmData:\s+(\d+) kB$", status, re.MULTILINE)
    limit = int(taken) * 1024 + room
    resource.prlimit(pid, resource.RLIMIT_DATA, (limit, limit))


def _send_bomb(world: World, topic: str, codec: str) -> None:
    """One batch, less than a mebibyte as it is sent; raises RuntimeError where the broker refuses it."""
    producer = Producer(
        {
            "bootstrap.servers": world.servers.kafka,
            "compression.codec": codec,
            "linger.ms": 60_000,
            "batch.size": 2**31 - 1,
            "message.max.bytes": 1_000_000_000,
            "queue.buffering.max.kbytes": 2**31 - 1,
        }
    )
    refused: list[KafkaError | None] = []

    def acknowledge(error: KafkaError | None, message: Message) -> None:
        offset = message.offset()
        if error is not None or offset is None:
            refused.append(error)
        else:
            world.load.acknowledged.add((topic, offset))

    value = b"x" * MEBIBYTE
    for _ in range(RECORDS):
        producer.produce(
            topic,
            value,
            b"BOMB",
            headers=[(EXPECT, BATCH_TOO_LARGE.encode())],
            on_delivery=acknowledge,
        )
    producer.flush()
    if refused:
        raise RuntimeError(f"{codec}: {refused[0]}")


@row(37, "a sender's transaction left open, and a reader that reads nothing at the end", "beside")
async def held_up(run: Run) -> None:
    services: tuple[Service, ...] = ("intake", "reporting")
    async with run.own(*services, more={"DRAIN": f"PT{DRAIN:.0f}S"}) as world:
        for service in services:
            async with world.load.under(run.bench.rate):
                taken = await _told_to_stop(run, world, service)
            run.did(f"{service} ended in {taken:.1f} s")
            await world.of(service).start()
            await world.of(service).until_ready()
        shown = await _left_open(run, world)
    if not shown and not run.result.verdict.faults:
        raise NotRun("no metric shows how far the last stable offset is behind the log's end")


async def _told_to_stop(run: Run, world: World, service: Service) -> float:
    """Ends a service while a reader reads nothing of what it asked for; after how many seconds it ended."""
    replica = world.of(service)
    with reads_nothing(replica.port, "/metrics") as waiting:
        await wait_until(waiting)
        begun = time.monotonic()
        await replica.leave()
        taken = time.monotonic() - begun
    run.must(taken < DRAIN + LEAVE, f"{service} lived {taken:.1f} s after SIGTERM")
    return taken


async def _left_open(run: Run, world: World) -> bool:
    """Leaves a transaction open on a municipality's topic; whether a metric says so.

    What stands behind it is handled once it is over.
    """
    name = f"{world.prefix}{uuid.uuid4()}"
    producer = AIOKafkaProducer(
        bootstrap_servers=world.servers.kafka, transactional_id=name, transaction_timeout_ms=30_000
    )
    await producer.start()
    try:
        await producer.begin_transaction()
        held = world.load.some(1, "new")[0]
        await producer.send_and_wait(world.settlements[0], held.value, held.key, headers=list(held.headers))
        async with world.load.under(run.bench.rate):
            await asyncio.sleep(HELD)
        found = HELD_SECONDS.findall(await world.of("intake").metrics())
        await producer.abort_transaction()
    finally:
        await producer.stop()
    run.did(f"a transaction open for {HELD:.0f} s")
    if found:
        run.must(max(map(float, found)) > 0, "the metric does not show the open transaction")
    return bool(found)
