"""The rows: what each does, how it runs, and what comes of it."""

import asyncio
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any, Literal

from shared.contracts.topics import SERVICES, Service
from tests.faults.bench import Bench
from tests.faults.invariants import Verdict
from tests.faults.world import World

ROW_WITHIN = 1800.0


class NotRun(Exception):
    """The row can't run: its feature does not exist yet, or this machine lacks what the message names."""


@dataclass(slots=True)
class Result:
    """What came of a row. `outcomes` are of all services together; `healed` is in seconds."""

    injected: list[str] = field(default_factory=list)
    outcomes: Counter[str] = field(default_factory=Counter)
    verdict: Verdict = field(default_factory=Verdict)
    healed: float = 0.0
    seconds: float = 0.0
    not_run: str | None = None

    @property
    def holds(self) -> bool:
        """Whether every invariant held."""
        return not self.verdict.faults and self.not_run is None


@dataclass(slots=True)
class Run:
    """One run of one row. `seed` makes its schedule and its load, whatever ran before it."""

    bench: Bench
    seed: str = ""
    result: Result = field(default_factory=Result)
    chance: random.Random = field(init=False)

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 (a schedule, to be had again)

    def did(self, what: str) -> None:
        """Says what was injected, for the table."""
        self.result.injected.append(what)

    def must(self, holds: bool, what: str) -> None:
        """Notes a check of the row's own that does not hold."""
        if not holds:
            self.result.verdict.faults.append(what)

    @asynccontextmanager
    async def shared(self) -> AsyncIterator[World]:
        """The shared installation; when left, it must heal and everything must hold."""
        world = await self.bench.shared()
        await world.outcomes()
        yield world
        await self.settle(world)

    @asynccontextmanager
    async def loaded(self) -> AsyncIterator[World]:
        """The shared installation under load; held likewise."""
        async with self.shared() as world, world.load.under(self.bench.rate, world.observer):
            yield world

    @asynccontextmanager
    async def own(self, *services: Service, **options: Any) -> AsyncIterator[World]:
        """A new installation of these services (all by default); held likewise."""
        async with self.world(*services, **options).running() as world:
            yield world
            await self.settle(world)

    def world(self, *services: Service, **options: Any) -> World:
        """A new installation, not started and not behind proxies."""
        return self.bench.world(services or SERVICES, seed=self.seed, **options)

    async def settle(self, world: World) -> None:
        """Waits for rest, and holds the installation against the invariants."""
        try:
            self.result.healed = max(self.result.healed, await world.until_healed())
        except TimeoutError as late:
            self.result.verdict.faults.append(str(late))
            self.result.healed = float("inf")
        found = await world.check()
        verdict = self.result.verdict
        verdict.lost += found.lost
        verdict.doubled += found.doubled
        verdict.faults += found.faults
        self.result.outcomes += await world.outcomes()


Lane = Literal["shared", "beside", "alone"]
"""`shared` rows run one after another on one installation, `beside` them those with installations of their
own; `alone`, at the end, those that harm the servers or need the machine to themselves.
"""


@dataclass(frozen=True, slots=True)
class Row:
    """A row of the matrix."""

    number: int
    fault: str
    lane: Lane
    body: Callable[[Run], Awaitable[None]]

    async def run(self, bench: Bench) -> Result:
        """Runs it; whatever goes wrong is in the result."""
        run = Run(bench, f"{bench.seed}/{self.number}")
        begun = time.monotonic()
        try:
            async with asyncio.timeout(ROW_WITHIN):
                await self.body(run)
        except NotRun as missing:
            run.result.not_run = str(missing)
        except Exception as error:  # noqa: BLE001 (the other rows go on)
            run.result.verdict.faults.append(f"{type(error).__name__}: {error}")
        run.result.seconds = time.monotonic() - begun
        if run.result.verdict.faults and self.lane != "beside":
            # What is missing from it would be missing in every row after this one.
            await bench.discard_shared()
        return run.result


ROWS: dict[int, Row] = {}


Body = Callable[[Run], Awaitable[None]]


def row(number: int, fault: str, lane: Lane = "shared") -> Callable[[Body], Body]:
    """Registers a row."""

    def register(body: Body) -> Body:
        ROWS[number] = Row(number, fault, lane, body)
        return body

    return register
