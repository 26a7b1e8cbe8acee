"""What a story is, and how those that share services are played."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from deploy.local.addresses import Addresses
from shared.contracts.programmes import ProgrammePack
from tests.e2e.stories.telling import Result, Sample, Telling
from tests.e2e.stories.world import World


@dataclass(frozen=True, slots=True)
class Story:
    """`programme` is whose story it is, as the table shows it."""

    programme: str
    told: Callable[[Telling], Awaitable[None]]

    @property
    def name(self) -> str:
        """Its function's, with dashes: `tromso-year`."""
        return self.told.__name__.replace("_", "-")

    @property
    def title(self) -> str:
        """What it is about: the first line that its function says of itself."""
        return (self.told.__doc__ or "").partition("\n")[0]


@dataclass(frozen=True, slots=True)
class Series:
    """Stories on the same four services, one after the other from a day on. `runs` is which municipality runs
    which pack.
    """

    begins: datetime
    runs: Mapping[str, ProgrammePack]
    stories: Sequence[Story]


@dataclass(frozen=True, slots=True)
class Told:
    """A story that was played; `failed` says why it ended before its end, if it did."""

    story: Story
    results: Sequence[Result]
    samples: Sequence[Sample]
    failed: str = ""

    @property
    def holds(self) -> bool:
        """Whether it came to its end and all came out as it must."""
        return not self.failed and all(result.holds for result in self.results)

    @property
    def must(self) -> dict[str, Any]:
        """What must come out."""
        return {result.what: result.expected for result in self.results}


def morning_of(year: int, month: int, day: int) -> datetime:
    """The morning on which a series begins."""
    return datetime(year, month, day, 8, tzinfo=UTC)


async def play(
    series: Series,
    servers: Addresses,
    directory: Path,
    tell: Callable[[str], None] = lambda _: None,
) -> list[Told]:
    """Plays all stories of a series; one that fails ends alone."""
    told: list[Told] = []
    async with World(directory, servers, series.begins, series.runs).running() as world:
        for story in series.stories:
            telling = Telling(world, tell)
            tell(f"{story.programme}: {story.title}")
            failed = ""
            try:
                await story.told(telling)
            except Exception as error:  # noqa: BLE001 (the others are told all the same)
                failed = f"{type(error).__name__}: {error}"
            told.append(Told(story, telling.results, telling.samples, failed))
    return told
