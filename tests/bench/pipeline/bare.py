"""What every process that ours are compared with needs: its place, a health answer, a bare client."""

import asyncio
import os
import signal
from dataclasses import dataclass
from typing import Any

from motor.motor_asyncio import AsyncIOMotorClient, AsyncIOMotorDatabase
from pymongo.read_concern import ReadConcern
from pymongo.write_concern import WriteConcern

DURABLE = WriteConcern("majority", j=True)
SNAPSHOT = ReadConcern("snapshot")

Document = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Where:
    """The part that a process plays, and where."""

    service: str
    kafka: str
    mongodb: str
    database: str
    prefix: str
    port: int

    @classmethod
    def of_environment(cls) -> "Where":
        """Read from the same environment as the service's own settings."""
        service = os.environ["BENCH_SERVICE"]
        upper = service.upper()
        return cls(
            service,
            os.environ[f"{upper}_KAFKA"],
            os.environ[f"{upper}_MONGODB"],
            os.environ[f"{upper}_DATABASE"],
            os.environ[f"{upper}_TOPIC_PREFIX"],
            int(os.environ[f"{upper}_HTTP_PORT"]),
        )

    def open(self) -> "tuple[AsyncIOMotorClient[Document], AsyncIOMotorDatabase[Document]]":
        """A client and the database, with majority and journaled writes."""
        client: AsyncIOMotorClient[Document] = AsyncIOMotorClient(self.mongodb, tz_aware=True)
        return client, client.get_database(self.database, write_concern=DURABLE)

    def group(self, name: str) -> str:
        """The consumer group that the service of this name has as well."""
        return f"{self.prefix}{self.service}.{name}"


async def serve_until_told(port: int) -> None:
    """Answers every request with 200, until SIGTERM."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        await writer.drain()
        writer.close()

    told = asyncio.Event()
    asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, told.set)
    async with await asyncio.start_server(answer, "127.0.0.1", port):
        await told.wait()
