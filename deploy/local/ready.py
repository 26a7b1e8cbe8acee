"""Really ready: what a server must answer before anybody is told its address."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from deploy.local.addresses import StackError

if TYPE_CHECKING:
    from aiokafka.admin import AIOKafkaAdminClient

# The clients are imported where they are used: that takes half a second, during which the servers start.

_PAUSE = timedelta(milliseconds=50)
_ATTEMPT = timedelta(seconds=10)
_TRANSACTION = 1

# Coordinators are looked up by the hash of a name. Ten names that differ in the last digit alone have
# ten consecutive hashes: one for each partition of the coordinators' topics in the local stack.
_NAMES = [f"kobling-ready-{digit}" for digit in range(10)]


async def wait_for_kafka(
    servers: str, *, within: timedelta, alive: Callable[[], None] = lambda: None
) -> None:
    """Return once Kafka answers metadata requests and its group and transaction coordinators do.

    servers: bootstrap servers. alive: raises when there is no use in waiting any longer.
    Raises StackError after `within`, with the last refusal.
    """
    await _wait(lambda: _ask_kafka(servers), f"Kafka at {servers}", within, alive)


async def wait_for_mongodb(uri: str, *, within: timedelta, alive: Callable[[], None] = lambda: None) -> None:
    """Return once the database is the writable primary of a replica set: transactions need one.

    alive: raises when there is no use in waiting any longer.
    Raises StackError after `within`, with the last refusal.
    """
    await _wait(lambda: _ask_mongodb(uri), f"MongoDB at {uri}", within, alive)


async def _wait(
    ask: Callable[[], Awaitable[None]], what: str, within: timedelta, alive: Callable[[], None]
) -> None:
    deadline = time.monotonic() + within.total_seconds()
    while True:
        try:
            async with asyncio.timeout(min(within, _ATTEMPT).total_seconds()):
                return await ask()
        except (OSError, _NotYetError) as refusal:
            alive()
            if time.monotonic() > deadline:
                raise StackError(f"{what} is not ready after {within}: {refusal}") from refusal
        await asyncio.sleep(_PAUSE.total_seconds())


class _NotYetError(Exception):
    """No answer, or not the one that means ready."""


async def _ask_kafka(servers: str) -> None:
    from aiokafka.admin import AIOKafkaAdminClient  # noqa: PLC0415
    from aiokafka.errors import KafkaError  # noqa: PLC0415

    await _connect_to_one_of(servers)
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    try:
        await admin.start()
        await admin.describe_cluster()
        await asyncio.gather(*(_ask_coordinators(admin, name) for name in _NAMES))
    except KafkaError as refusal:
        raise _NotYetError(repr(refusal)) from refusal
    finally:
        await admin.close()


async def _connect_to_one_of(servers: str) -> None:
    """A cheap first look: aiokafka logs an error for every refused connection."""
    refusals: list[str] = []
    for server in servers.split(","):
        host, _, port = server.strip().rpartition(":")
        if not host or not port.isdigit():
            raise StackError(f"not a bootstrap server of the form host:port: {server!r}")
        try:
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
        except OSError as refusal:
            refusals.append(str(refusal))
            continue
        writer.close()
        return
    raise ConnectionError("; ".join(refusals))


async def _ask_coordinators(admin: "AIOKafkaAdminClient", name: str) -> None:
    from aiokafka.errors import for_code  # noqa: PLC0415

    # The first lookup creates the coordinators' topics; until they are loaded it is refused.
    await admin.find_coordinator(name, _TRANSACTION)
    coordinator = await admin.find_coordinator(name)
    for answer in await admin.describe_consumer_groups([name], group_coordinator_id=coordinator):
        for error_code, *_ in answer.groups:
            if error_code:
                raise for_code(error_code)(f"the coordinator of group {name} is not ready")


async def _ask_mongodb(uri: str) -> None:
    from pymongo import AsyncMongoClient  # noqa: PLC0415
    from pymongo.errors import PyMongoError  # noqa: PLC0415

    client: AsyncMongoClient[dict[str, Any]]
    timeout = int(_ATTEMPT.total_seconds() * 1000)
    try:
        async with AsyncMongoClient(uri, serverSelectionTimeoutMS=timeout // 4) as client:
            hello = await client.admin.command("hello")
    except PyMongoError as refusal:
        raise _NotYetError(str(refusal)) from refusal
    if "setName" not in hello:
        raise _NotYetError("it is no replica set, so it has no transactions")
    if not hello.get("isWritablePrimary"):
        raise _NotYetError("it is not the writable primary")
