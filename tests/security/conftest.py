"""A secured Kafka and MongoDB, set up as an administrator would, with somebody of each kind."""

import asyncio
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.stack import Addresses, shared_stack, stop_shared_stack
from kobling.setup.carrying_out import carry_out
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import plan
from kobling.setup.plan import Wanted
from shared.cluster import Cluster
from shared.contracts.access import Principal

PRINCIPALS = (
    Principal("municipality", "no-4601"),
    Principal("municipality", "no-0301"),
    Principal("operator", "bergen-redcross-1", dead_letters=True),
    Principal("operator", "bergen-redcross"),
    Principal("operator", "oslo-redcross-1"),
    Principal("consumer", "statistics"),
    Principal("administrator", "kari"),
    Principal("monitor", "prometheus"),
)
"""`bergen-redcross` begins as another operator does."""


@dataclass(frozen=True)
class Guarded:
    """A secured stack that is set up, and how everybody reaches it."""

    addresses: Addresses
    wanted: Wanted

    @property
    def secrets(self) -> Secrets:
        """Everybody's passwords."""
        return self.wanted.secrets

    def as_(self, principal: Principal) -> Cluster:
        """Kafka, as somebody reaches it."""
        account = principal.account
        return replace(self.addresses.cluster, username=account, password=self.secrets.password(account))

    def uri(self, service: str) -> str:
        """MongoDB's URI, as a service has it."""
        return (self.secrets.directory / f"service.{service}.mongodb").read_text()


@pytest.fixture(scope="session")
def secured(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Addresses]:
    """A secured stack that nobody has set up."""
    directory = tmp_path_factory.mktemp("secured")
    try:
        yield shared_stack(directory, owner=os.getpid(), secure=True)
    finally:
        stop_shared_stack(directory)


@pytest.fixture(scope="session")
def secrets(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where passwords go."""
    return tmp_path_factory.mktemp("secrets")


@pytest.fixture(scope="session")
def guarded(secured: Addresses, secrets: Path) -> Guarded:
    """A secured stack that is set up."""
    wanted = Wanted(secured.cluster, Secrets(secrets), frozenset(PRINCIPALS), replicas=1, uri=secured.mongodb)

    async def set_up() -> None:
        await carry_out(await plan(wanted))

    asyncio.run(set_up())
    return Guarded(secured, wanted)
