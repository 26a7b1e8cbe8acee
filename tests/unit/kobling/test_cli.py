"""What `kobling` says where it can't do what it was asked."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import pytest

from deploy.keys import given_keys
from kobling import cli
from kobling.access import access
from kobling.keys import VARIABLES
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


def test_an_installation_s_directory_that_is_a_file_is_named(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    taken = tmp_path / "taken"
    taken.write_text("")
    monkeypatch.setenv("KOBLING_RUN", str(taken))
    told = run(monkeypatch, capsys, "state-hash", "matching")
    assert str(taken) in told
    assert "KOBLING_RUN must name a directory" in told


@pytest.mark.parametrize("lives", [True, False])
def test_the_local_installation_is_used_while_it_lives(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, lives: bool
) -> None:
    ended = subprocess.Popen([sys.executable, "-c", ""])
    ended.wait()
    addresses = {
        "pid": os.getpid() if lives else ended.pid,
        "kafka": "127.0.0.1:1",
        "mongodb": "mongodb://127.0.0.1:2",
    }
    (tmp_path / "addresses.json").write_text(json.dumps(addresses))
    monkeypatch.setenv("KOBLING_RUN", str(tmp_path))
    monkeypatch.setenv("REPORTING_KAFKA", "127.0.0.1:3")
    assert (access("matching").kafka == "127.0.0.1:1") is lives
    # A service's own variable goes first.
    assert access("reporting").kafka == "127.0.0.1:3"
    assert (access("reporting").mongodb.get_secret_value() == "mongodb://127.0.0.1:2") is lives


def test_its_version_is_the_package_s(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["kobling", "--version"])
    assert cli.main() == 0
    assert capsys.readouterr().out == f"kobling {version('kobling')}\n"


def said(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What a command that succeeds prints."""
    monkeypatch.setattr(sys, "argv", ["kobling", *arguments])
    assert cli.main() == 0
    return capsys.readouterr().out


def test_new_keys_are_what_the_services_settings_ask_for(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    made = dict(line.split("=", 1) for line in said(monkeypatch, capsys, "keys", "new").splitlines())
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
    monkeypatch.setattr(sys, "argv", ["kobling", "keys", "open"])
    monkeypatch.setattr(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines)))


def test_a_sealed_reply_is_opened_with_the_operators_key(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = json.loads(said(monkeypatch, capsys, "keys", "pair"))
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


def test_people_in_a_reply_are_opened_each_under_their_own_reference(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    pair = json.loads(said(monkeypatch, capsys, "keys", "pair"))

    def holder(subject: str) -> dict[str, object]:
        sealed = Sealer("mine", pair["public_key"]).seal(subject.encode(), subject)
        return {"subject": subject, "sealed": sealed.model_dump(mode="json")}

    one = json.dumps({"data": {"about": "withheld", "result": holder("refugee-1")}})
    listed = {"people": [holder("volunteer-1"), {"subject": "volunteer-2"}, holder("volunteer-3")]}
    several = json.dumps({"data": {"about": "withheld", "result": listed}})
    give(monkeypatch, pair["private_key"], [one, several])
    assert cli.main() == 0
    assert capsys.readouterr().out.split() == ["refugee-1", "volunteer-1", "volunteer-3"]


@pytest.mark.parametrize("name", ["bergen", "se-0180", "no-460", "dk-0751", "no-4601-x"])
def test_no_topics_are_created_for_what_is_no_municipality(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    asked = [
        "kobling",
        "setup",
        "--kafka",
        "127.0.0.1:1",
        "--municipality",
        "no-4601",
        "--municipality",
        name,
    ]
    monkeypatch.setattr(sys, "argv", asked)
    assert cli.main() == 1
    assert capsys.readouterr().err == (
        f"'{name}' is no municipality: no- and four digits, or dk- and three, such as no-4601\n"
    )


def test_no_topics_are_created_for_what_is_no_operator(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(
        sys, "argv", ["kobling", "setup", "--kafka", "127.0.0.1:1", "--operator", "Red Cross"]
    )
    assert cli.main() == 1
    assert "'Red Cross' is no operator: 2 to 40 of a-z, 0-9 and -" in capsys.readouterr().err
