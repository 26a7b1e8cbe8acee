"""What `kobling` says where it can't do what it was asked."""

import sys
from pathlib import Path

import pytest

from deploy import background, cli


def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that ends with 2 says."""
    monkeypatch.setattr(sys, "argv", ["kobling", *arguments])
    with pytest.raises(SystemExit) as ended:
        sys.exit(cli.main())
    assert ended.value.code == 2
    return capsys.readouterr().err


@pytest.mark.parametrize("command", ["state-hash", "restore-done", "acknowledge-expired"])
def test_a_wrong_setting_is_named_and_not_shown(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], command: str
) -> None:
    monkeypatch.setenv("MATCHING_MONGODB", "mongodb://user:sec/ret@127.0.0.1:27017")
    said = run(monkeypatch, capsys, command, "matching")
    assert "MATCHING_MONGODB: Value error, must be a MongoDB URI" in said
    assert "sec/" not in said


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_directory_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    for function in (background.start, background.stop, background.running):
        monkeypatch.setattr(function, "__defaults__", (taken,))
    said = run(monkeypatch, capsys, command)
    assert str(taken) in said
    assert "KOBLING_RUN must name a directory" in said
    assert len(said.splitlines()) == 1
