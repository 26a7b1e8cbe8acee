"""Secured servers, set up as an administrator would, with somebody of each kind."""

from dataclasses import dataclass, replace
from pathlib import Path

from deploy.local.security import Security
from deploy.local.servers import Servers
from deploy.local.stack import Addresses
from kobling.setup.carrying_out import carry_out
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import plan
from kobling.setup.plan import Wanted
from shared.cluster import Cluster
from shared.contracts.access import Principal
from shared.contracts.topics import SERVICES

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
EVERYBODY = [*(Principal("service", service) for service in SERVICES), *PRINCIPALS]


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


async def set_up(servers: Servers, directory: Path) -> Guarded:
    """Carries the set-up out, with everybody's passwords in the directory."""
    addresses = servers.addresses
    people = frozenset(PRINCIPALS)
    wanted = Wanted(addresses.cluster, Secrets(directory), people, replicas=1, uri=addresses.mongodb)
    await carry_out(await plan(wanted))
    return Guarded(servers, wanted)
