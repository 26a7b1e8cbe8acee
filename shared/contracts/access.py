"""Who may do what on the broker and in the databases, made from the registry of topics: whatever is not
granted here is refused. Accounts, access rules and quotas of every installation are made from it.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal, get_args

from shared.contracts.topics import DEAD_LETTERS, REGISTRY, SERVICES, Topic

Kind = Literal["service", "municipality", "operator", "consumer", "administrator", "monitor"]
Resource = Literal["topic", "group", "transactional_id"]
Operation = Literal["read", "write", "describe", "describe_configs"]

READER_OF_DEAD_LETTERS = "dead_letters"
"""The operator's role with which the topics of dead letters may be read."""
_KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(SERVICES, "service"),
    "municipality": "municipality",
    "operator": "operator",
    "consumers": "consumer",
    "administrators": "administrator",
}
"""Whose accounts the registry means by a writer or reader."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Somebody who logs in at the broker.

    `name`: the service, the municipality's code, the operator, or what administrators call a consumer, an
    administrator or a monitor. `dead_letters`: whether an operator may read them.
    """

    kind: Kind
    name: str
    dead_letters: bool = False

    @classmethod
    def of(cls, account: str) -> "Principal | None":
        """Whose account it is; None where it is none of these."""
        kind, _, name = account.partition(".")
        return next((cls(known, name) for known in KINDS if known == kind and name), None)

    @property
    def account(self) -> str:
        """The account's name: no operator can be taken for a service."""
        return f"{self.kind}.{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """What an account may do with one resource, or with `prefixed` all whose names begin so."""

    resource: Resource
    name: str
    prefixed: bool
    operation: Operation


@dataclass(frozen=True, slots=True)
class Quota:
    """Bytes a second that an account may send and receive at each broker, and the share of one request
    thread's time, in percent, that its requests may take.
    """

    producer_byte_rate: int
    consumer_byte_rate: int
    request_percentage: int


_KIB = 1024
QUOTAS: Mapping[Kind, Quota] = {
    "municipality": Quota(1024 * _KIB, 1024 * _KIB, 25),
    "operator": Quota(1024 * _KIB, 4096 * _KIB, 25),
    "consumer": Quota(64 * _KIB, 8192 * _KIB, 50),
    "administrator": Quota(1024 * _KIB, 4096 * _KIB, 50),
    "monitor": Quota(64 * _KIB, 1024 * _KIB, 50),
}
"""Of everybody but the services: 1 MiB a second is about 800 settlements, and no municipality settles so many
in a day; who sends more in a second is slowed down, and nobody else is.
"""


COLLECTION_ACTIONS = ("find", "insert", "update", "remove", "listIndexes")
"""What a service's user may do with each collection that its service has, and no other."""
DATABASE_ACTIONS = ("listCollections",)
"""What it may do with its service's database: at run time it makes and drops nothing."""
KINDS: tuple[Kind, ...] = get_args(Kind)


def grants(principal: Principal, prefix: str = "") -> frozenset[Grant]:
    """What an account may do. `prefix` stands before topics, the services' groups and transactional ids."""
    found: set[Grant] = set()
    for topic in REGISTRY:
        for operation in _operations(principal, topic):
            found.add(_on_topic(principal, topic, operation, prefix))
    found.update(_groups(principal, prefix))
    if principal.kind == "service":
        found.add(Grant("transactional_id", f"{prefix}{principal.name}-relay", True, "write"))
    if principal.kind == "monitor":
        # A star names all of them.
        for resource in ("topic", "group"):
            found.add(Grant(resource, prefix or "*", bool(prefix), "describe"))
    return frozenset(found)


def _operations(principal: Principal, topic: Topic) -> Iterator[Operation]:
    writes = _is_among(principal, topic.writers)
    reads = _is_among(principal, topic.readers)
    if topic in DEAD_LETTERS.values():
        reads = principal.kind == "operator" and principal.dead_letters
    if principal.kind == "administrator":
        # Who publishes looks first at what stands there.
        reads = writes
    if writes:
        yield "write"
    if reads:
        yield "read"
    if principal.kind == "service" and (writes or reads):
        # Services say which settings of their topics are wrong.
        yield "describe_configs"


def _is_among(principal: Principal, named: Iterable[str]) -> bool:
    return any(
        _KINDS.get(one) == principal.kind and (principal.kind != "service" or one == principal.name)
        for one in named
    )


def _on_topic(principal: Principal, topic: Topic, operation: Operation, prefix: str) -> Grant:
    if not topic.is_family:
        return Grant("topic", prefix + topic.name, False, operation)
    if principal.kind in ("municipality", "operator"):
        return Grant("topic", topic.named(principal.name, prefix), False, operation)
    return Grant("topic", prefix + topic.head, True, operation)


def _groups(principal: Principal, prefix: str) -> Iterator[Grant]:
    """Groups in which it may read: none that is, or begins like, another's."""
    if principal.kind == "service":
        yield Grant("group", f"{prefix}{principal.name}.", True, "read")
    elif principal.kind != "monitor":
        yield Grant("group", principal.account, False, "read")
        yield Grant("group", f"{principal.account}.", True, "read")
