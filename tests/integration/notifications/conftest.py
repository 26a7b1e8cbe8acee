import io
import logging
from collections.abc import AsyncIterator, Iterator

import pytest
import structlog

from shared.logging import configure_logging
from tests.integration.notifications.world import World
from tests.support.cluster import Corner
from tests.support.mail import MailSink


@pytest.fixture
async def world(corner: Corner) -> AsyncIterator[World]:
    world = World(corner, MailSink())
    await world.open()
    yield world
    await world.close()


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Everything that a process of the service would log."""
    root, buffer = logging.getLogger(), io.StringIO()
    before, level = root.handlers[:], root.level
    configure_logging("notifications", "DEBUG")
    handler = root.handlers[0]
    assert isinstance(handler, logging.StreamHandler)
    handler.setStream(buffer)
    yield buffer
    root.handlers[:] = before
    root.setLevel(level)
    structlog.contextvars.clear_contextvars()
