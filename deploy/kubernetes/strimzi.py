"""Strimzi's resources of an installation, made from the registry of topics: what `kobling setup` makes by
itself, for brokers whose topics and accounts Strimzi's operators look after.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, Literal

from shared.contracts.access import QUOTAS, Grant, Principal, grants
from shared.contracts.topics import REGISTRY, SERVICES, Topic

Manifest = Mapping[str, Any]

VERSION = "kafka.strimzi.io/v1"
CLUSTER = "kobling"
"""The Kafka resource that the operators find these by."""
NAMESPACE = "kafka"
"""Where that resource is: Strimzi's operators look nowhere else."""
PASSWORDS = "kobling-passwords"
"""The Secret beside it whose keys are accounts and whose values are the passwords that they are given."""
SET_UP = "kobling-setup"
"""Who runs `kobling setup`: a super user, named as such in the Kafka resource."""
KEDA = Principal("monitor", "keda")
"""Who looks at groups' lag, for scaling."""
REPLICAS = 3

_OPERATIONS = {
    "read": "Read",
    "write": "Write",
    "describe": "Describe",
    "describe_configs": "DescribeConfigs",
}
_RESOURCES = {"topic": "topic", "group": "group", "transactional_id": "transactionalId"}
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?(\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*")
_LONGEST = 253
"""A name in Kubernetes: a DNS subdomain (RFC 1123)."""


def topic(name: str, registered: Topic) -> Manifest:
    """The resource of one topic, by its whole name. Raises ValueError where no resource can be named so."""
    settings = sorted(registered.config().items())
    return {
        "apiVersion": VERSION,
        "kind": "KafkaTopic",
        "metadata": _metadata(name),
        "spec": {
            "topicName": name,
            "partitions": registered.partitions,
            "replicas": REPLICAS,
            "config": {key: int(value) if value.lstrip("-").isdigit() else value for key, value in settings},
        },
    }


def user(principal: Principal, password: Literal["given", "made"]) -> Manifest:
    """The resource of one account, with its rights and quotas.

    Its password is `given` in the Secret of passwords, or `made` by Strimzi, which puts it into a Secret
    of the account's name. Raises ValueError where no resource can be named so.
    """
    spec: dict[str, Any] = {
        "authentication": _authentication(principal.account if password == "given" else None),  # noqa: S105 (no password)
        "authorization": {"type": "simple", "acls": list(_rules(grants(principal)))},
    }
    quota = QUOTAS.get(principal.kind)
    if quota is not None:
        spec["quotas"] = {
            "producerByteRate": quota.producer_byte_rate,
            "consumerByteRate": quota.consumer_byte_rate,
            "requestPercentage": quota.request_percentage,
        }
    return {
        "apiVersion": VERSION,
        "kind": "KafkaUser",
        "metadata": _metadata(principal.account),
        "spec": spec,
    }


def super_user() -> Manifest:
    """The account that sets up; what it may do needs no rules."""
    return {
        "apiVersion": VERSION,
        "kind": "KafkaUser",
        "metadata": _metadata(SET_UP),
        "spec": {"authentication": _authentication(SET_UP)},
    }


def fixed_topics() -> list[Manifest]:
    """Of every topic that each installation has once."""
    return [topic(one.name, one) for one in REGISTRY if not one.is_family]


def fixed_users() -> list[Manifest]:
    """Of the services, of who looks at lag, and of who sets up."""
    services = [Principal("service", service) for service in SERVICES]
    return [*(user(one, "given") for one in (*services, KEDA)), super_user()]


def of_municipality(code: str) -> list[Manifest]:
    """A municipality's topics and account. Raises ValueError for what is none."""
    return _of(code, [one for one in REGISTRY if one.is_municipal], Principal("municipality", code))


def of_operator(name: str, *, dead_letters: bool = False) -> list[Manifest]:
    """An operator's topics and account. Raises ValueError for what is none, or can't be a resource's name."""
    theirs = [one for one in REGISTRY if one.is_family and not one.is_municipal]
    return _of(name, theirs, Principal("operator", name, dead_letters=dead_letters))


def _of(owner: str, topics: Sequence[Topic], principal: Principal) -> list[Manifest]:
    return [*(topic(one.named(owner), one) for one in topics), user(principal, "made")]


def _metadata(name: str) -> Manifest:
    if not _LABEL.fullmatch(name) or len(name) > _LONGEST:
        raise ValueError(
            f"{name!r} can't be a resource's name: each part between dots begins and ends with a letter or a "
            "digit. Have `kobling setup` make it instead"
        )
    return {"name": name, "namespace": NAMESPACE, "labels": {"strimzi.io/cluster": CLUSTER}}


def _authentication(key: str | None) -> Manifest:
    if key is None:
        return {"type": "scram-sha-512"}
    reference = {"secretKeyRef": {"name": PASSWORDS, "key": key}}
    return {"type": "scram-sha-512", "password": {"valueFrom": reference}}


def _rules(granted: Iterable[Grant]) -> Iterator[Manifest]:
    """A rule for each resource, with all that may be done with it."""
    operations: dict[tuple[str, str, bool], list[str]] = {}
    for one in sorted(granted):
        operations.setdefault((one.resource, one.name, one.prefixed), []).append(_OPERATIONS[one.operation])
    for (resource, name, prefixed), allowed in operations.items():
        pattern = "prefix" if prefixed else "literal"
        yield {
            "resource": {"type": _RESOURCES[resource], "name": name, "patternType": pattern},
            "operations": allowed,
        }
