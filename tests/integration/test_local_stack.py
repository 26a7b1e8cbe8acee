"""The local stack starts real servers, and leaves nothing behind however its user ends."""

import asyncio
import json
import os
import signal
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic
from aiokafka.errors import KafkaError
from pymongo import AsyncMongoClient
from pymongo.asynchronous.collection import AsyncCollection

from deploy.local import choice, jars, kafka, mongodb, ready
from deploy.local.addresses import Addresses, StackError
from deploy.local.containers import KAFKA_IMAGE, MONGODB_IMAGE
from deploy.local.kafka_tools import KafkaTools
from deploy.local.ports import free_ports, listening
from deploy.local.servers import running_servers
from deploy.local.stack import running_stack
from shared.cluster import Cluster
from tests.conftest import SECURE
from tests.stack_user import start, user_of_a_stack, wait_until

if TYPE_CHECKING:
    from pymongo.asynchronous.database import AsyncDatabase

REPOSITORY = Path(__file__).parents[2]
MEBIBYTE = 1024 * 1024

pytestmark = pytest.mark.skipif(SECURE, reason="tests/security is of servers with accounts")

SHARER = """
import json, sys
from dataclasses import asdict
from pathlib import Path
from deploy.local.stack import shared_stack
print(json.dumps(asdict(shared_stack(Path(sys.argv[1]), owner=int(sys.argv[2]), discard=True))))
"""


