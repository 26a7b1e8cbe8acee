"""Row 28: records that are too large, and too many records."""

import asyncio
import json
import time
from itertools import product
from typing import Final

from aiokafka import AIOKafkaProducer
from aiokafka.errors import MessageSizeTooLargeError
from confluent_kafka import Message, Producer

from tests.faults.launcher import Flaw
from tests.faults.load import Town
from tests.faults.people import STRUCTURED, Sent, record
from tests.faults.registry import Run, row
from tests.faults.world import World
from tests.support.ids import foreign_id

MEBIBYTE: Final = 1024 * 1024
REFUSED: Final = 10 * MEBIBYTE
LARGEST: Final = 1600
"""Bytes that a state may have: more than a usual one, less than one with a hundred interests."""
A_SECOND: Final = 5000
AT_ONCE: Final = 50
DRAIN_WITHIN: Final = 900.0


@row(28, "10 MB records, outgoing records over the limit, 5,000 events a second", "alone")
async def too_much(run: Run) -> None:
    await _too_large(run)
    async with run.own() as world:
        refused = await _ten_megabytes(world)
        run.must(refused, "the broker took 10 MB")
        begun = time.monotonic()
        sent = await _burst(world, run.bench.burst)
        sending = time.monotonic() - begun
        drained = await world.until_healed(DRAIN_WITHIN)
        run.did(
            f"10 MB refused; {sent} settlements in {sending:.0f} s, "
            f"handled {sent / (sending + drained):.0f}/s"
        )


async def _ten_megabytes(world: World) -> bool:
    producer = AIOKafkaProducer(bootstrap_servers=world.servers.kafka, max_request_size=2 * REFUSED)
    await producer.start()
    try:
        await producer.send_and_wait(world.settlements[0], b"x" * REFUSED, b"large")
    except MessageSizeTooLargeError:
        return True
    finally:
        await producer.stop()
    return False


def _template(town: Town) -> bytes:
    """A settlement's bytes with `%b` where its case and its id belong: making each anew would be too slow."""
    document = {**town.fresh(), "subject": "@case@", "id": "@id@"}
    return json.dumps(document).encode().replace(b"@case@", b"%b").replace(b"@id@", b"%b")


async def _burst(world: World, seconds: float) -> int:
    """New settlements at full rate, from librdkafka; returns how many."""
    producer = Producer({"bootstrap.servers": world.servers.kafka, "enable.idempotence": True})

    def acknowledge(error: object, message: Message) -> None:
        topic, offset = message.topic(), message.offset()
        if error is None and topic is not None and offset is not None:
            world.load.acknowledged.add((topic, offset))

    templates = [
        (topic, _template(town)) for topic, town in zip(world.settlements, world.load.towns, strict=True)
    ]
    loop = asyncio.get_running_loop()
    begun = loop.time()
    sent = 0
    while loop.time() < begun + seconds:
        for _ in range(AT_ONCE):
            topic, template = templates[sent % len(templates)]
            case = b"BURST-%x" % sent
            value = template % (foreign_id().encode(), case)
            producer.produce(topic, value, case, headers=[STRUCTURED], on_delivery=acknowledge)
            sent += 1
        producer.poll(0)
        await asyncio.sleep(max(0.0, begun + sent / A_SECOND - loop.time()))
    await asyncio.to_thread(producer.flush)
    return sent


async def _too_large(run: Run) -> None:
    """A settlement whose state would be over its topic's limit dies alone."""
    async with run.own("intake", "matching") as world:
        await world.of("intake").restart(Flaw(largest=LARGEST))
        await world.of("intake").until_ready()
        async with world.load.producer() as producer:
            await world.load.send(producer, world.load.some(30, "new"))
            await world.load.send(producer, [_large(world)])
            await world.load.send(producer, world.load.some(30, "new"))
        run.did("1 over the limit")
        await world.until_healed()


def _large(world: World) -> Sent:
    (town, *_) = world.load.towns
    document = town.fresh()
    # Of words without a digit: others are published where a programme lists them alone.
    endings = list(map("".join, product("abcdefg", repeat=2)))[:40]
    document["data"]["interests"] = [f"interest_{'x' * 20}_{ending * 5}" for ending in endings]
    return record(town.municipality, document).expecting("outgoing_too_large")
