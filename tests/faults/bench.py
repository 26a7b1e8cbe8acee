"""The servers under test, with a proxy for each service before each of them, and the worlds on them."""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from deploy.local.addresses import Addresses
from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer
from deploy.local.ports import LOOPBACK
from shared.contracts.topics import SERVICES, Service
from tests.faults.proxy import Proxy
from tests.faults.world import MUNICIPALITIES, World


@dataclass(slots=True)
class Wire:
    """The proxies between one service and its servers."""

    kafka: Proxy = field(default_factory=Proxy)
    mongodb: Proxy = field(default_factory=Proxy)

    @property
    def addresses(self) -> Addresses:
        """Where the service finds its servers."""
        return Addresses(
            kafka=f"{LOOPBACK}:{self.kafka.port}",
            # Direct, since the member's own name would lead past the proxy.
            mongodb=f"mongodb://{LOOPBACK}:{self.mongodb.port}/?directConnection=true",
            origin="processes",
        )


@dataclass(slots=True)
class Bench:
    """One broker, one database, and the installation that most rows share."""

    directory: Path
    seed: int = 1
    kills: int = 200
    rate: float = 40.0
    burst: float = 60.0
    kafka: KafkaServer = field(init=False)
    mongodb: MongoServer = field(init=False)
    wires: dict[Service, Wire] = field(init=False)
    _shared: World | None = None
    _shared_stack: AsyncExitStack | None = None
    _worlds: int = 0

    def __post_init__(self) -> None:
        self.wires = {service: Wire() for service in SERVICES}
        logs = self.directory / "servers"
        proxied = [wire.kafka.port for wire in self.wires.values()]
        self.kafka = KafkaServer(self.directory / "kafka", logs, proxied)
        self.mongodb = MongoServer(self.directory / "mongodb", logs)

    @asynccontextmanager
    async def running(self) -> AsyncIterator["Bench"]:
        """Servers and proxies, until the end."""
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(self.kafka.start())
                starting.create_task(self.mongodb.start())
            for wire in self.wires.values():
                wire.kafka.target = self.kafka.behind[wire.kafka.port]
                wire.mongodb.target = int(self.mongodb.address.partition("/?")[0].rpartition(":")[2])
                await wire.kafka.start()
                await wire.mongodb.start()
            yield self
        finally:
            await self.discard_shared()
            for wire in self.wires.values():
                await wire.kafka.stop()
                await wire.mongodb.stop()
            await asyncio.gather(self.kafka.stop(), self.mongodb.stop())

    def world(
        self,
        services: Sequence[Service] = SERVICES,
        *,
        seed: str,
        behind_proxies: bool = False,
        kafka: str | None = None,
        mongodb: str | None = None,
        municipalities: tuple[str, ...] = MUNICIPALITIES,
        more: Mapping[str, str] | None = None,
        former: Path | None = None,
    ) -> World:
        """A new installation, not started."""
        self._worlds += 1
        there = Addresses(kafka or self.kafka.address, mongodb or self.mongodb.address, "processes")
        reached_by = {
            service: wire.addresses if behind_proxies else there for service, wire in self.wires.items()
        }
        return World(
            self.directory,
            there,
            reached_by,
            services,
            prefix=f"w{self._worlds}.",
            municipalities=municipalities,
            seed=seed,
            more=more or {},
            former=former,
        )

    def _proxied(self) -> World:
        return self.world(seed=f"{self.seed}/{self._worlds}", behind_proxies=True)

    async def shared(self) -> World:
        """The installation that most rows share, started by the first that asks."""
        if self._shared is None:
            self._shared_stack = AsyncExitStack()
            self._shared = await self._shared_stack.enter_async_context(self._proxied().running())
        return self._shared

    async def discard_shared(self) -> None:
        """Ends it; the next row that asks gets a new one."""
        stack, self._shared_stack, self._shared = self._shared_stack, None, None
        if stack is not None:
            await stack.aclose()
