"""A secured Kafka and MongoDB, set up as an administrator would, with somebody of each kind."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from deploy.local.security import Security
from deploy.local.servers import Servers, running_servers
from deploy.local.stack import Addresses
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
    """Secured servers that are set up, and how everybody reaches them."""

    servers: Servers
    wanted: Wanted

    @property
    def addresses(self) -> Addresses:
        """Where they are, and the administrator's account."""
        return self.servers.addresses

    @property
    def security(self) -> Security:
        """What guards them."""
        assert self.servers.security is not None
        return self.servers.security

    @property
    def secrets(self) -> Secrets:
        """Everybody's passwords."""
        return self.wanted.secrets

    def as_(self, principal: Principal) -> Cluster:
        """Kafka, as somebody reaches it."""
        account = principal.account
        return replace(self.addresses.cluster, username=account, password=self.secrets.password(account))

    def certified(self, certificate: Path | None) -> Cluster:
        """Kafka, where a certificate says who comes."""
        address = self.servers.kafka.certified
        assert address is not None
        return Cluster(address, "SSL", ca_file=self.security.authority.ca_file, certificate_file=certificate)

    def uri(self, service: str) -> str:
        """MongoDB's URI, as a service has it."""
        return (self.secrets.directory / f"service.{service}.mongodb").read_text()


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
    addresses, secrets = secured.addresses, Secrets(tmp_path_factory.mktemp("secrets"))
    people = frozenset(PRINCIPALS)
    wanted = Wanted(addresses.cluster, secrets, people, replicas=1, uri=addresses.mongodb)

    async def set_up() -> None:
        await carry_out(await plan(wanted))

    asyncio.run(set_up())
    return Guarded(secured, wanted)
