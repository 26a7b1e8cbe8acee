"""How one broker and one service bear many municipalities: `make bench-municipalities`, half an hour at most.

One Kafka and one MongoDB; the topics of more and more municipalities and operators are made on them, and at
each step the broker is measured and started again, a group like intake's gets its partitions, and intake
itself starts, idles, and handles settlements of one municipality and then of all. A step that takes too long,
needs too much memory or fails ends the run, and is told as the limit that it is.
"""

import argparse
import asyncio
import json
import os
import resource
import tempfile
import threading
import time
from collections.abc import Sized
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener
from aiokafka.client import AIOKafkaClient
from aiokafka.protocol.metadata import MetadataRequest
from confluent_kafka import Consumer, TopicPartition
from pymongo import AsyncMongoClient
from rich.console import Console

from deploy.local.kafka import HEAP_VARIABLE
from deploy.local.servers import Servers, running_servers
from kobling.administration import ensure_topics
from kobling.setup.handing_over import librdkafka
from shared.contracts.topics import REFUGEES, SETTLEMENTS
from tests.bench.machine import heap, machine
from tests.bench.municipalities_table import show
from tests.bench.pipeline.fleet import OURS, Fleet
from tests.bench.pipeline.load import send_all
from tests.bench.pipeline.machine import cost

RESULTS = Path(__file__).parents[2] / "docs" / "benchmarks" / "municipalities.json"
STEPS = (1, 50, 350, 1_000, 5_000)
"""Municipalities, each of which has two topics."""
OPERATORS = 50
"""At most, in each step; each has six topics. What costs is the number of topics, whosever they are."""
HEAP_MB = 2048
STEP_SECONDS = 600.0
START = timedelta(minutes=5)
MEMORY_MIB = 12 * 1024
SETTLEMENTS_A_RUN = 2_000
WARM_UP = 500
IDLE_SECONDS = 32.0
"""Twice as long as until a service asks for the metadata of all topics again."""
PREFIX = "many."


class LimitError(RuntimeError):
    """A step needed more than this run allows; the message says of what."""


class Assigned(ConsumerRebalanceListener):  # type: ignore[misc]
    """Tells when a member has so many partitions."""

    def __init__(self, wanted: int) -> None:
        self.all = asyncio.Event()
        self._wanted = wanted

    def on_partitions_revoked(self, revoked: object) -> None:
        """Nothing is lost by it here."""

    def on_partitions_assigned(self, assigned: Sized) -> None:
        """Looks whether these are all."""
        if len(assigned) >= self._wanted:
            self.all.set()


