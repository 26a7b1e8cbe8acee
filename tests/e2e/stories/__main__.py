"""`python -m tests.e2e.stories` plays every story and prints what must come out beside what came out;
with a story's name it plays that one, and shows it.
"""

import asyncio
import logging
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from rich.box import SIMPLE
from rich.console import Console
from rich.table import Table

from deploy.demo.client import Unanswered
from deploy.local.stack import StackError, running_stack
from tests.e2e.stories.catalogue import ALL, BY_NAME
from tests.e2e.stories.picture import draw
from tests.e2e.stories.story import Series, Told, play

RUN = Path(__file__).parents[3] / ".run"
"""Where a story's picture and the services' logs are kept."""


def table(told: Sequence[Told]) -> Table:
    """What must come out, programme by programme, and what came out."""
    shown = Table(title="Stories", box=SIMPLE, padding=(0, 1, 0, 0))
    for column in ("programme", "what", "must come out", "came out", ""):
        shown.add_column(column, overflow="fold")
    for one in told:
        shown.add_row(one.story.programme, f"[bold]{one.story.title}", "", "", "")
        for result in one.results:
            mark = "" if result.holds else "[red]differs"
            shown.add_row("", result.what, str(result.expected), str(result.came), mark)
        if one.failed:
            shown.add_row("", one.failed, "its end", "none", "[red]ended early")
    return shown


def last_line(told: Sequence[Told]) -> str:
    """The one line to compare runs by. A story that ended early has one result more, which is missing."""
    programmes = dict.fromkeys(one.story.programme for one in told)
    whole = sum(all(one.holds for one in told if one.story.programme == name) for name in programmes)
    held = sum(result.holds for one in told for result in one.results)
    due = sum(len(one.results) + bool(one.failed) for one in told)
    return f"stories: {whole} of {len(programmes)} programmes, {held} of {due} results"


async def _play_all(chosen: Sequence[Series], directory: Path, console: Console) -> list[Told]:
    started = time.monotonic()

    def tell(step: str) -> None:
        console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {step}", highlight=False)

    with running_stack(directory / "stack") as servers:
        played = await asyncio.gather(*(play(one, servers, directory / "logs", tell) for one in chosen))
    return [one for series in played for one in series]


def main(names: Sequence[str]) -> int:
    """0 if all came out as it must, 1 if not, 2 for a story that there isn't."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    chosen: list[Series] = list(ALL)
    if names:
        unknown = [name for name in names if name not in BY_NAME]
        if unknown:
            sys.stderr.write(f"no story {unknown[0]}; there are: {', '.join(BY_NAME)}\n")
            return 2
        chosen = [
            Series(series.begins, series.runs, (story,)) for series, story in map(BY_NAME.__getitem__, names)
        ]
    try:
        with tempfile.TemporaryDirectory(prefix="kobling-stories-") as directory:
            told = asyncio.run(_play_all(chosen, Path(directory), console))
    except (StackError, Unanswered) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    console.print(table(told))
    for one in told if names else ():
        if one.samples:
            RUN.mkdir(exist_ok=True)
            console.print(f"the picture: {draw(one, RUN / f'{one.story.name}.svg')}")
    console.print(last_line(told), highlight=False)
    return 0 if all(one.holds for one in told) else 1


if __name__ == "__main__":
    # It names each topic that is not there yet.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    sys.exit(main(sys.argv[1:]))
