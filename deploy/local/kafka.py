"""Apache Kafka as one KRaft process: broker and controller together, on the loopback interface alone."""

import asyncio
import os
import re
import shutil
import uuid
from base64 import urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from typing import Final

from deploy.local import class_archive
from deploy.local.addresses import StackError
from deploy.local.jars import java_command
from deploy.local.ports import LOOPBACK, free_ports
from deploy.local.process import ServerProcess
from deploy.local.ready import wait_for_kafka
from deploy.local.security import Security
from shared.cluster import Cluster

HEAP_VARIABLE = "KOBLING_KAFKA_HEAP_MB"
"""Java's heap for a local broker: 512 where nothing is said, which does for some thousand partitions."""
_MEBIBYTE = 1024 * 1024
_START = timedelta(seconds=60)
_GRACE = timedelta(seconds=30)
_TRIES = 5

_PROTOCOLS = "listener.security.protocol.map"
_BROKERS = "inter.broker.listener.name"

BROKER_SETTINGS: Final[Mapping[str, str]] = {
    "process.roles": "broker,controller",
    "node.id": "1",
    "controller.listener.names": "CONTROLLER",
    _BROKERS: "CLIENTS",
    _PROTOCOLS: "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT",
    # A mistyped topic must fail, not appear with one partition and no access rules.
    "auto.create.topics.enable": "false",
    # A service that was off for weeks still finds where it stopped.
    "offsets.retention.minutes": str(60 * 24 * 60),
    # 1 MiB of value, and room for the key, the headers and the batch around it.
    "message.max.bytes": str(_MEBIBYTE + 64 * 1024),
    "replica.fetch.max.bytes": str(_MEBIBYTE + 64 * 1024),
    # One broker, so one replica; ten partitions load faster than fifty.
    "offsets.topic.replication.factor": "1",
    "offsets.topic.num.partitions": "10",
    "transaction.state.log.replication.factor": "1",
    "transaction.state.log.min.isr": "1",
    "transaction.state.log.num.partitions": "10",
    "share.coordinator.state.topic.replication.factor": "1",
    "share.coordinator.state.topic.min.isr": "1",
    # The wait gathers the members of a large group; here it only delays every first poll by 3 s.
    "group.initial.rebalance.delay.ms": "0",
    # A killed broker is let in again when its old session has ended: after 9 s by default.
    "broker.session.timeout.ms": "4000",
    "broker.heartbeat.interval.ms": "500",
    "log.cleaner.enable": "true",
    # The default of 128 MiB would be a quarter of the heap; this holds 600,000 keys a pass.
    "log.cleaner.dedupe.buffer.size": str(16 * _MEBIBYTE),
}
"""What a local broker is set to, as a process and as a container alike; listeners are added by each."""