@dataclass(slots=True)
class Run:
    """Figures of one step after another, on the same servers."""

    servers: Servers
    directory: Path
    console: Console
    restarts: bool = True
    sent: int = 0
    steps: list[dict[str, Any]] = field(default_factory=list)

    async def step(self, municipalities: int, operators: int) -> None:
        """Everything with so many. Raises LimitError, and whatever fails on the way."""
        towns = [f"no-{number:04}" for number in range(1, municipalities + 1)]
        names = [f"operator-{number:04}" for number in range(1, operators + 1)]
        found: dict[str, Any] = {"municipalities": municipalities, "operators": operators}
        self.steps.append(found)
        kafka = self.servers.kafka.cluster()
        begun = time.perf_counter()
        topics = await ensure_topics(kafka, towns, names, prefix=PREFIX)
        found["topics"], found["create_seconds"] = len(topics), time.perf_counter() - begun
        found["broker"] = self._broker()
        if self.restarts:
            found["restart"] = await self._restart()
        found["metadata"] = await self._metadata()
        found["assignment_seconds"] = await self._assignment(municipalities)
        found["intake"] = await self._intake(towns, names)
        found["broker_after"] = self._broker()
        found["stored"] = await self._stored()

    def _broker(self) -> dict[str, Any]:
        process = self.servers.kafka.process
        assert process is not None
        own = Path(f"/proc/{process.pid}")
        memory = cost(process.pid).memory
        if memory > MEMORY_MIB:
            raise LimitError(f"the broker has {memory:,.0f} MiB")
        return {
            "memory_mib": memory,
            "heap_mib": heap(process.pid),
            "files": len(list((own / "fd").iterdir())),
            "maps": len((own / "maps").read_text().splitlines()),
        }

    async def _restart(self) -> dict[str, float]:
        begun = time.perf_counter()
        await self.servers.kafka.stop()
        stopped = time.perf_counter()
        await self.servers.kafka.start()
        return {"stop_seconds": stopped - begun, "start_seconds": time.perf_counter() - stopped}

    async def _stored(self) -> dict[str, float]:
        """Bytes on disk for each settlement so far, in Kafka's logs and in intake's database."""
        logs = sum(file.stat().st_size for file in self.servers.kafka.data.glob(f"{PREFIX}*/*.log"))
        client: AsyncMongoClient[dict[str, Any]]
        async with AsyncMongoClient(self.servers.addresses.mongodb) as client:
            name = Fleet(OURS, self.servers.addresses, self.directory, prefix=PREFIX).database("intake")
            stats = await client[name].command("dbStats")
        return {"kafka": logs / self.sent, "mongodb": stats["totalSize"] / self.sent}

    async def _metadata(self) -> dict[str, float]:
        """What every client that follows a pattern asks for, each fifteen seconds as services do."""
        client = AIOKafkaClient(**self.servers.kafka.cluster().options)
        await client.bootstrap()
        try:
            begun, spent = time.perf_counter(), time.process_time()
            answer = await client.send(client.get_random_node(), MetadataRequest(None, False))
            took, cpu = time.perf_counter() - begun, time.process_time() - spent
            return {"kib": len(answer.encode()) / 1024, "ms": took * 1000, "processor_ms": cpu * 1000}
        finally:
            await client.close()

    async def _assignment(self, municipalities: int) -> float:
        """Until a group that follows all settlements has all its partitions."""
        consumer = AIOKafkaConsumer(
            **self.servers.kafka.cluster().options,
            group_id=f"{PREFIX}bench.{municipalities}",
            auto_offset_reset="latest",
            enable_auto_commit=False,
        )
        assigned = Assigned(municipalities)
        begun = time.perf_counter()
        await consumer.start()
        try:
            consumer.subscribe(pattern=SETTLEMENTS.pattern(PREFIX), listener=assigned)
            await assigned.all.wait()
            return time.perf_counter() - begun
        finally:
            await consumer.stop()

    async def _intake(self, towns: list[str], operators: list[str]) -> dict[str, float]:
        fleet = Fleet(
            OURS,
            self.servers.addresses,
            self.directory,
            operators=operators,
            municipalities=towns,
            prefix=PREFIX,
        )
        begun = time.perf_counter()
        try:
            await fleet.launch(("intake",))
            started = time.perf_counter() - begun
            idle = cost(fleet.pid("intake-0"))
            await asyncio.sleep(IDLE_SECONDS)
            after = cost(fleet.pid("intake-0"))
            await self._handled(WARM_UP, towns)
            one = await self._handled(SETTLEMENTS_A_RUN, towns[:1])
            many = await self._handled(SETTLEMENTS_A_RUN, towns)
            return {
                "start_seconds": started,
                "idle_mib": after.memory,
                "idle_processor": (after.cpu - idle.cpu) / IDLE_SECONDS,
                "peak_mib": cost(fleet.pid("intake-0")).peak,
                "rate_of_one": one,
                "rate_of_all": many,
            }
        finally:
            await fleet.halt()

    async def _handled(self, count: int, towns: list[str]) -> float:
        """Settlements a second until all their states are there."""
        kafka, first = self.servers.kafka.cluster(), self.sent
        self.sent += count
        seen, ready = threading.Event(), threading.Event()
        reader = threading.Thread(target=self._count, args=(count, ready, seen), daemon=True)
        reader.start()
        await asyncio.to_thread(ready.wait)
        begun = time.perf_counter()
        await asyncio.to_thread(send_all, kafka, PREFIX, count, first, towns)
        if not await asyncio.to_thread(seen.wait, STEP_SECONDS):
            raise LimitError(f"{count} settlements took more than {STEP_SECONDS:.0f} s")
        return count / (time.perf_counter() - begun)

    def _count(self, wanted: int, ready: threading.Event, seen: threading.Event) -> None:
        consumer = Consumer(
            {
                **librdkafka(self.servers.kafka.cluster()),
                "group.id": f"{PREFIX}bench.watcher",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
            }
        )
        topic = PREFIX + REFUGEES.name
        parts = [TopicPartition(topic, number) for number in range(REFUGEES.partitions)]
        ends = [consumer.get_watermark_offsets(one, timeout=30)[1] for one in parts]
        consumer.assign(
            [TopicPartition(topic, one.partition, end) for one, end in zip(parts, ends, strict=True)]
        )
        ready.set()
        counted = 0
        while counted < wanted:
            records = consumer.consume(1000, 0.2)
            counted += sum(1 for record in records if not record.error())
        consumer.close()
        seen.set()


async def measure(given: argparse.Namespace, directory: Path, console: Console) -> dict[str, Any]:
    """All steps, or those until a limit."""
    limit = None
    async with running_servers(directory) as servers:
        run = Run(servers, directory, console, not given.without_restart)
        servers.kafka.patience = START
        for municipalities in STEPS:
            if not given.least <= municipalities <= given.most:
                continue
            try:
                async with asyncio.timeout(STEP_SECONDS):
                    await run.step(municipalities, min(municipalities, OPERATORS))
            except Exception as error:  # noqa: BLE001 (whatever it is, it is what this many can't have)
                limit = f"{municipalities}: {type(error).__name__} {error}".strip()
                console.print(f"the run ends here: {limit}", style="red")
                break
            console.print(f"{municipalities:,} municipalities: measured", style="dim")
            show(run.steps[-1:], console)
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "machine": {
            **machine(),
            "heap_mb": HEAP_MB,
            "open_files": resource.getrlimit(resource.RLIMIT_NOFILE)[0],
        },
        "steps": run.steps,
        "limit": limit,
    }


def main() -> None:
    """Measures, shows and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--least", type=int, default=1, help="municipalities of the first step")
    parser.add_argument("--without-restart", action="store_true", help="leaves the broker up")
    parser.add_argument("--most", type=int, default=STEPS[-1], help="municipalities of the last step")
    parser.add_argument("--results", type=Path, default=RESULTS)
    given = parser.parse_args()
    console = Console()
    os.environ.setdefault(HEAP_VARIABLE, str(HEAP_MB))
    with tempfile.TemporaryDirectory(prefix="kobling-municipalities-") as directory:
        figures = asyncio.run(measure(given, Path(directory), console))
    show(figures["steps"], console)
    given.results.write_text(json.dumps(figures, indent=2) + "\n")


if __name__ == "__main__":
    main()
