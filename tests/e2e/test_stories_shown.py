from datetime import date
from pathlib import Path

import pytest
from rich.console import Console

from tests.e2e.stories.__main__ import last_line, main, table
from tests.e2e.stories.catalogue import ALL, BY_NAME
from tests.e2e.stories.picture import draw
from tests.e2e.stories.story import Story, Told
from tests.e2e.stories.telling import Result, Sample, Telling


async def pairs_of_a_day(_: Telling) -> None:
    """Two pairs in one day."""


STORY = Story("Flyktningguide, Bergen", pairs_of_a_day)
HOLDS, DIFFERS = Result("pairs", 2, 2), Result("who waits", (0, 1), (1, 0))
OTHER = Told(Story("Flyktningguide, Tromsø", pairs_of_a_day), [HOLDS], [])


def test_the_last_line_counts_programmes_whose_stories_all_hold() -> None:
    assert last_line([Told(STORY, [HOLDS], []), OTHER]) == "stories: 2 of 2 programmes, 2 of 2 results"
    told = [Told(STORY, [HOLDS, DIFFERS], []), OTHER]
    assert last_line(told) == "stories: 1 of 2 programmes, 2 of 3 results"


def test_a_story_that_ended_early_holds_not() -> None:
    early = Told(STORY, [HOLDS], [], "after 120 s: 3 of 4 receipts")
    assert not early.holds
    assert last_line([early, OTHER]) == "stories: 1 of 2 programmes, 2 of 3 results"


def test_the_table_shows_what_must_come_out_beside_what_came_out() -> None:
    console = Console(width=140)
    with console.capture() as shown:
        console.print(table([Told(STORY, [HOLDS, DIFFERS], [])]))
    (line,) = [line for line in shown.get().splitlines() if "who waits" in line]
    assert line.split() == ["who", "waits", "(0,", "1)", "(1,", "0)", "differs"]


def test_a_story_that_there_is_not_is_told_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert main(["tromso-day"]) == 2
    assert "tromso-year" in capsys.readouterr().err


def test_stories_have_names_and_titles_of_their_own() -> None:
    stories = [story for series in ALL for story in series.stories]
    assert len(BY_NAME) == len({story.title for story in stories}) == len(stories)
    assert all(story.title for story in stories)


def test_the_picture_shows_pairs_waiting_and_hours(tmp_path: Path) -> None:
    samples = [Sample(date(2023, month, 10), month, 3, 4, 2.0 * month) for month in range(1, 13)]
    path = draw(Told(STORY, [HOLDS], samples), tmp_path / "story.svg")
    text = path.read_text(encoding="utf-8")
    for name in ("pairs", "refugees waiting", "guides waiting", "hours met, in all", STORY.title):
        assert f"<!-- {name} -->" in text or name in text
