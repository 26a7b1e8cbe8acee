import pytest

from services.intake.settings import Settings
from shared.settings import load_settings


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
