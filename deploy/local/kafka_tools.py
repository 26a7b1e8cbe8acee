"""Kafka's own command-line tools, run from the cached jars against any broker."""

import os
import subprocess
from datetime import timedelta
from enum import Enum
from tempfile import NamedTemporaryFile

from deploy.local import class_archive
from deploy.local.addresses import StackError
from deploy.local.jars import java_command
from deploy.local.process import dies_with
from kobling.setup.handing_over import java
from shared.cluster import Cluster

_PATIENCE = timedelta(seconds=60)


class Tool(Enum):
    """A tool's main class; the comments name the script that a Kafka distribution wraps it in."""

    TOPICS = "org.apache.kafka.tools.TopicCommand"  # kafka-topics.sh
    CONSUMER_GROUPS = "org.apache.kafka.tools.consumer.group.ConsumerGroupCommand"  # kafka-consumer-groups.sh
    CONFIGS = "kafka.admin.ConfigCommand"  # kafka-configs.sh
    ACLS = "org.apache.kafka.tools.AclCommand"  # kafka-acls.sh
    GET_OFFSETS = "org.apache.kafka.tools.GetOffsetShell"  # kafka-get-offsets.sh
    CONSOLE_CONSUMER = "org.apache.kafka.tools.consumer.ConsoleConsumer"  # kafka-console-consumer.sh


class KafkaTools:
    """The tools against one broker; each call starts a JVM and costs about a second.

    Every method takes the tool's own arguments without `--bootstrap-server` and returns its standard
    output. Raises StackError when Java or the jars are missing, when the tool fails (with what it said), or
    after a minute.
    """

    def __init__(self, kafka: Cluster) -> None:
        self._kafka = kafka

    def topics(self, *arguments: str) -> str:
        """`kafka-topics.sh`: for example `topics("--describe", "--topic", name)`."""
        return self.run(Tool.TOPICS, *arguments)

    def consumer_groups(self, *arguments: str) -> str:
        """`kafka-consumer-groups.sh`: lag by `--describe --group`, `--reset-offsets … --execute`."""
        return self.run(Tool.CONSUMER_GROUPS, *arguments)

    def configs(self, *arguments: str) -> str:
        """`kafka-configs.sh`: for example `configs("--describe", "--topic", name)`."""
        return self.run(Tool.CONFIGS, *arguments)

    def acls(self, *arguments: str) -> str:
        """`kafka-acls.sh`."""
        return self.run(Tool.ACLS, *arguments)

    def get_offsets(self, *arguments: str) -> str:
        """`kafka-get-offsets.sh`: lines of `topic:partition:offset`."""
        return self.run(Tool.GET_OFFSETS, *arguments)

    def console_consumer(self, *arguments: str) -> str:
        """`kafka-console-consumer.sh`: ends by itself with `--max-messages N` or `--timeout-ms N`."""
        return self.run(Tool.CONSOLE_CONSUMER, *arguments)

    def run(self, tool: Tool, *arguments: str) -> str:
        """Run any of the tools."""
        where = ("--bootstrap-server", self._kafka.servers)
        if not self._kafka.with_account:
            return _run(tool, *where, *arguments)
        with NamedTemporaryFile("w", suffix=".properties") as file:
            file.writelines(f"{name}={value}\n" for name, value in java(self._kafka).items())
            file.flush()
            return _run(tool, *where, "--command-config", file.name, *arguments)


def _run(tool: Tool, *arguments: str) -> str:
    command = [*java_command("-Xmx256m", *class_archive.reading()), tool.value, *arguments]
    try:
        done = subprocess.run(  # noqa: S603 - the child touches nothing but its own signals
            command,
            capture_output=True,
            text=True,
            check=False,
            timeout=_PATIENCE.total_seconds(),
            preexec_fn=dies_with(os.getpid()),
        )
    except subprocess.TimeoutExpired as late:
        raise StackError(f"{tool.name} did not end in {_PATIENCE}: {' '.join(arguments)}") from late
    # Some tools report a failure on standard output, so both are shown.
    if done.returncode != 0:
        raise StackError(f"{tool.name} failed: {' '.join(arguments)}\n{done.stdout}{done.stderr}")
    return done.stdout
