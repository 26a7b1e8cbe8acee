from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from deploy.compose import places, prepare
from deploy.local.kafka import BROKER_SETTINGS

PLACES = ("accounts", "ca", "grafana", "intake", "kafka", "mongodb", "notifications")


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    for name in PLACES:
        (tmp_path / name).mkdir()
    for module in (places, prepare):
        monkeypatch.setattr(module, "ROOT", tmp_path)
        monkeypatch.setattr(module, "CA_FILE", tmp_path / "ca" / "ca.pem")
        monkeypatch.setattr(module, "PASSWORD_FILE", tmp_path / "accounts" / "administrator.password")
    return tmp_path


def contents(root: Path) -> dict[str, bytes]:
    return {str(file.relative_to(root)): file.read_bytes() for file in root.rglob("*") if file.is_file()}


def everything(now: datetime) -> tuple[bool, bool, bool]:
    return prepare.certificates(now), prepare.passwords(), prepare.keys()


def test_what_is_there_stays_and_nobody_else_reads_it(root: Path) -> None:
    now = datetime.now(UTC)
    assert everything(now) == (True, True, True)
    made = contents(root)
    assert everything(now) == (False, False, False)
    assert contents(root) == made
    assert {file.stat().st_mode & 0o777 for file in root.rglob("*") if file.is_file()} == {0o640}


def test_certificates_are_renewed_in_their_last_month_and_nothing_else(root: Path) -> None:
    now = datetime.now(UTC)
    everything(now)
    made = contents(root)
    assert everything(now + timedelta(days=334)) == (False, False, False)
    assert everything(now + timedelta(days=336)) == (True, False, False)
    renewed = {name for name, content in contents(root).items() if content != made[name]}
    assert renewed == {"ca/ca.pem", "kafka/kafka.pem", "mongodb/mongodb.pem"}


def test_one_that_was_killed_before_its_last_file_is_done_again(root: Path) -> None:
    now = datetime.now(UTC)
    everything(now)
    for last in ("ca/ca.pem", "accounts/administrator.password", "intake/master.key"):
        (root / last).unlink()
    assert everything(now) == (True, True, True)
    password = (root / "accounts" / "administrator.password").read_bytes()
    assert (root / "kafka" / "administrator.password").read_bytes() == password


def test_the_broker_lets_nobody_in_without_a_password_or_a_certificate(root: Path) -> None:
    settings = prepare.broker_settings("19092")
    assert BROKER_SETTINGS.items() - settings.items() == {
        ("inter.broker.listener.name", "CLIENTS"),
        ("listener.security.protocol.map", "CLIENTS:PLAINTEXT,CONTROLLER:PLAINTEXT"),
    }
    protocols = dict(one.split(":") for one in settings["listener.security.protocol.map"].split(","))
    listeners = {one.split("://")[0] for one in settings["listeners"].split(",")}
    assert listeners == protocols.keys()
    for name, protocol in protocols.items():
        listener = f"listener.name.{name.lower()}"
        if protocol == "SASL_SSL":
            assert settings[f"{listener}.sasl.enabled.mechanisms"] == "SCRAM-SHA-512"
        else:
            assert (protocol, settings[f"{listener}.ssl.client.auth"]) == ("SSL", "required")
    assert settings["allow.everyone.if.no.acl.found"] == "false"
    assert "HOST://localhost:19092" in settings["advertised.listeners"]
