"""All series of stories, and each story by its name."""

from tests.e2e.stories import bergen, failures, tromso
from tests.e2e.stories.story import Series, Story

ALL = (bergen.SERIES, tromso.SERIES, failures.SERIES)
BY_NAME: dict[str, tuple[Series, Story]] = {
    story.name: (series, story) for series in ALL for story in series.stories
}
