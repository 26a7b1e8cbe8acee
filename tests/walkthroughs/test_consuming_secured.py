"""The programs of `docs/consuming.md` with an account: they are granted all that they need, and no more."""

import asyncio
import os
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from confluent_kafka.admin import (
    AclBinding,
    AclOperation,
    AclPermissionType,
    AdminClient,
    NewTopic,
    ResourcePatternType,
    ResourceType,
    ScramCredentialInfo,
    ScramMechanism,
    UserScramCredentialUpsertion,
)

from deploy import background
from deploy.local.kafka import KafkaServer
from deploy.local.security import ADMINISTRATOR, Security
from kobling.setup.handing_over import Secrets
from shared.contracts.access import Grant, Principal, grants
from shared.contracts.topics import INDICATORS, RECEIPTS
from tests.stack_user import wait_until
from tests.walkthroughs.consuming import (
    COMMITTED,
    JAVA,
    KCAT,
    PYTHON,
    ROWS,
    Client,
    of_made_up,
    publish,
    steps,
    with_java,
    with_kcat,
)

PASSWORD = secrets.token_urlsafe(16)
SOMEBODY = Principal("consumer", "example")


@asynccontextmanager
async def secured(directory: Path) -> AsyncIterator[tuple[Client, str]]:
    """A client of a broker that lets in nobody without an account, and where it takes certificates."""
    security = await asyncio.to_thread(Security.made, directory / "security")
    server = KafkaServer(directory / "kafka", directory / "logs", security=security)
    try:
        await server.start()
        settings: dict[str, str | int | float | bool] = {
            "bootstrap.servers": server.address,
            "security.protocol": "SASL_SSL",
            "sasl.mechanism": "SCRAM-SHA-512",
            "sasl.username": ADMINISTRATOR,
            "sasl.password": security.password,
            "ssl.ca.location": str(security.authority.ca_file),
        }
        await asyncio.to_thread(prepare, settings)
        (directory / "client").mkdir()
        client = Client.made(directory / "client", server.address)
        security.authority.sign(SOMEBODY.account)
        shutil.copy2(security.authority.ca_file, client.directory / "brokers.pem")
        shutil.copy2(security.directory / f"{SOMEBODY.account}.pem", client.directory / "account.pem")
        assert server.certified is not None
        yield client, server.certified
    finally:
        await server.stop()


def prepare(settings: dict[str, str | int | float | bool]) -> None:
    """Topics with what readers meet on them, and the account."""
    admin = AdminClient(settings)
    names = (INDICATORS.name, RECEIPTS.named("no-4601"))
    made = admin.create_topics([NewTopic(name, num_partitions=12, replication_factor=1) for name in names])
    for done in made.values():
        done.result(30)
    publish(settings)
    # A scram credential's salt is the client's to choose; left out, it is a random one.
    scram = ScramCredentialInfo(ScramMechanism.SCRAM_SHA_512, 4096)
    upsertion = UserScramCredentialUpsertion(
        SOMEBODY.account, scram, PASSWORD.encode(), secrets.token_bytes(16)
    )
    for kept in admin.alter_user_scram_credentials([upsertion]).values():
        kept.result(30)
    for granted in admin.create_acls([binding(grant) for grant in grants(SOMEBODY)]).values():
        granted.result(30)


def binding(grant: Grant) -> AclBinding:
    pattern = ResourcePatternType.PREFIXED if grant.prefixed else ResourcePatternType.LITERAL
    return AclBinding(
        ResourceType[grant.resource.upper()],
        grant.name,
        pattern,
        f"User:{SOMEBODY.account}",
        "*",
        AclOperation[grant.operation.upper()],
        AclPermissionType.ALLOW,
    )


def log_in(client: Client, account: str = SOMEBODY.account, password: str = PASSWORD) -> None:
    """Adds the page's lines of an account to the client's two files."""
    for step in steps():
        if not step.creates:
            step.apply(client.directory)
            file = client.directory / step.path
            lines = file.read_text().replace("your-password", password)
            file.write_text(lines.replace(SOMEBODY.account, account))


def show_certificate(client: Client, address: str) -> None:
    """Has the page's lines of a certificate in the client's two files instead."""
    for library in ("librdkafka", "java"):
        lines = (client.directory / f"{library}-certificate.properties").read_text()
        file = client.directory / f"{library}.properties"
        file.write_text(f"bootstrap.servers={address}\n{lines}")


@with_kcat
@with_java
async def test_an_accounts_lines_are_all_that_readers_need(tmp_path: Path) -> None:
    async with secured(tmp_path) as (client, certified):
        with pytest.raises(AssertionError, match=r"(?i)timed? ?out|transport|nothing"):
            await asyncio.to_thread(client.figures, KCAT)
        log_in(client)
        # Debian's kcat can't log in with a password, as the page says.
        for program in (PYTHON, JAVA):
            assert sorted(await asyncio.to_thread(client.figures, program)) == ROWS, program
        await connect(client)
        show_certificate(client, certified)
        for program in (KCAT, PYTHON, JAVA):
            assert sorted(await asyncio.to_thread(client.figures, program)) == ROWS, program


async def connect(client: Client) -> None:
    """Runs Kafka Connect until it has written what is there."""
    await asyncio.to_thread(client.run, "Indicators", "With Kafka Connect")
    try:
        await asyncio.to_thread(client.until_connect_writes)
        written = lambda: len(of_made_up(client.sunk())) >= len(COMMITTED)  # noqa: E731
        await asyncio.to_thread(wait_until, written, "what is made up is there")
    finally:
        client.run("Indicators", "With Kafka Connect", 1)
    assert of_made_up(client.sunk()) == COMMITTED


@with_java
def test_a_municipalitys_account_may_send_and_hear(tmp_path: Path) -> None:
    account = Principal("municipality", "no-4601").account
    (tmp_path / "client").mkdir()
    try:
        addresses = background.start(tmp_path / "run", parent=os.getpid(), secure=True)
        client = Client.made(tmp_path / "client", addresses["kafka"])
        shutil.copy2(addresses["kafka_ca_file"], client.directory / "brokers.pem")
        log_in(client, account, Secrets(Path(addresses["secrets"])).password(account))
        for program in (PYTHON, JAVA):
            assert "accepted" in client.run("A settlement and its receipt", program)
    finally:
        background.stop(tmp_path / "run")