class KafkaServer:
    """One broker below `directory`: its data in `data`, its output in `logs`' `kafka.log`.

    Stopping or killing it keeps the data and the port, so that it can be started again as the same broker.
    For each port in `proxied` it has one more listener that says it is to be found there: clients that come
    through a proxy on that port stay behind it. `behind` says where those listeners really are. With
    `security` its clients log in, may do what they are granted, and have no proxies.
    """

    def __init__(
        self, directory: Path, logs: Path, proxied: Sequence[int] = (), security: Security | None = None
    ) -> None:
        self._directory = directory
        self._log = logs / "kafka.log"
        self._proxied = proxied
        self._security = security
        self.certified: str | None = None
        """Where clients with a certificate are taken, where there is security."""
        self.patience = _START
        """How long a start may take: more with tens of thousands of partitions."""
        self._address: str | None = None
        self.behind: dict[int, int] = {}
        self.process: ServerProcess | None = None

    @property
    def data(self) -> Path:
        """The directory with its logs."""
        return self._directory / "data"

    @property
    def address(self) -> str:
        """Bootstrap servers; raises StackError before the first start."""
        if self._address is None:
            raise StackError("Kafka was not started")
        return self._address

    def cluster(self, address: str | None = None) -> Cluster:
        """How its administrator reaches it; raises StackError before the first start."""
        servers = address or self.address
        return Cluster(servers) if self._security is None else self._security.cluster(servers)

    async def start(self) -> None:
        """Start the broker and return when it is ready; raises StackError with the log's end."""
        if self._address is not None:
            return await self._run(self._address)
        for attempt in range(1, _TRIES + 1):
            address = await self._format()
            try:
                await self._run(address)
            except StackError:
                if attempt == _TRIES or not self._port_was_taken():
                    raise
                # The controller's port is part of the formatted data.
                shutil.rmtree(self._directory)
            else:
                self._address = address
                return None
        return None

    async def stop(self) -> None:
        """Shut down in order."""
        if self.process is not None and await self.process.stop(_GRACE):
            await asyncio.to_thread(class_archive.keep, self._draft)

    async def kill(self) -> None:
        """kill -9: what was acked must be there at the next start."""
        if self.process is not None:
            await self.process.kill()

    def advertise(self, proxied: int, port: int) -> None:
        """Has clients that come through `proxied` be told another port from the next start on."""
        name = f"PROXIED_{proxied}://{LOOPBACK}:"
        head, advertised, tail = self._settings.read_text().partition("advertised.listeners=")
        tail = re.sub(rf"{name}\d+", f"{name}{port}", tail, count=1)
        self._settings.write_text(head + advertised + tail)

    async def _run(self, address: str) -> None:
        options = [] if self._security is None else self._security.java_options()
        command = java_command(
            f"-Xmx{os.environ.get(HEAP_VARIABLE, '512')}m",
            *options,
            *class_archive.reading_or_writing(self._draft),
        )
        self.process = ServerProcess("Kafka", [*command, "kafka.Kafka", str(self._settings)], self._log)
        try:
            await self.process.start()
            await self.process.listens(int(address.rpartition(":")[2]), within=self.patience)
            await wait_for_kafka(
                self.cluster(address), within=self.patience, alive=self.process.check_running
            )
        except BaseException:
            await self.process.kill()
            raise

    async def _format(self) -> str:
        """Write the settings for free ports and format the data directory; returns the clients' address."""
        self._directory.mkdir(parents=True, exist_ok=True)
        settings, address = self._chosen_settings()
        lines = "".join(f"{name}={value}\n" for name, value in settings.items())
        await asyncio.to_thread(self._settings.write_text, lines)
        command = [*java_command(*class_archive.reading()), "kafka.tools.StorageTool", "format"]
        command += ["--standalone", "-t", _cluster_id(), "-c", str(self._settings)]
        command += [] if self._security is None else self._security.format_options()
        tool = ServerProcess("Kafka's StorageTool", command, self._log)
        try:
            await tool.start()
            await tool.finish()
        finally:
            await tool.kill()
        return address

    def _chosen_settings(self) -> tuple[dict[str, str], str]:
        """The broker's settings, on free ports, and the clients' address."""
        clients, certified, controller, *hidden = free_ports(3 + len(self._proxied))
        address = f"{LOOPBACK}:{clients}"
        self.behind = dict(zip(self._proxied, hidden, strict=True))
        listeners = {"CLIENTS": address}
        guarded: Mapping[str, str] = {}
        protocols = [BROKER_SETTINGS[_PROTOCOLS]]
        if self._security is not None:
            self.certified = listeners["CERTIFIED"] = f"{LOOPBACK}:{certified}"
            protocols = ["CLIENTS:SASL_SSL", "CERTIFIED:SSL", "CONTROLLER:SSL"]
            guarded = {**self._security.broker_settings(), _BROKERS: "CERTIFIED"}
        advertised = listeners | {f"PROXIED_{port}": f"{LOOPBACK}:{port}" for port in self._proxied}
        listeners |= {f"PROXIED_{port}": f"{LOOPBACK}:{really}" for port, really in self.behind.items()}
        protocols += [f"PROXIED_{port}:PLAINTEXT" for port in self._proxied]
        settings = {
            **BROKER_SETTINGS,
            **guarded,
            _PROTOCOLS: ",".join(protocols),
            "listeners": _listed({**listeners, "CONTROLLER": f"{LOOPBACK}:{controller}"}),
            "advertised.listeners": _listed(advertised),
            "controller.quorum.bootstrap.servers": f"{LOOPBACK}:{controller}",
            "log.dirs": str(self.data),
        }
        return settings, address

    @property
    def _draft(self) -> Path:
        return self._directory / "classes.jsa"

    @property
    def _settings(self) -> Path:
        return self._directory / "server.properties"

    def _port_was_taken(self) -> bool:
        return self.process is not None and "already in use" in self.process.last_words()


def _listed(addresses: Mapping[str, str]) -> str:
    return ",".join(f"{name}://{address}" for name, address in addresses.items())


def _cluster_id() -> str:
    """A random id in Kafka's form; one that begins with a dash would be read as an option."""
    return urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "_")
