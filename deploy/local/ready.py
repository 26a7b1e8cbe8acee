"""Really ready: what a server must answer before anybody is told its address."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deploy.local.addresses import StackError
from shared.cluster import Cluster

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

# The clients are imported where they are used: that takes half a second, during which the servers start.

_PAUSE = timedelta(milliseconds=50)
_ATTEMPT = timedelta(seconds=10)
_CONNECT = timedelta(seconds=3)
_TRANSACTION = 1

# Coordinators are looked up by the hash of a name. Ten names that differ in the last digit alone have
# ten consecutive hashes: one for each partition of the coordinators' topics in the local stack.
_NAMES = [f"kobling-ready-{digit}" for digit in range(10)]


async def wait_for_kafka(
    kafka: Cluster,
    *,
    within: timedelta,
    unlikely: timedelta | None = None,
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Return once Kafka answers metadata requests and its group and transaction coordinators do.

    within: how long a server that listens may take. unlikely: how long to wait
    where that seldom helps, since nobody listens: as long as `within` unless given. alive: raises when there
    is no use in waiting any longer. Raises StackError with the last refusal.
    """
    await _wait(lambda: _ask_kafka(kafka), f"Kafka at {kafka}", within, unlikely, alive)


async def wait_for_mongodb(
    uri: str,
    *,
    within: timedelta,
    unlikely: timedelta | None = None,
    alive: Callable[[], None] = lambda: None,
) -> None:
    """Return once the database is the writable primary of a replica set: transactions need one.

    uri: may hold a password, which no error shows. unlikely: also where it refuses the URI, or is no replica
    set. The others, and errors: as for Kafka.
    """
    await _wait(lambda: _ask_mongodb(uri), f"MongoDB at {_hosts(uri)}", within, unlikely, alive)


async def _wait(
    ask: Callable[[], Awaitable[None]],
    what: str,
    within: timedelta,
    unlikely: timedelta | None,
    alive: Callable[[], None],
) -> None:
    began = time.monotonic()
    attempt = min(within, _ATTEMPT)
    while True:
        try:
            async with asyncio.timeout(attempt.total_seconds()):
                return await ask()
        except (OSError, _NotYetError) as refusal:
            alive()
            patience = within
            if unlikely is not None and isinstance(refusal, _UnlikelyError):
                patience = unlikely
            if time.monotonic() - began > patience.total_seconds():
                reason = _reason(refusal, attempt)
                raise StackError(f"{what} is not ready after {patience}: {reason}") from refusal
        await asyncio.sleep(_PAUSE.total_seconds())


def _reason(refusal: Exception, limit: timedelta) -> str:
    """Never empty: a timeout, like some errors of a connection, says nothing of itself."""
    if isinstance(refusal, TimeoutError):
        return str(refusal) or f"no answer in {limit}"
    return str(refusal) or repr(refusal)


class _NotYetError(Exception):
    """No answer, or not the one that means ready."""


class _UnlikelyError(_NotYetError):
    """Nobody listens, or somebody who can hardly become what is wanted."""


async def _ask_kafka(kafka: Cluster) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    await _connect_to_one_of(_bootstrap_addresses(kafka.servers))
    admin = AIOKafkaAdminClient(**kafka.options)
    try:
        await admin.start()
        await admin.describe_cluster()
        await asyncio.gather(*(_ask_coordinators(admin, name) for name in _NAMES))
    except KafkaError as refusal:
        raise _NotYetError(repr(refusal)) from refusal
    finally:
        await admin.close()


def _bootstrap_addresses(servers: str) -> list[tuple[str, int]]:
    addresses: list[tuple[str, int]] = []
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdigit():
            raise StackError(f"not a bootstrap server of the form host:port: {server!r}")
        addresses.append((host.strip("[]"), int(port)))
    return addresses


async def _connect_to_one_of(addresses: Iterable[tuple[str, int]]) -> None:
    """A first look: who does not listen needs no patience, and aiokafka logs an error for every refusal."""
    refusals: list[str] = []
    for host, port in addresses:
        try:
            async with asyncio.timeout(_CONNECT.total_seconds()):
                _, writer = await asyncio.open_connection(host, port)
        except OSError as refusal:
            refusals.append(f"{host}:{port}: {_reason(refusal, _CONNECT)}")
            continue
        writer.close()
        return
    raise _UnlikelyError("; ".join(refusals))


async def _ask_coordinators(admin: "AIOKafkaAdminClient", name: str) -> None:
    from aiokafka.errors import for_code  # noqa: PLC0415

    # The first lookup creates the coordinators' topics; until they are loaded it is refused.
    await admin.find_coordinator(name, _TRANSACTION)
    coordinator = await admin.find_coordinator(name)
    for answer in await admin.describe_consumer_groups([name], group_coordinator_id=coordinator):
        for error_code, *_ in answer.groups:
            if error_code:
                raise for_code(error_code)(f"the coordinator of group {name} is not ready")


def _hosts(uri: str) -> str:
    """What of a connection URI may be shown: no user, no password, no options."""
    return uri.rpartition("://")[2].rpartition("@")[2].partition("/")[0].partition("?")[0]


def _mongodb_addresses(uri: str) -> list[tuple[str, int]]:
    """Those that the URI gives itself: neither names that DNS resolves to several, nor Unix sockets."""
    from pymongo.uri_parser import parse_uri  # noqa: PLC0415

    if not uri.startswith("mongodb://"):
        return []
    return [(host, port) for host, port in parse_uri(uri, validate=False)["nodelist"] if port is not None]


async def _ask_mongodb(uri: str) -> None:
    from pymongo import AsyncMongoClient  # noqa: PLC0415
    from pymongo.errors import ConfigurationError, InvalidURI, OperationFailure, PyMongoError  # noqa: PLC0415

    client: AsyncMongoClient[dict[str, Any]]
    timeout = int(_ATTEMPT.total_seconds() * 1000)
    try:
        if addresses := _mongodb_addresses(uri):
            await _connect_to_one_of(addresses)
        async with AsyncMongoClient(uri, serverSelectionTimeoutMS=timeout // 4) as client:
            hello = await client.admin.command("hello")
    except (InvalidURI, ValueError):
        # What pymongo says of it quotes the URI, where an unescaped password may stand anywhere.
        raise _UnlikelyError("it is no connection URI, or has characters that must be escaped") from None
    except (ConfigurationError, OperationFailure) as refusal:
        raise _UnlikelyError(str(refusal)) from refusal
    except PyMongoError as refusal:
        raise _NotYetError(str(refusal)) from refusal
    if "setName" not in hello:
        raise _UnlikelyError("it is no replica set, so it has no transactions")
    if not hello.get("isWritablePrimary"):
        raise _NotYetError("it is not the writable primary")
