"""The local stack in containers: needs a Docker engine, so it is run on demand (`make test-containers`)."""

import asyncio
import os
import signal
from datetime import timedelta
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from docker.models.containers import Container  # type: ignore[import-untyped]
from testcontainers.core.docker_client import DockerClient

from deploy.local.containers import LABEL
from deploy.local.kafka_tools import KafkaTools
from deploy.local.ready import wait_for_mongodb
from tests.stack_user import User, user_of_a_stack, wait_until


def test_both_answer_on_the_loopback_interface_alone(tmp_path: Path) -> None:
    before = stack_containers()
    with user_of_a_stack(tmp_path, "containers") as user:
        KafkaTools(user.addresses.cluster).topics("--create", "--topic", "visits")
        asyncio.run(use(user))
        assert KafkaTools(user.addresses.cluster).get_offsets("--topic", "visits").strip() == "visits:0:1"
        bound = [
            binding["HostIp"]
            for container in stack_containers() - before
            for bindings in container.ports.values()
            for binding in bindings or []
        ]
        assert bound == ["127.0.0.1", "127.0.0.1"]


@pytest.mark.parametrize("victim", ["user", "supervisor"])
def test_no_container_outlives_a_kill(tmp_path: Path, victim: str) -> None:
    before = stack_containers()
    with user_of_a_stack(tmp_path, "containers") as user:
        assert len(stack_containers() - before) == 2
        os.kill(user.process.pid if victim == "user" else user.supervisor.pid, signal.SIGKILL)
        wait_until(lambda: stack_containers() <= before, "the containers are gone")


async def use(user: User) -> None:
    async with AIOKafkaProducer(bootstrap_servers=user.addresses.kafka) as producer:
        await producer.send_and_wait("visits", b"a record")
    await wait_for_mongodb(user.addresses.mongodb, within=timedelta(seconds=5))


def stack_containers() -> set[Container]:
    return set(DockerClient().client.containers.list(all=True, filters={"label": LABEL}))
