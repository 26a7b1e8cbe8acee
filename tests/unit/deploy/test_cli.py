"""What `kobling` says where it can't do what it was asked."""

import io
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from deploy import background, cli
from deploy.keys import VARIABLES, given_keys
from services.intake.settings import Settings
from shared.sealing import Opener, Sealer, new_key_pair
from shared.settings import load_settings


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


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints."""
    monkeypatch.setattr(sys, "argv", ["kobling", *arguments])
    assert cli.main() == 0
    return capsys.readouterr().out


def test_new_keys_are_what_the_services_settings_ask_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = dict(line.split("=", 1) for line in said(monkeypatch, capsys, "new-keys").splitlines())
    assert list(made) == list(VARIABLES.values())
    for name, key in made.items():
        monkeypatch.setenv(name, key)
    public = load_settings(Settings).card_public_key
    keys = given_keys(made)
    assert keys is not None
    sealed = Sealer("k", public).seal(b"card", "refugee-1")
    assert Opener("k", keys["card_private"]).open(sealed, "refugee-1") == b"card"


def reply(public: str, content: bytes, about: str) -> str:
    sealed = Sealer("mine", public).seal(content, about).model_dump(mode="json")
    return json.dumps({"data": {"command": "1", "about": about, "result": {"code": "x", "sealed": sealed}}})


def give(monkeypatch: pytest.MonkeyPatch, key: str, lines: Sequence[str]) -> None:
    monkeypatch.setenv("KOBLING_PRIVATE_KEY", key)
    monkeypatch.setattr(sys, "argv", ["kobling", "open-sealed"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_sealed_reply_is_opened_with_the_operators_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = json.loads(said(monkeypatch, capsys, "new-key-pair"))
    pending = json.dumps({"data": {"command": "1", "about": "a", "waits_for": ["subject"]}})
    older = reply(new_key_pair()[1], b"older", "letter-0")
    give(monkeypatch, pair["private_key"], [pending, "", older, reply(pair["public_key"], b"{}", "letter-1")])
    assert cli.main() == 0
    shown = capsys.readouterr()
    assert shown.out == "{}\n"
    assert shown.err == "of 2 sealed replies 1 don't open with this key\n"
    give(monkeypatch, pair["private_key"], [older])
    assert cli.main() == 1
    give(monkeypatch, pair["private_key"], [pending])
    assert cli.main() == 1
    assert "no line is a reply" in capsys.readouterr().err
    monkeypatch.delenv("KOBLING_PRIVATE_KEY")
    assert cli.main() == 2
