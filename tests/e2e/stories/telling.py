"""How a story is told: what must come out, beside what came out, and how time passes."""

import inspect
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from shared.contracts import topics
from shared.values import add_months
from tests.e2e.stories.programme import Programme
from tests.e2e.stories.world import WITHIN, World

MORNING = time(8, tzinfo=UTC)
CLOSES_AFTER = timedelta(days=2)
"""A month's figures are final a day after its end by the local clock; this is later in any case."""


@dataclass(frozen=True, slots=True)
class Result:
    """What must come out of a story, and what came out."""

    what: str
    expected: Any
    came: Any

    @property
    def holds(self) -> bool:
        """Whether they are the same."""
        return bool(self.expected == self.came)


@dataclass(frozen=True, slots=True)
class Sample:
    """What the topics said on one day."""

    day: date
    pairs: int
    refugees_waiting: int
    volunteers_waiting: int
    hours: float


@dataclass(slots=True)
class Telling:
    """One story as it is told; `tell` hears each step in words."""

    world: World
    tell: Callable[[str], None] = lambda _: None
    results: list[Result] = field(default_factory=list, init=False)
    samples: list[Sample] = field(default_factory=list, init=False)
    _watched: Programme | None = field(default=None, init=False)

    def programme(self, municipality: str) -> Programme:
        """The programme that a municipality runs; the samples are of the first that is asked for."""
        found = Programme(self.world, municipality, self.world.runs[municipality])
        self._watched = self._watched or found
        return found

    @property
    def today(self) -> date:
        """The day by the story's clock."""
        return self.world.now().date()

    async def must(self, what: str, expected: Any, came: Any) -> None:
        """Notes a result. `came` is what came out, or a function that looks, now or as long as it takes for
        what is expected to come.
        """
        if not callable(came):
            self.results.append(Result(what, expected, came))
            return
        seen: list[Any] = []

        async def look() -> bool:
            found = came()
            seen[:] = [await found if inspect.isawaitable(found) else found]
            return bool(seen[0] == expected)

        try:
            await self.world.client.eventually(look)
        except TimeoutError:
            # What came instead is shown beside what was expected.
            self.tell(f"after {WITHIN:.0f} s: {what}: not {expected!r}")
        self.results.append(Result(what, expected, seen[0]))

    async def until(self, day: str | date) -> None:
        """Has it be the morning of a day for all services, and waits until the months before are counted, and
        until a round has run by itself where the pack has one each week.
        """
        to = date.fromisoformat(day) if isinstance(day, str) else day
        self._sample()
        before, a_week_passes = self._rounds(), to - self.today >= timedelta(days=7)
        self.world.move_clock(datetime.combine(to, MORNING))
        self.tell(f"it is {to}{self._since()}")
        if self.world.of("reporting").runs:
            last = add_months((to - CLOSES_AFTER).replace(day=1), -1)
            await self._closed(f"{last:%Y-%m}")
        if a_week_passes and self.world.of("matching").runs:
            await self.world.client.until(
                lambda: all(count > before[place] for place, count in self._rounds().items()),
                lambda: f"{before} rounds, and {self._rounds()} after a week",
            )

    def _rounds(self) -> dict[str, int]:
        """How many rounds have run, where the pack has them run by themselves."""
        return {
            municipality: Programme(self.world, municipality, pack).rounds_run()
            for municipality, pack in self.world.runs.items()
            if pack.pairing.rounds is not None
        }

    async def _closed(self, month: str) -> None:
        """Waits until a month's figures are final in all places."""
        if month < f"{self.world.begins:%Y-%m}":
            return
        keys = [f"{one}/{pack.name}/{month}" for one, pack in self.world.runs.items()]
        shown = self.world.client.states[topics.INDICATORS.name]
        await self.world.client.until(
            lambda: all(key in shown and shown[key]["data"]["closed"] for key in keys),
            lambda: f"the figures of {month} are not final",
        )

    def _since(self) -> str:
        """How it stood before, in words."""
        if not self.samples:
            return ""
        last = self.samples[-1]
        return (
            f"; until then {last.pairs} pairs, {last.hours:g} hours met in all, "
            f"{last.refugees_waiting} refugees and {last.volunteers_waiting} volunteers wait"
        )

    def _sample(self) -> None:
        if self._watched is None:
            return
        watched = self._watched
        receiving, giving = watched.waiting_by_topics()
        pairs = watched.pairs()
        hours = sum(meeting["hours"] for pair in pairs for meeting in pair["meetings"])
        active = sum(pair["status"] in {"active", "paused"} for pair in pairs)
        self.samples.append(Sample(self.today, active, receiving, giving, hours))
