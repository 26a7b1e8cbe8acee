import os
from collections.abc import AsyncIterator, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from deploy import background
from deploy.demo.client import Client
from deploy.examples import BERGEN


@pytest.fixture(scope="session")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Any]]:
    """All four services, broker, database and mail sink, as `make up` starts them."""
    directory: Path = tmp_path_factory.mktemp("installation")
    addresses = background.start(directory, parent=os.getpid())
    yield addresses
    background.stop(directory)


@pytest.fixture
async def client(installation: dict[str, Any]) -> AsyncIterator[Client]:
    """Sends as Bergen's municipality and operators."""
    municipalities, operators = BERGEN.municipalities, BERGEN.operators
    async with Client(
        installation["kafka"], municipalities, operators, lambda: datetime.now(UTC)
    ) as connected:
        yield connected
