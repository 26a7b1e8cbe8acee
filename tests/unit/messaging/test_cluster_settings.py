"""Where Kafka is and who logs in: what goes together, and that no secret is ever shown."""

import ssl
from pathlib import Path

import pytest

from deploy.local.certificates import Authority
from shared.cluster import Cluster
from shared.cluster_settings import ClusterSettings
from shared.settings import load_settings


@pytest.fixture(autouse=True)
def nothing_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nothing of whoever runs the tests."""
    for name in list(ClusterSettings.model_fields):
        monkeypatch.delenv(f"X_{name.upper()}", raising=False)


def loaded() -> Cluster:
    return load_settings(ClusterSettings, prefix="X_").cluster


def refused(capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(SystemExit) as ended:
        loaded()
    assert ended.value.code == 2
    words = capsys.readouterr().err
    assert "secret" not in words
    return words


def test_nothing_set_is_a_broker_of_this_machine_where_anybody_may_come() -> None:
    assert loaded().options == {"bootstrap_servers": ["localhost:9092"], "security_protocol": "PLAINTEXT"}


def test_an_account_whose_password_is_in_a_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    password = tmp_path / "password"
    password.write_text("se cret\n")
    authority = Authority.made(tmp_path)
    certificate = authority.sign("client")
    monkeypatch.setenv("X_KAFKA", "one:9093, two:9093")
    monkeypatch.setenv("X_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("X_KAFKA_USERNAME", "service.intake")
    monkeypatch.setenv("X_KAFKA_PASSWORD_FILE", str(password))
    monkeypatch.setenv("X_KAFKA_CA_FILE", str(authority.ca_file))
    monkeypatch.setenv("X_KAFKA_CERTIFICATE_FILE", str(certificate))
    options = loaded().options
    context = options.pop("ssl_context")
    assert isinstance(context, ssl.SSLContext)
    assert context.check_hostname
    assert options == {
        "bootstrap_servers": ["one:9093", "two:9093"],
        "security_protocol": "SASL_SSL",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "service.intake",
        "sasl_plain_password": "se cret",
    }


async def test_a_token_is_read_anew_at_each_connection(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    token = tmp_path / "token"
    token.write_text("first\n")
    monkeypatch.setenv("X_KAFKA_SECURITY_PROTOCOL", "SASL_SSL")
    monkeypatch.setenv("X_KAFKA_SASL_MECHANISM", "OAUTHBEARER")
    monkeypatch.setenv("X_KAFKA_TOKEN_FILE", str(token))
    provider = loaded().options["sasl_oauth_token_provider"]
    assert await provider.token() == "first"
    token.write_text("second\n")
    assert await provider.token() == "second"


@pytest.mark.parametrize(
    ("settings", "remedy"),
    [
        ({"USERNAME": "somebody"}, "need KAFKA_SECURITY_PROTOCOL SASL_SSL"),
        ({"PASSWORD": "secret"}, "need KAFKA_SECURITY_PROTOCOL SASL_SSL"),
        (
            {"SECURITY_PROTOCOL": "SASL_SSL", "USERNAME": "somebody"},
            "needs KAFKA_USERNAME and KAFKA_PASSWORD",
        ),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "PASSWORD": "secret"}, "or KAFKA_PASSWORD_FILE"),
        ({"SECURITY_PROTOCOL": "SASL_SSL", "SASL_MECHANISM": "OAUTHBEARER"}, "needs KAFKA_TOKEN_FILE"),
        ({"CA_FILE": __file__}, "need KAFKA_SECURITY_PROTOCOL SSL or SASL_SSL"),
        ({"SECURITY_PROTOCOL": "SSL", "KEY_FILE": __file__}, "KAFKA_KEY_FILE needs KAFKA_CERTIFICATE_FILE"),
        ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": __file__}, "holds no certificate or key in PEM"),
        ({"SECURITY_PROTOCOL": "SSL", "CERTIFICATE_FILE": __file__}, "holds no certificate or key in PEM"),
        ({"SECURITY_PROTOCOL": "SSL", "CA_FILE": "nowhere"}, "X_KAFKA_CA_FILE"),
        ({"SECURITY_PROTOCOL": "TLS"}, "X_KAFKA_SECURITY_PROTOCOL"),
        ({"PASSWORD": "secret", "PASSWORD_FILE": __file__}, "X_KAFKA_PASSWORD is set as well"),
        ({"PASSWORD_FILE": "nowhere"}, "X_KAFKA_PASSWORD_FILE: names no file that can be read"),
    ],
)
def test_what_does_not_go_together_is_refused_with_the_remedy(
    settings: dict[str, str],
    remedy: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for name, value in settings.items():
        monkeypatch.setenv(f"X_KAFKA_{name}", value)
    assert remedy in refused(capsys)


def test_a_key_that_is_another_s_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    authority = Authority.made(tmp_path)
    monkeypatch.setenv("X_KAFKA_SECURITY_PROTOCOL", "SSL")
    monkeypatch.setenv("X_KAFKA_CERTIFICATE_FILE", str(authority.sign("mine")))
    monkeypatch.setenv("X_KAFKA_KEY_FILE", str(authority.sign("theirs")))
    assert "the key is not the certificate's" in refused(capsys)


def test_nobody_sees_a_password_by_looking_at_a_cluster() -> None:
    assert "secret" not in repr(Cluster("here:1", "SASL_SSL", username="me", password="secret"))  # noqa: S106 (invented)


def test_settings_of_a_cluster_make_the_same_cluster(tmp_path: Path) -> None:
    ca_file = Authority.made(tmp_path).ca_file
    made = Cluster("here:1", "SASL_SSL", username="me", password="secret", ca_file=ca_file)  # noqa: S106 (invented)
    assert ClusterSettings.model_validate(made.settings()).cluster == made
