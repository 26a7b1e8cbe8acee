"""A surge: settlements at once, until everything that follows from them is there."""

import asyncio
import threading
import time
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass

import orjson
from confluent_kafka import Consumer, ConsumerGroupTopicPartitions, TopicPartition
from confluent_kafka.admin import AdminClient

from kobling.setup.handing_over import librdkafka
from shared.cluster import Cluster
from shared.contracts.topics import RECEIPTS, REFUGEES
from tests.bench.pipeline.fleet import Fleet
from tests.bench.pipeline.load import MUNICIPALITIES, send_all, send_paced
from tests.bench.pipeline.machine import Cost

PATIENCE_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Run:
    """What a run took: seconds in all, and what each process cost, `servers` among them."""

    settlements: int
    seconds: float
    costs: dict[str, Cost]
    servers: frozenset[str]

    @property
    def rate(self) -> float:
        """Settlements a second."""
        return self.settlements / self.seconds

    @property
    def cpu_per_thousand(self) -> float:
        """Processor seconds of the processes measured, without the servers, for 1,000 settlements."""
        return self._cpu(self.costs.keys() - self.servers) / self.settlements * 1000

    @property
    def busy(self) -> float:
        """How many processors were busy with it, servers included; whoever sends and counts comes on top."""
        return self._cpu(self.costs.keys()) / self.seconds

    @property
    def peak(self) -> float:
        """The most MiB of any process measured."""
        return max(self.costs[name].peak for name in self.costs.keys() - self.servers)

    def _cpu(self, names: AbstractSet[str]) -> float:
        return sum(self.costs[name].cpu for name in names)


class Watcher:
    """Counts what committed readers see on `refugees.v1` and on the receipts, in a thread of its own."""

    def __init__(self, fleet: Fleet, wanted: int) -> None:
        self.seen_at: dict[str, float] = {}
        self.done = threading.Event()
        self._fleet = fleet
        self._wanted = wanted
        self._stopping = False
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> "Watcher":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping = True
        self._thread.join()

    def _run(self) -> None:
        consumer = Consumer(
            {
                **librdkafka(self._fleet.stack.cluster),
                "group.id": f"{self._fleet.prefix}bench.watcher",
                "isolation.level": "read_committed",
                "enable.auto.commit": False,
                # A fetch is answered as soon as there is anything: with 5 ms the reader was itself a load.
                "fetch.wait.max.ms": 100,
            }
        )
        prefix = self._fleet.prefix
        states = prefix + REFUGEES.name
        partitions = [TopicPartition(states, number, 0) for number in range(REFUGEES.partitions)]
        partitions += [TopicPartition(prefix + RECEIPTS.named(name), 0, 0) for name in MUNICIPALITIES]
        consumer.assign(partitions)
        counted = {True: 0, False: 0}
        while not self._stopping:
            # Asked for many, librdkafka waits for as many.
            for record in consumer.consume(1 if self._wanted <= _TIMED else 1000, 0.05):
                if record.error():
                    continue
                is_state = record.topic() == states
                counted[is_state] += 1
                if is_state and self._wanted <= _TIMED:
                    self.seen_at[orjson.loads(record.value() or b"")["causationid"]] = time.perf_counter()
            if min(counted.values()) >= self._wanted:
                self.done.set()
        consumer.close()


_TIMED = 5_000
"""Up to so many records are timed one by one; more would cost the machine what is being measured."""


async def surge(fleet: Fleet, count: int, followers: Sequence[str] = (), first: int = 0) -> Run:
    """Sends `count` settlements at once and waits for states, receipts and the services that follow them.

    `first` is how many there were before: the cases go on from there.
    """
    before = fleet.costs()
    with Watcher(fleet, first + count) as watcher:
        begun = time.perf_counter()
        await asyncio.to_thread(send_all, fleet.stack.cluster, fleet.prefix, count, first)
        done = await asyncio.to_thread(watcher.done.wait, PATIENCE_SECONDS)
        if not done:
            raise RuntimeError("not all settlements came through")
        await _caught_up(fleet, followers)
        seconds = time.perf_counter() - begun
    after = fleet.costs()
    spent = {name: Cost(now.cpu - before[name].cpu, now.memory, now.peak) for name, now in after.items()}
    return Run(count, seconds, spent, frozenset(fleet.servers))


async def latencies(fleet: Fleet, count: int, rate: float, first: int = 0) -> list[float]:
    """Milliseconds from a settlement's hand-over to its state on `refugees.v1`, at `rate` a second."""
    with Watcher(fleet, first + count) as watcher:
        sent = await asyncio.to_thread(send_paced, fleet.stack.cluster, fleet.prefix, count, rate, first)
        if not await asyncio.to_thread(watcher.done.wait, PATIENCE_SECONDS):
            raise RuntimeError("not all settlements came through")
    return sorted((watcher.seen_at[event] - moment) * 1000 for event, moment in sent.items())


async def _caught_up(fleet: Fleet, followers: Sequence[str]) -> None:
    """Waits until the followers' groups have committed all of `refugees.v1`."""
    if not followers:
        return
    admin = AdminClient(dict(librdkafka(fleet.stack.cluster)))
    partitions = [
        TopicPartition(fleet.prefix + REFUGEES.name, number) for number in range(REFUGEES.partitions)
    ]
    ends = await asyncio.to_thread(_ends, fleet.stack.cluster, partitions)
    deadline = time.monotonic() + PATIENCE_SECONDS
    for service in followers:
        group = ConsumerGroupTopicPartitions(f"{fleet.prefix}{service}.refugees", partitions)
        while True:
            answer = admin.list_consumer_group_offsets([group])[group.group_id]
            committed = (await asyncio.to_thread(answer.result)).topic_partitions
            # The last record of a transaction is followed by its marker, which nobody has to commit.
            if all(one.offset >= ends[one.partition] - 1 for one in committed):
                break
            if time.monotonic() > deadline:
                raise RuntimeError(f"{service} did not catch up")
            await asyncio.sleep(0.1)


def _ends(kafka: Cluster, partitions: Sequence[TopicPartition]) -> dict[int, int]:
    reader = Consumer({**librdkafka(kafka), "group.id": "bench.ends", "isolation.level": "read_committed"})
    found = {one.partition: reader.get_watermark_offsets(one, timeout=10)[1] for one in partitions}
    reader.close()
    return found
