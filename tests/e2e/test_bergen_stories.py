import asyncio

import pytest

from deploy.local.stack import Addresses
from tests.e2e.stories.bergen import SERIES
from tests.e2e.stories.story import Story, Told, play


@pytest.fixture(scope="module")
def told(stack: Addresses, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Told]:
    played = asyncio.run(play(SERIES, stack, tmp_path_factory.mktemp("stories")))
    return {one.story.name: one for one in played}


@pytest.mark.parametrize("story", SERIES.stories, ids=[story.name for story in SERIES.stories])
def test_what_must_come_out_comes_out(told: dict[str, Told], story: Story) -> None:
    one = told[story.name]
    assert one.failed == ""
    assert {result.what: result.came for result in one.results} == one.must
