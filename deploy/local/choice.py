"""Which of the three ways gives the stack on this machine."""

import os
from datetime import timedelta
from typing import Literal, assert_never

from pydantic import ValidationError

from deploy.local.addresses import Addresses, StackError
from deploy.local.containers import missing_for_containers
from deploy.local.ready import wait_for_kafka, wait_for_mongodb
from deploy.local.servers import missing_for_processes
from shared.cluster_settings import ClusterSettings
from shared.secret_files import SecretFileError

Way = Literal["processes", "containers"]

PREFIX = "KOBLING_"
KAFKA_VARIABLE = f"{PREFIX}KAFKA"
"""Bootstrap servers of a Kafka that somebody else runs; `KOBLING_KAFKA_USERNAME` and so on log in there."""

MONGODB_VARIABLE = f"{PREFIX}MONGODB"
"""Connection URI of a MongoDB replica set that somebody else runs."""

WAY_VARIABLE = "KOBLING_STACK"
"""`processes` or `containers`: this way or none. Without effect when addresses are given."""

_READY = timedelta(seconds=30)
"""Patience with a server that listens: a busy broker takes its time to load its coordinators."""

_UNLIKELY = timedelta(seconds=3)
"""Patience where nobody listens, or something else does: a wrong address should be named soon."""


def environment_addresses() -> Addresses | None:
    """The addresses in the environment; None without any, StackError where one of the two is missing."""
    kafka, mongodb = os.environ.get(KAFKA_VARIABLE), os.environ.get(MONGODB_VARIABLE)
    if not kafka and not mongodb:
        return None
    if not kafka:
        raise StackError(f"{MONGODB_VARIABLE} is set but {KAFKA_VARIABLE} is not: set both or neither")
    if not mongodb:
        raise StackError(f"{KAFKA_VARIABLE} is set but {MONGODB_VARIABLE} is not: set both or neither")
    try:
        account = ClusterSettings(_env_prefix=PREFIX).cluster.settings()
    except (ValidationError, SecretFileError) as error:
        raise StackError(f"{PREFIX}KAFKA_*: {_said(error)}") from None
    return Addresses(kafka=account.pop("kafka"), mongodb=mongodb, origin="environment", account=account)


def _said(error: ValidationError | SecretFileError) -> str:
    """What is wrong with the account, without what was given."""
    if isinstance(error, ValidationError):
        return "; ".join(fault["msg"] for fault in error.errors(include_input=False))
    return str(error)


async def check_reachable(addresses: Addresses) -> None:
    """Raise StackError, naming the variable, unless both given servers are ready for the services."""
    try:
        await wait_for_kafka(addresses.cluster, within=_READY, unlikely=_UNLIKELY)
    except StackError as refusal:
        raise StackError(f"{KAFKA_VARIABLE}: {refusal}") from refusal
    try:
        await wait_for_mongodb(addresses.mongodb, within=_READY, unlikely=_UNLIKELY)
    except StackError as refusal:
        raise StackError(f"{MONGODB_VARIABLE}: {refusal}") from refusal


def choose_way(*, secure: bool = False) -> Way:
    """Processes where they can run, else containers, which can't be secured; raises StackError naming what
    each way lacks.
    """
    forced = os.environ.get(WAY_VARIABLE) or None
    if forced not in {None, "processes", "containers"}:
        raise StackError(f"{WAY_VARIABLE} must be 'processes' or 'containers', not {forced!r}")
    ways: tuple[Way, ...] = ("processes", "containers")
    lacks: dict[Way, list[str]] = {}
    for way in ways:
        if forced in {None, way}:
            lacks[way] = _missing(way, secure=secure)
            if not lacks[way]:
                return way
    lines = [f"  {way}: missing {'; '.join(missing)}" for way, missing in lacks.items()]
    lines.append(f"  addresses: set {KAFKA_VARIABLE} and {MONGODB_VARIABLE} to servers that run already")
    only = f" ({WAY_VARIABLE}={forced} allows one way)" if forced else ""
    raise StackError("\n".join([f"Kafka and MongoDB can't be started here{only}:", *lines]))


def _missing(way: Way, *, secure: bool) -> list[str]:
    match way:
        case "processes":
            return missing_for_processes()
        case "containers":
            unfit = ["a secured broker (docker-compose.yml has one)"] if secure else []
            return unfit or missing_for_containers()
        case _:
            assert_never(way)
