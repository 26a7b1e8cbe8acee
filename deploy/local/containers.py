"""Kafka and MongoDB as containers of a Docker engine on this machine, through Testcontainers."""

import asyncio
import subprocess
import sys
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from deploy.local.addresses import Addresses, StackError
from deploy.local.jars import KAFKA_VERSION
from deploy.local.kafka import BROKER_SETTINGS
from deploy.local.mongodb import PARAMETERS, REPLICA_SET, initiate
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.ready import wait_for_kafka, wait_for_mongodb

if TYPE_CHECKING:
    from testcontainers.core.container import DockerContainer

KAFKA_IMAGE = f"apache/kafka:{KAFKA_VERSION}"
MONGODB_IMAGE = "mongo:8.0"
LABEL = "no.kobling.stack"
"""The label of every container of a stack; its value is the stack's own random name."""

_START = timedelta(seconds=120)
_GUARD_ENDS = timedelta(seconds=30)
_CLIENT_PORT = 9092
_CONTROLLER_PORT = 9093
_MONGODB_PORT = 27017


def missing_for_containers() -> list[str]:
    """What keeps the servers from running as containers, with what to install; empty if nothing."""
    try:
        # Imported here: it takes a third of a second, and most runs need no container.
        from docker.errors import DockerException  # type: ignore[import-untyped]  # noqa: PLC0415
        from testcontainers.core.docker_client import DockerClient  # noqa: PLC0415
    except ImportError:
        return ["Testcontainers (the project's extra `local`)"]
    try:
        DockerClient().client.ping()
    except DockerException as refusal:
        return [f"a Docker engine that answers (Debian: docker.io; {refusal})"]
    return []


@asynccontextmanager
async def running_containers() -> AsyncIterator[Addresses]:
    """Both servers, ready, in containers whose ports are bound to the loopback interface alone.

    Raises StackError when an image can't be had or a server doesn't become ready.
    """
    kafka_port, mongodb_port = free_ports(2)
    addresses = Addresses(
        kafka=f"{LOOPBACK}:{kafka_port}",
        # The member knows itself by its port inside the container, which is of no use out here.
        mongodb=f"mongodb://{LOOPBACK}:{mongodb_port}/?directConnection=true",
        origin="containers",
    )
    stack = uuid.uuid4().hex
    with _guard(stack):
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(asyncio.to_thread(_start_kafka, stack, kafka_port))
                starting.create_task(asyncio.to_thread(_start_mongodb, stack, mongodb_port))
            await initiate(mongodb_port, member=f"{LOOPBACK}:{_MONGODB_PORT}")
            await wait_for_kafka(addresses.cluster, within=_START)
            await wait_for_mongodb(addresses.mongodb, within=_START)
        except ExceptionGroup as failures:
            raise StackError(f"the containers did not start: {failures.exceptions[0]}") from failures
        yield addresses


@contextmanager
def _guard(stack: str) -> Iterator[None]:
    """Remove the stack's containers at the end of this block or of this process, whichever is first.

    The engine owns containers, so nothing ends them with us: a process that reads our pipe to its end does.
    """
    command = [sys.executable, "-m", "deploy.local.container_guard", stack]
    with subprocess.Popen(  # noqa: S603 (our own module)
        command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, start_new_session=True
    ) as guard:
        try:
            yield
        finally:
            if guard.stdin is not None:
                guard.stdin.close()
            guard.wait(_GUARD_ENDS.total_seconds())


def _start_kafka(stack: str, port: int) -> None:
    settings = {
        **BROKER_SETTINGS,
        "listeners": f"CLIENTS://:{_CLIENT_PORT},CONTROLLER://:{_CONTROLLER_PORT}",
        # What clients out here are told to connect to.
        "advertised.listeners": f"CLIENTS://{LOOPBACK}:{port}",
        "controller.quorum.voters": f"1@localhost:{_CONTROLLER_PORT}",
    }
    container = _container(KAFKA_IMAGE, stack, _CLIENT_PORT, port)
    for name, value in settings.items():
        container.with_env(f"KAFKA_{name.upper().replace('.', '_')}", value)
    container.with_env("KAFKA_HEAP_OPTS", "-Xmx512m")
    container.start()


def _start_mongodb(stack: str, port: int) -> None:
    container = _container(MONGODB_IMAGE, stack, _MONGODB_PORT, port)
    container.with_command(
        ["--replSet", REPLICA_SET, "--wiredTigerCacheSizeGB", "1", "--oplogSize", "1024", *PARAMETERS]
    )
    container.start()


def _container(image: str, stack: str, inside: int, outside: int) -> "DockerContainer":
    from testcontainers.core.config import testcontainers_config  # noqa: PLC0415
    from testcontainers.core.container import DockerContainer  # noqa: PLC0415

    # Its reaper is one more image to pull, with the engine's socket inside; the guard does its work.
    testcontainers_config.ryuk_disabled = True
    container = DockerContainer(image).with_kwargs(labels={LABEL: stack})
    # A bare number would be bound on every interface of the machine.
    container.ports[str(inside)] = (LOOPBACK, outside)  # type: ignore[assignment]
    return container
