"""Prometheus on a running installation: each alert fires for its fault, and clears."""

import os
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller

from deploy import background
from deploy.accounts import cluster_of
from deploy.demo.client import Client
from deploy.examples import BERGEN
from tests.alerts.faults import CITY, COMMANDS, OPERATOR, POOL, SETTLEMENTS, Faults, cases
from tests.alerts.processes import below, standing_still, with_word
from tests.alerts.prometheus import Watch
from tests.alerts.tools import ROOT, RUNBOOKS, needs_prometheus

pytestmark = needs_prometheus
PAGES = sorted(page.stem for page in RUNBOOKS.glob("*.md") if page.stem != "README")
_BLOCK = re.compile(r"^```bash\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def directory(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A checkout whose `.run` is an installation after the demonstration."""
    checkout: Path = tmp_path_factory.mktemp("alerts")
    (checkout / ".venv").symlink_to(ROOT / ".venv")
    run = checkout / ".run"
    environment = {**os.environ, "KOBLING_RUN": str(run), "KEEP": "1"}
    try:
        subprocess.run(
            [sys.executable, "-m", "deploy.demo"], env=environment, check=True, cwd=ROOT, timeout=300
        )
        yield run
    finally:
        background.stop(run)


@pytest.fixture
async def faults(directory: Path) -> AsyncIterator[Faults]:
    addresses = background.running(directory)
    assert addresses is not None
    offset = datetime.fromisoformat(addresses["as_of"]) - datetime.now(UTC)

    def now() -> datetime:
        return datetime.now(UTC) + offset

    async with Client(cluster_of(addresses), BERGEN.municipalities, BERGEN.operators, now) as client:
        yield Faults(directory, addresses, client, now)


@pytest.fixture
async def watch(faults: Faults, tmp_path: Path) -> AsyncIterator[Watch]:
    async with Watch(tmp_path, faults.addresses["services"]).running() as running:
        # Counters are seen at 0, and what a test before has done is over.
        await running.scraped(times=3)
        await running.clears(*(set(PAGES) - {"WaitingLong"}))
        yield running


@pytest.mark.parametrize("shell", ["bash", "dash"])
@pytest.mark.parametrize("page", PAGES)
def test_a_runbooks_commands_run(directory: Path, page: str, shell: str) -> None:
    texts = [(RUNBOOKS / f"{name}.md").read_text(encoding="utf-8") for name in ("README", page)]
    blocks = [block for text in texts for block in _BLOCK.findall(text)]
    assert len(blocks) == 2
    run = subprocess.run(  # noqa: S603 (a fixed program)
        [shell, "-e"],
        input="".join(blocks),
        cwd=directory.parent,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (run.returncode, run.stderr) == (0, "")
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    known = [*re.findall(r"`kobling_(\w+)`", operations), "batch_seconds_sum", "due_row_seconds_sum"]
    for metric in re.findall(r"metrics \S+ (\w+)", blocks[1]):
        assert any(name.startswith(metric) for name in known), metric


async def test_what_others_do_wrong(faults: Faults, watch: Watch) -> None:
    alerts = (
        "CommandsNotAllowed",
        "RecordsRefused",
        "SenderTransactionOpen",
        "TableRecordsRefused",
        "TopicSettingsWrong",
    )
    async with AsyncExitStack() as wrong:
        await wrong.enter_async_context(faults.wrong_retention())
        await watch.fires("TopicSettingsWrong")
        await wrong.enter_async_context(faults.operator_that_does_not_hold())
        await wrong.enter_async_context(faults.open_transaction())
        await faults.nonsense()
        await faults.commands_elsewhere(12)
        await watch.fires(*alerts)
    await watch.clears(*alerts)


async def test_what_a_service_does_not_get_done(faults: Faults, watch: Watch) -> None:
    async with faults.row_that_fails(), faults.one_too_many():
        await watch.fires("DueRowsFail", "DueRowsLate", "ReconciliationDifference")
    await watch.clears("DueRowsFail", "DueRowsLate", "ReconciliationDifference")


async def test_a_relay_that_does_not_get_its_lease(faults: Faults, watch: Watch) -> None:
    async with faults.lease_elsewhere():
        await watch.fires("RelayWithoutLeader")
        # Only now: what is stored while the last lease runs is sent.
        await faults.nonsense(topic=f"commands.notifications.{OPERATOR}.v1")
        await watch.fires("OutboxWaits")
    await watch.clears("RelayWithoutLeader", "OutboxWaits")


async def test_a_service_that_is_down_while_its_logs_and_offsets_move(faults: Faults, watch: Watch) -> None:
    await faults.nonsense()
    await faults.nonsense(topic=COMMANDS)
    await faults.handled("intake", SETTLEMENTS, COMMANDS)
    # One that only stood still would handle what came meanwhile before it learns that it is out of its group.
    with standing_still(faults.addresses["pid"]):
        os.kill(faults.pid("intake"), signal.SIGKILL)
        await watch.fires("ServiceDown")
        await faults.nonsense(3)
        await faults.nonsense(3, COMMANDS)
        await faults.delete_to(COMMANDS, -1)
        await faults.move_group(
            "intake.settlements", SETTLEMENTS, await faults.position("intake", SETTLEMENTS) + 2
        )
    await watch.fires("OffsetsMoved", "OffsetsExpired")
    environment = {**os.environ, "KOBLING_RUN": str(faults.directory)}
    command = [str(ROOT / ".venv/bin/kobling"), "acknowledge-expired", "intake"]
    subprocess.run(command, env=environment, check=True)  # noqa: S603, ASYNC221 (our own command)
    await watch.clears("ServiceDown", "OffsetsMoved", "OffsetsExpired")


async def test_a_consumer_that_gets_nowhere_while_retention_comes_nearer(
    faults: Faults, watch: Watch
) -> None:
    await faults.nonsense()
    async with faults.locked_database():
        position = await faults.position("intake", SETTLEMENTS)
        await faults.nonsense(3)
        await faults.delete_to(SETTLEMENTS, position)
        await watch.fires("ConsumerBehind", "LogBeginNear")
    await watch.clears("ConsumerBehind", "LogBeginNear")


async def test_a_subscription_whose_database_is_older_than_its_group(faults: Faults, watch: Watch) -> None:
    async with faults.older_database():
        await watch.fires("SubscriptionHalted", "NotReady")
    await watch.clears("SubscriptionHalted", "NotReady")


async def test_a_round_whose_solver_stands_still(faults: Faults, watch: Watch) -> None:
    pool = {"municipality": CITY, "programme": "flyktningguide-bergen"}
    with standing_still(*below(faults.pid("matching"))):
        trial = faults.client.command("RunRound", OPERATOR, POOL, **pool) | {"dryrun": True}
        await faults.client.send(f"commands.matching.{OPERATOR}.v1", [trial])
        await watch.fires("RoundLong")
    await watch.clears("RoundLong")


class _Refusing:
    """A mail server that knows none of its recipients."""

    async def handle_RCPT(self, *_: Any) -> str:  # noqa: N802
        """aiosmtpd's hook."""
        return "550 no such user"


@contextmanager
def no_mail_server(faults: Faults) -> Iterator[tuple[str, int]]:
    """The mail server is gone, and is not started again; yields where it was."""
    host, port = faults.addresses["mail"].split(":")
    with standing_still(faults.addresses["pid"]):
        os.kill(with_word("aiosmtpd", faults.directory), signal.SIGKILL)
        yield host, int(port)


async def test_a_mail_server_that_is_gone_and_comes_back_refusing(faults: Faults, watch: Watch) -> None:
    with no_mail_server(faults) as (host, port):
        await faults.end_a_pair()
        await watch.fires("MailNotTaken")
        refusing = Controller(_Refusing(), hostname=host, port=port)
        refusing.start()
        await watch.fires("MailFailed")
        refusing.stop()
    await watch.clears("MailNotTaken", "MailFailed")


async def test_a_database_that_does_not_answer(faults: Faults, tmp_path: Path) -> None:
    """A page without it takes five seconds."""
    async with Watch(tmp_path, faults.addresses["services"]).running(every=6) as watch:
        with standing_still(with_word("mongod", faults.directory)):
            await watch.fires("DatabaseSilent")
        await watch.clears("DatabaseSilent")


async def test_somebody_who_waits_for_long(faults: Faults, watch: Watch) -> None:
    await watch.fires("WaitingLong")
    await faults.withdraw_all(cases())
    await watch.clears("WaitingLong")
