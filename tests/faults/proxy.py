"""A TCP proxy between a service and a server: it cuts, stops, delays, resets, and loses replies."""

import asyncio
import random
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

from deploy.local.ports import LOOPBACK, free_ports

Match = Callable[[bytes], bool]
"""Tells by bytes that a client sent: the first ones of a connection, or a request."""

Queue = asyncio.Queue[tuple[float, bytes]]
"""Chunks of one direction, each with the loop's time at which it is due; an empty one is the end."""

CHUNK = 64 * 1024
IN_FLIGHT = 64
"""Chunks of one direction that a delay holds."""


def everything(_: bytes) -> bool:
    """Matches whatever was sent."""
    return True


def _free_port() -> int:
    (port,) = free_ports(1)
    return port


@dataclass(slots=True, eq=False)
class _Link:
    """One connection: what the client said first, and whether its next reply is to be lost."""

    first: bytes
    client: asyncio.StreamWriter
    server: asyncio.StreamWriter
    loses_reply: bool = False

    def abort(self) -> None:
        self.client.transport.abort()
        self.server.transport.abort()


@dataclass(slots=True)
class Proxy:
    """Listens on `port` and connects to `target`. `latency` (seconds) holds for each direction, and
    `reset_chance` for each chunk that passes.
    """

    port: int = field(default_factory=_free_port)
    target: int = 0
    chance: random.Random = field(default_factory=lambda: random.Random(1))  # noqa: S311 (repeatable, and guards nothing)
    latency: float = 0.0
    reset_chance: float = 0.0
    replies_lost: int = field(default=0, init=False)
    _refused: Match | None = field(default=None, init=False)
    _stopped: Match | None = field(default=None, init=False)
    _news: asyncio.Event = field(default_factory=asyncio.Event, init=False)
    _to_lose: tuple[Match, int] = field(default=(everything, 0), init=False)
    _links: set[_Link] = field(default_factory=set, init=False)
    _server: asyncio.Server | None = field(default=None, init=False)

    async def start(self) -> None:
        """Listens."""
        self._server = await asyncio.start_server(self._serve, LOOPBACK, self.port)

    async def stop(self) -> None:
        """Ends all connections."""
        if self._server is not None:
            self._server.close()
        for link in set(self._links):
            link.abort()

    @contextmanager
    def cut(self, which: Match = everything) -> Iterator[None]:
        """Resets the connections that match, and refuses new ones."""
        self._refused = which
        for link in set(self._links):
            if which(link.first):
                link.abort()
        try:
            yield
        finally:
            self._refused = None

    @contextmanager
    def silent(self, which: Match = everything) -> Iterator[None]:
        """Lets nothing through, as a network that drops packets; what was sent arrives afterwards."""
        self._stopped = which
        try:
            yield
        finally:
            self._stopped = None
            self._news.set()

    def lose_replies(self, to: Match, times: int) -> None:
        """Cuts the connection in place of the reply to each of the next `times` requests that match."""
        self._to_lose = (to, times)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        first = await reader.read(CHUNK)
        if not first or (self._refused is not None and self._refused(first)):
            writer.transport.abort()
            return
        try:
            back, forth = await asyncio.open_connection(LOOPBACK, self.target)
        except OSError:
            writer.transport.abort()
            return
        link = _Link(first, writer, forth)
        self._links.add(link)
        there: Queue = asyncio.Queue(IN_FLIGHT)
        here: Queue = asyncio.Queue(IN_FLIGHT)
        with suppress(ExceptionGroup):
            # The first to fail or to end takes the others with it.
            async with asyncio.TaskGroup() as pumps:
                pumps.create_task(self._read(reader, there, first))
                pumps.create_task(self._write(link, there, forth, is_request=True))
                pumps.create_task(self._read(back, here, b""))
                pumps.create_task(self._write(link, here, writer, is_request=False))
        link.abort()
        self._links.discard(link)

    async def _read(self, reader: asyncio.StreamReader, queue: Queue, first: bytes) -> None:
        loop = asyncio.get_running_loop()
        chunk = first or await reader.read(CHUNK)
        while chunk:
            await queue.put((loop.time() + self.latency, chunk))
            chunk = await reader.read(CHUNK)
        await queue.put((0.0, b""))

    async def _write(
        self, link: _Link, queue: Queue, writer: asyncio.StreamWriter, *, is_request: bool
    ) -> None:
        loop = asyncio.get_running_loop()
        while True:
            due, chunk = await queue.get()
            if due > loop.time():
                await asyncio.sleep(due - loop.time())
            while self._stopped is not None and self._stopped(link.first):
                self._news.clear()
                await self._news.wait()
            lost = link.loses_reply and not is_request
            if not chunk or lost or self.chance.random() < self.reset_chance:
                self.replies_lost += lost
                raise ConnectionResetError
            if is_request:
                self._mark(link, chunk)
            writer.write(chunk)
            await writer.drain()

    def _mark(self, link: _Link, chunk: bytes) -> None:
        to, times = self._to_lose
        if times and not link.loses_reply and to(chunk):
            self._to_lose = (to, times - 1)
            link.loses_reply = True
