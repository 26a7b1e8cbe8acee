"""What `python -m deploy` says where it can't do what it was asked."""

import sys
from pathlib import Path

import pytest

from deploy import background
from deploy.__main__ import main


@pytest.mark.parametrize("command", ["up", "down"])
def test_a_directory_that_cannot_be_used_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path, command: str
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    for function in (background.start, background.stop, background.running):
        monkeypatch.setattr(function, "__defaults__", (taken,))
    monkeypatch.setattr(sys, "argv", ["deploy", command])
    assert main() == 2
    told = capsys.readouterr().err
    assert str(taken) in told
    assert "KOBLING_RUN must name a directory" in told
    assert len(told.splitlines()) == 1
