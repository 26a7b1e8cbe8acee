"""Everybody's accounts at a local installation's servers, where these are secured."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from deploy.examples import Example
from deploy.local.addresses import Addresses
from kobling.setup.carrying_out import carry_out
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import plan
from kobling.setup.plan import Wanted
from shared.cluster import Cluster
from shared.cluster_settings import ClusterSettings
from shared.contracts.access import Principal


def cluster_of(addresses: Mapping[str, Any]) -> Cluster:
    """Kafka, as those who run the installation of these addresses reach it."""
    return ClusterSettings.model_validate(
        {name: value for name, value in addresses.items() if name.startswith("kafka")}
    ).cluster


async def set_up(stack: Addresses, example: Example, secrets: Path) -> None:
    """Does what `kobling setup` does: accounts for the services and for the example's municipalities and
    operators, whose passwords go into the directory.
    """
    senders = frozenset(_senders(example))
    wanted = Wanted(stack.cluster, Secrets(secrets), senders, replicas=1, uri=stack.mongodb)
    await carry_out(await plan(wanted))


def service_settings(service: str, stack: Addresses, secrets: Path | None) -> dict[str, str]:
    """How a service is told to reach Kafka and MongoDB: as itself, with passwords from files, if there are
    secrets; else as the stack is reached by everybody.
    """
    kafka = {name.upper(): value for name, value in stack.cluster.settings().items()}
    if secrets is None:
        return {**kafka, "MONGODB": stack.mongodb}
    account = Principal("service", service).account
    del kafka["KAFKA_PASSWORD"]
    return {
        **kafka,
        "KAFKA_USERNAME": account,
        "KAFKA_PASSWORD_FILE": str(secrets / f"{account}.password"),
        "MONGODB_FILE": str(secrets / f"{account}.mongodb"),
    }


def people(addresses: Mapping[str, Any], example: Example) -> dict[str, Cluster]:
    """How each municipality and operator reaches Kafka; empty where the installation is not secured."""
    if addresses["secrets"] is None:
        return {}
    secrets, administrator = Secrets(Path(addresses["secrets"])), cluster_of(addresses)
    return {
        one.name: replace(administrator, username=one.account, password=secrets.password(one.account))
        for one in _senders(example)
    }


def _senders(example: Example) -> list[Principal]:
    """Who sends something in the example."""
    towns = [Principal("municipality", name) for name in example.municipalities]
    readers = example.readers_of_dead_letters
    return [*towns, *(Principal("operator", name, name in readers) for name in example.operators)]
