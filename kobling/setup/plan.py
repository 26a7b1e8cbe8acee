"""An installation as it is to be, and what it lacks: shown before anything is changed."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from kobling.setup.handing_over import Secrets
from shared.cluster import Cluster
from shared.contracts.access import Grant, Kind, Principal
from shared.contracts.topics import SERVICES, Service
from shared.messaging.migrations import Retired
from shared.mongo import Indexes

Area = Literal["topic", "setting", "account", "access", "quota", "user", "rights", "index"]
Action = Literal["create", "set", "remove"]


class Change(NamedTuple):
    """One thing that is to be otherwise."""

    area: Area
    action: Action
    what: str

    def __str__(self) -> str:
        return f"{self.action} {self.area}: {self.what}"


@dataclass(frozen=True, slots=True)
class Wanted:
    """An installation as it is to be.

    `principals`: who logs in, besides the services. `prefix` stands before topics and groups; `replicas` is
    how many brokers keep each partition. `uri`: of MongoDB, as its administrator; None leaves the databases
    alone. `databases`: each service's own.
    """

    kafka: Cluster
    secrets: Secrets
    principals: frozenset[Principal] = frozenset()
    prefix: str = ""
    replicas: int = 3
    uri: str | None = None
    databases: Mapping[Service, str] = field(default_factory=lambda: {name: name for name in SERVICES})

    def everybody(self) -> list[Principal]:
        """Who logs in, the services too, in order of their accounts."""
        services = {Principal("service", service) for service in SERVICES}
        return sorted(self.principals | services, key=lambda one: one.account)

    def names(self, kind: Kind) -> list[str]:
        """Who of a kind there is."""
        return sorted(one.name for one in self.principals if one.kind == kind)


@dataclass(slots=True)
class Plan:
    """What an installation lacks.

    `guarded`: whether the broker has access rules; without them accounts, access and quotas are left out.
    `accounts`: those without a password, where passwords are how one logs in. `users`: services without a
    user in MongoDB, or whose URI nobody has. `rights`: those whose user may do something else than it is to.
    `retired`: what former releases had. `kept`: the same, while so many replicas run that may ask for it.
    """

    wanted: Wanted
    guarded: bool = False
    topics: Sequence[str] = ()
    settings: Sequence[str] = ()
    accounts: Sequence[Principal] = ()
    granted: Mapping[str, frozenset[Grant]] = field(default_factory=dict)
    withdrawn: Mapping[str, frozenset[Grant]] = field(default_factory=dict)
    quotas: Sequence[Principal] = ()
    users: Sequence[Service] = ()
    rights: Sequence[Service] = ()
    indexes: Mapping[Service, Indexes] = field(default_factory=dict)
    retired: Mapping[Service, Sequence[Retired]] = field(default_factory=dict)
    kept: Mapping[Service, int] = field(default_factory=dict)

    def changes(self) -> list[Change]:
        """Everything that carrying it out would change, in that order."""
        return list(self._changes())

    def _changes(self) -> Iterator[Change]:
        yield from (Change("topic", "create", name) for name in self.topics)
        yield from (Change("setting", "set", what) for what in self.settings)
        yield from (Change("account", "create", one.account) for one in self.accounts)
        yield from (Change("access", "create", line) for line in _lines(self.granted))
        yield from (Change("access", "remove", line) for line in _lines(self.withdrawn))
        yield from (Change("quota", "set", one.account) for one in self.quotas)
        yield from (Change("user", "create", Principal("service", one).account) for one in self.users)
        yield from (Change("rights", "set", Principal("service", one).account) for one in self.rights)
        for service, lacking in self.indexes.items():
            for collection, indexes in lacking.items():
                names = [index.document["name"] for index in indexes]
                yield Change("index", "create", " ".join([f"{service}.{collection}", *names]))
        for service, retired in self.retired.items():
            yield from (Change("index", "remove", f"{service}.{one}") for one in retired)


def _lines(grants: Mapping[str, frozenset[Grant]]) -> Iterator[str]:
    for account, found in grants.items():
        for grant in sorted(found):
            star = "*" if grant.prefixed else ""
            yield f"{account}: {grant.operation} {grant.resource} {grant.name}{star}"
