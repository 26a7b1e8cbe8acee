import os
import secrets
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from string import ascii_lowercase
from typing import Any

import pytest

from deploy import background
from deploy.accounts import cluster_of
from deploy.demo.client import Client
from deploy.examples import BERGEN
from tests.e2e.municipality import Settlement, settlements

KILLED_AT = {
    "intake": "commands on 55 volunteers",
    "matching": "the round proposes",
    "notifications": "sign each agreement",
    "reporting": "e-mails delivered",
}
"""Which service is killed when the demonstration says what."""


@dataclass(frozen=True)
class Demo:
    """A demonstration that has ended and whose installation is still up."""

    output: str
    status: int
    addresses: dict[str, Any]
    killed: list[str]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Demo]:
    """The demonstration as a user runs it, while each service is killed once."""
    directory: Path = tmp_path_factory.mktemp("demo")
    environment = {**os.environ, "KOBLING_RUN": str(directory), "KEEP": "1", "PYTHONUNBUFFERED": "1"}
    process = subprocess.Popen(
        [sys.executable, "-m", "deploy.demo"],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    try:
        lines: list[str] = []
        killed: list[str] = []
        assert process.stdout is not None
        for line in process.stdout:
            lines.append(line)
            for service, words in KILLED_AT.items():
                if words in line and service not in killed:
                    addresses = background.running(directory)
                    assert addresses is not None
                    os.kill(addresses["services"][service]["pid"], signal.SIGKILL)
                    killed.append(service)
        addresses = background.running(directory)
        assert addresses is not None, "".join(lines)
        yield Demo("".join(lines), process.wait(), addresses, killed)
    finally:
        process.kill()
        background.stop(directory)


@pytest.fixture
def installation(demo: Demo) -> dict[str, Any]:
    """All four services, broker, database and mail sink, as the demonstration leaves them."""
    return demo.addresses


@pytest.fixture
def now(demo: Demo) -> Callable[[], datetime]:
    """The installation's clock, which the demonstration has set back; a little behind, never ahead."""
    offset = datetime.fromisoformat(demo.addresses["as_of"]) - datetime.now(UTC)
    return lambda: datetime.now(UTC) + offset


@pytest.fixture
async def client(installation: dict[str, Any], now: Callable[[], datetime]) -> AsyncIterator[Client]:
    """Sends as Bergen's municipality and operators."""
    async with Client(cluster_of(installation), BERGEN.municipalities, BERGEN.operators, now) as connected:
        yield connected


@pytest.fixture
def case() -> str:
    return f"BER-{''.join(secrets.choice(ascii_lowercase) for _ in range(12))}"


@pytest.fixture
def settlement(now: Callable[[], datetime]) -> Settlement:
    return settlements(now)
