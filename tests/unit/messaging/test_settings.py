import pytest

from services.intake.settings import Settings
from shared.sealing import encode, new_key_pair
from shared.settings import load_settings


def refused(capsys: pytest.CaptureFixture[str]) -> dict[str, str]:
    """What is said of each variable that is missing, as intake's keys are, or wrong; no value in it."""
    with pytest.raises(SystemExit) as ended:
        load_settings(Settings)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for piece in ("sec", "ret"):
        assert piece not in said
    return {variable: text for variable, _, text in (line.partition(": ") for line in said.splitlines()[1:])}


def check(said: dict[str, str], variable: str, remedy: str | None) -> None:
    """Nothing is said of the variable, or its remedy is."""
    assert (variable in said) == (remedy is not None)
    assert remedy is None or remedy in said[variable]


def test_a_fault_names_the_variable_and_shows_no_value(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTAKE_MASTER_KEY", "not-to-be-shown")
    monkeypatch.setenv("INTAKE_MONGODB", "mongodb://user:hidden@localhost/")
    monkeypatch.setenv("INTAKE_HTTP_PORT", "many")
    with pytest.raises(SystemExit) as ended:
        load_settings(Settings)
    assert ended.value.code == 2
    said = capsys.readouterr().err
    for name in ("INTAKE_MASTER_KEY", "INTAKE_CASE_KEY", "INTAKE_HTTP_PORT"):
        assert name in said
    for value in ("not-to-be-shown", "hidden", "many"):
        assert value not in said


def test_a_key_must_have_32_bytes(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("INTAKE_CASE_KEY", "c2hvcnQ=")
    with pytest.raises(SystemExit):
        load_settings(Settings)
    assert "INTAKE_CASE_KEY: Value error, must be 32 bytes" in capsys.readouterr().err


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://user:sec/ret@127.0.0.1:27017",
        "mongodb://user:ret@secret@127.0.0.1:27017",
        "mongodb://user:sec%ret@127.0.0.1:27017",
        "mongodb://127.0.0.1:secret",
        "mongodb://127.0.0.1:27017/?authMechanismProperties=secret",
        "mongodb+srv://user:sec/ret@db.example",
        "mongodb+srv://db.example/?secret=1",
        "secret",
        "",
    ],
)
def test_a_malformed_uri_names_the_variable_and_shows_nothing_of_itself(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], uri: str
) -> None:
    monkeypatch.setenv("INTAKE_MONGODB", uri)
    assert refused(capsys)["INTAKE_MONGODB"].startswith("Value error, must be a MongoDB URI")


@pytest.mark.parametrize(
    "uri",
    [
        "mongodb://a:27017,b:27017/?replicaSet=kobling",
        "mongodb://user:p%40ss@[::1]:27017/admin?tls=true",
        "mongodb+srv://user:p%40ss@db.example/?srvServiceName=other&w=majority",
    ],
)
def test_a_sound_uri_is_taken_and_no_name_server_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], uri: str
) -> None:
    monkeypatch.setenv("INTAKE_MONGODB", uri)
    assert "INTAKE_MONGODB" not in refused(capsys)


@pytest.mark.parametrize(
    ("servers", "taken"),
    [
        ("a:9092, b.example:9093,[::1]:9092", True),
        ("kafka", False),
        ("a:9092,", False),
        ("user:secret@a:9092", False),
        ("kafka://a:9092", False),
        ("a:99999", False),
        ("", False),
    ],
)
def test_brokers_are_hosts_with_ports(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], servers: str, taken: bool
) -> None:
    monkeypatch.setenv("INTAKE_KAFKA", servers)
    check(refused(capsys), "INTAKE_KAFKA", None if taken else "must be host:port")


@pytest.mark.parametrize(
    ("key", "taken"),
    [
        (new_key_pair()[1], True),
        ("secret", False),
        ("secret/secret:", False),
        (encode(bytes(31)), False),
        (encode(bytes(32)), False),
        ("", False),
    ],
    ids=["sound", "short", "no base 64", "31 bytes", "agrees on no secret", "empty"],
)
def test_cards_are_sealed_to_a_public_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], key: str, taken: bool
) -> None:
    monkeypatch.setenv("INTAKE_CARD_PUBLIC_KEY", key)
    check(refused(capsys), "INTAKE_CARD_PUBLIC_KEY", None if taken else "must be a public key (X25519)")


@pytest.mark.parametrize(
    ("given", "says"), [("4", None), ("3", "1, 2, 4, 8 or 16"), ("two", "1, 2, 4, 8 or 16")]
)
def test_relay_shards_are_set_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], given: str, says: str | None
) -> None:
    monkeypatch.setenv("INTAKE_RELAY_SHARDS", given)
    with pytest.raises(SystemExit):
        load_settings(Settings)
    said = capsys.readouterr().err
    assert "INTAKE_MASTER_KEY" in said
    assert ("INTAKE_RELAY_SHARDS" in said) == (says is not None)
    assert says is None or says in said
