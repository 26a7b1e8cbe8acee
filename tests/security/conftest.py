import asyncio
from collections.abc import Iterator

import pytest

from deploy.local.servers import Servers, running_servers
from tests.security.guarded import Guarded, set_up


@pytest.fixture(scope="module")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Servers]:
    """Secured servers that nobody has set up."""
    with asyncio.Runner() as runner:
        running = running_servers(tmp_path_factory.mktemp("secured"), secure=True)
        servers = runner.run(running.__aenter__())
        try:
            yield servers
        finally:
            runner.run(running.__aexit__(None, None, None))


@pytest.fixture(scope="module")
def guarded(secured: Servers, tmp_path_factory: pytest.TempPathFactory) -> Guarded:
    """Secured servers that are set up."""
    return asyncio.run(set_up(secured, tmp_path_factory.mktemp("secrets")))