@pytest.fixture(autouse=True)
def processes_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is tested here is what this repository starts, not the servers that a developer may have set."""
    for variable in (choice.KAFKA_VARIABLE, choice.MONGODB_VARIABLE, choice.WAY_VARIABLE):
        monkeypatch.delenv(variable, raising=False)


# The servers answer


async def test_a_record_of_one_mebibyte_comes_back(stack: Addresses) -> None:
    topic = await make_topic(stack.kafka)
    value = os.urandom(MEBIBYTE)
    await produce(stack.kafka, topic, value)
    assert await first_value(stack.kafka, topic) == value


async def test_topics_are_not_created_by_mistake(stack: Addresses) -> None:
    missing = f"mistyped-{uuid4().hex}"
    async with AIOKafkaProducer(bootstrap_servers=stack.kafka, request_timeout_ms=1_000) as producer:
        with pytest.raises(KafkaError):
            await producer.send_and_wait(missing, b"to nobody")


async def test_a_transaction_over_two_collections_commits_or_not_at_all(stack: Addresses) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with AsyncMongoClient(stack.mongodb) as client:
        name = f"test-{uuid4().hex}"
        database: AsyncDatabase[dict[str, Any]] = client.get_database(name)
        await database["states"].insert_one({"_id": 0})
        await database["outbox"].insert_one({"_id": 0})
        async with client.start_session() as session:
            async with await session.start_transaction():
                await database["states"].insert_one({"_id": 1}, session=session)
                await database["outbox"].insert_one({"_id": 1}, session=session)
            await session.start_transaction()
            await database["states"].insert_one({"_id": 2}, session=session)
            await session.abort_transaction()
        assert await database["states"].distinct("_id") == [0, 1]
        assert await database["outbox"].distinct("_id") == [0, 1]
        await client.drop_database(name)


async def test_kafkas_own_tools_see_the_same_broker(stack: Addresses) -> None:
    topic = await make_topic(stack.kafka)
    await produce(stack.kafka, topic, b"a record")
    tools = KafkaTools(stack.cluster)
    assert tools.get_offsets("--topic", topic).strip() == f"{topic}:0:1"
    seen = tools.console_consumer("--topic", topic, "--from-beginning", "--max-messages", "1")
    assert seen.strip() == "a record"
    with pytest.raises(StackError, match="TOPICS failed"):
        tools.topics("--describe", "--topic", f"missing-{topic}")


async def test_killed_servers_come_back_with_what_they_acknowledged(tmp_path: Path) -> None:
    client: AsyncMongoClient[dict[str, Any]]
    async with running_servers(tmp_path) as servers:
        before = servers.addresses
        topic = await make_topic(before.kafka)
        await produce(before.kafka, topic, b"acknowledged")
        async with AsyncMongoClient(before.mongodb, w="majority", journal=True) as client:
            await states(client).insert_one({"_id": 1})
        await servers.kafka.kill()
        await servers.mongodb.kill()
        await servers.kafka.start()
        await servers.mongodb.start()
        assert servers.addresses == before
        assert await first_value(before.kafka, topic) == b"acknowledged"
        async with AsyncMongoClient(before.mongodb) as client:
            assert await states(client).count_documents({"_id": 1}) == 1


async def test_a_port_that_somebody_else_took_is_given_up(
    stack: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    taken = int(stack.kafka.rpartition(":")[2])
    for module in (kafka, mongodb):
        offers = iter([True, False])

        def offer(count: int, offers: Iterator[bool] = offers) -> list[int]:
            return [taken, *free_ports(count - 1)] if next(offers) else free_ports(count)

        monkeypatch.setattr(module, "free_ports", offer)
    async with running_servers(tmp_path) as servers:
        assert str(taken) not in servers.addresses.kafka + servers.addresses.mongodb


# Nothing is left behind


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGKILL])
def test_no_process_and_no_data_outlive_the_user(tmp_path: Path, ending: signal.Signals) -> None:
    with user_of_a_stack(tmp_path, "processes") as user:
        assert (tmp_path / "kafka").is_dir()
        user.process.send_signal(ending)
        user.process.wait(30)
        wait_until(lambda: not any(p.lives() for p in [user.supervisor, *user.servers]), "all ended")
    assert {entry.name for entry in tmp_path.iterdir()} <= {"logs", "start.lock", "supervisor.lock"}


def test_a_keyboard_interrupt_waits_until_all_is_stopped(tmp_path: Path) -> None:
    with user_of_a_stack(tmp_path, "processes") as user:
        user.process.send_signal(signal.SIGINT)
        user.process.wait(30)
        assert not any(p.lives() for p in [user.supervisor, *user.servers])
    assert {entry.name for entry in tmp_path.iterdir()} <= {"logs", "start.lock", "supervisor.lock"}


def test_servers_are_on_the_loopback_interface_alone_and_die_with_a_killed_supervisor(tmp_path: Path) -> None:
    with user_of_a_stack(tmp_path, "processes") as user:
        reached = [address for server in user.servers for address in listening(server.pid)]
        assert {host for host, _ in reached} == {"127.0.0.1"}
        assert len(reached) == 3  # Kafka's clients and its controller, mongod
        os.kill(user.supervisor.pid, signal.SIGKILL)
        wait_until(lambda: not any(server.lives() for server in user.servers), "the servers ended")


def test_those_who_share_a_directory_share_one_stack(tmp_path: Path) -> None:
    directory = tmp_path / "shared"
    with subprocess.Popen(["sleep", "600"]) as owner:  # noqa: S607 (as PATH has it)
        command = [sys.executable, "-c", SHARER, str(directory), str(owner.pid)]
        sharers = [start(command) for _ in range(2)]
        answers = {sharer.communicate(timeout=120)[0] for sharer in sharers}
        try:
            (answer,) = answers
            assert json.loads(answer)["origin"] == "processes"
        finally:
            owner.kill()
    wait_until(lambda: not directory.exists(), "the directory was discarded")


# Which way is taken


def test_addresses_in_the_environment_win(
    stack: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(choice.KAFKA_VARIABLE, stack.kafka)
    monkeypatch.setenv(choice.MONGODB_VARIABLE, stack.mongodb)
    with running_stack(tmp_path) as addresses:
        assert addresses == Addresses(kafka=stack.kafka, mongodb=stack.mongodb, origin="environment")
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        (choice.KAFKA_VARIABLE, choice.MONGODB_VARIABLE),
        (choice.MONGODB_VARIABLE, choice.KAFKA_VARIABLE),
    ],
)
def test_one_address_alone_is_an_error_that_names_the_other(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, given: str, missing: str
) -> None:
    monkeypatch.setenv(given, "anything")
    with pytest.raises(StackError, match=f"{given} is set but {missing} is not"), running_stack(tmp_path):
        pass


@pytest.mark.parametrize("unreachable", [choice.KAFKA_VARIABLE, choice.MONGODB_VARIABLE])
def test_an_address_where_nobody_answers_is_named(
    stack: Addresses, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, unreachable: str
) -> None:
    (closed,) = free_ports(1)
    monkeypatch.setenv(choice.KAFKA_VARIABLE, stack.kafka)
    monkeypatch.setenv(choice.MONGODB_VARIABLE, stack.mongodb)
    scheme = "mongodb://" if unreachable == choice.MONGODB_VARIABLE else ""
    monkeypatch.setenv(unreachable, f"{scheme}127.0.0.1:{closed}")
    named = f"^{unreachable}: .*127.0.0.1:{closed} is not ready after .*: .*Connect call failed"
    with pytest.raises(StackError, match=named), running_stack(tmp_path):
        pass


@pytest.mark.parametrize("wait", [ready.wait_for_kafka, ready.wait_for_mongodb])
async def test_who_does_not_listen_is_not_waited_for(wait: Callable[..., Awaitable[None]]) -> None:
    (closed,) = free_ports(1)
    address = f"127.0.0.1:{closed}"
    where = f"mongodb://{address}" if wait is ready.wait_for_mongodb else Cluster(address)
    with pytest.raises(StackError, match="Connect call failed"):
        await wait(where, within=timedelta(days=1), unlikely=timedelta(0))


@pytest.mark.parametrize("wait", [ready.wait_for_kafka, ready.wait_for_mongodb])
async def test_who_listens_and_never_answers_is_given_a_reason(wait: Callable[..., Awaitable[None]]) -> None:
    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(say_nothing, "127.0.0.1", 0) as silent:
        address = f"127.0.0.1:{silent.sockets[0].getsockname()[1]}"
        where = f"mongodb://{address}" if wait is ready.wait_for_mongodb else Cluster(address)
        second = timedelta(seconds=1)
        with pytest.raises(StackError, match=f"{address} is not ready after 0:00:01: no answer in 0:00:01$"):
            await wait(where, within=second, unlikely=timedelta(0))


async def test_a_broker_that_listens_and_is_too_busy_is_waited_for(stack: Addresses) -> None:
    """The first who asks is turned away; the next is let through to the broker."""
    host, _, port = stack.kafka.rpartition(":")
    turned_away: list[bytes] = []

    async def pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = await reader.read(MEBIBYTE)
        if request and not turned_away:
            turned_away.append(request)
        elif request:
            answers, requests = await asyncio.open_connection(host, int(port))
            requests.write(request)
            await asyncio.gather(_pipe(reader, requests), _pipe(answers, writer))
        writer.close()

    async with await asyncio.start_server(pass_on, "127.0.0.1", 0) as busy:
        address = f"127.0.0.1:{busy.sockets[0].getsockname()[1]}"
        await ready.wait_for_kafka(Cluster(address), within=timedelta(minutes=5), unlikely=timedelta(0))
    assert turned_away


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://user:secret@127.0.0.1:{}/?replicaSet=kobling",
        "mongodb://user:sec/ret@127.0.0.1:{}",
        "mongodb://user:ret@secret@127.0.0.1:{}",
    ],
)
async def test_a_password_is_in_no_error(uri: str) -> None:
    (closed,) = free_ports(1)
    with pytest.raises(StackError, match=f"MongoDB at 127.0.0.1:{closed} is not ready") as error:
        await ready.wait_for_mongodb(uri.format(closed), within=timedelta(seconds=1), unlikely=timedelta(0))
    for part in ("user", "sec", "ret"):
        assert part not in str(error.value)


def test_a_machine_where_nothing_can_run_is_told_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    without_anything(tmp_path, monkeypatch)
    with pytest.raises(StackError) as error, running_stack(tmp_path / "stack"):
        pass
    for remedy in ("Java 17", "Maven", "Docker engine", choice.KAFKA_VARIABLE, choice.MONGODB_VARIABLE):
        assert remedy in str(error.value)


def test_a_forced_way_is_the_only_one_tried(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without_anything(tmp_path, monkeypatch)
    monkeypatch.setenv(choice.WAY_VARIABLE, "containers")
    with pytest.raises(StackError, match="Docker engine") as error, running_stack(tmp_path / "stack"):
        pass
    assert "Java" not in str(error.value)
    monkeypatch.setenv(choice.WAY_VARIABLE, "cloud")
    with pytest.raises(StackError, match="not 'cloud'"), running_stack(tmp_path / "stack"):
        pass


def test_the_compose_file_and_the_pom_follow_the_code() -> None:
    compose = (REPOSITORY / "docker-compose.yml").read_text()
    assert f"image: {KAFKA_IMAGE}\n" in compose
    assert f"image: {MONGODB_IMAGE}\n" in compose
    assert KAFKA_IMAGE.endswith(f":{jars.KAFKA_VERSION}")
    pom = (REPOSITORY / "deploy" / "local" / "pom.xml").read_text()
    assert f"<kafka.version>{jars.KAFKA_VERSION}</kafka.version>" in pom


# Helpers


async def _pipe(source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
    while chunk := await source.read(MEBIBYTE):
        sink.write(chunk)
        await sink.drain()
    sink.close()


def states(client: AsyncMongoClient[dict[str, Any]]) -> AsyncCollection[dict[str, Any]]:
    return client["test"]["states"]


async def make_topic(servers: str) -> str:
    topic = f"test-{uuid4().hex}"
    admin = AIOKafkaAdminClient(bootstrap_servers=servers)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()
    return topic


async def produce(servers: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(
        bootstrap_servers=servers, enable_idempotence=True, max_request_size=2 * MEBIBYTE
    ) as producer:
        await producer.send_and_wait(topic, value)


async def first_value(servers: str, topic: str) -> bytes:
    async with AIOKafkaConsumer(
        topic, bootstrap_servers=servers, group_id=f"group-{topic}", auto_offset_reset="earliest"
    ) as consumer:
        record = await consumer.getone()
        await consumer.commit()
        value: bytes = record.value
        return value


def without_anything(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No programs, no cached jars and no Docker engine."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    monkeypatch.setattr(jars, "_CACHE", tmp_path / "cache")
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/no-engine.sock")
