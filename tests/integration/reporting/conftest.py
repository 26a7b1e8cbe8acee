import pytest

from tests.support.cluster import Corner


@pytest.fixture(autouse=True)
async def all_topics(corner: Corner) -> None:
    await corner.create_topics()
