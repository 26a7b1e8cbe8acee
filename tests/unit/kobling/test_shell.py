"""What holds for every command of the shell: help, completion, and JSON for programs."""

import json
import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest
from typer.main import get_command

from kobling.cli import COMMANDS, application
from shared.contracts.catalogue import MESSAGES
from tests.support.commands import LEAVES, loaded

ROOT = Path(__file__).parents[3]
OF_CONTRACT = {message.name: message for message in MESSAGES if message.command}
HEAVY = frozenset({"aiokafka", "bson", "motor", "pymongo", "shared.contracts.catalogue", "structlog"})
"""What takes long to load, and no help of all commands and no completion of their names wants."""


def shell(*words: str, **variables: str) -> "subprocess.CompletedProcess[str]":
    """`kobling` in a process of its own, with no installation in reach."""
    own = {name: value for name, value in os.environ.items() if not name.startswith("KOBLING_")}
    return subprocess.run(  # noqa: S603 (our own command)
        [sys.executable, "-m", "kobling", *words],
        env={**own, "PYTHONPATH": str(ROOT), "KOBLING_RUN": "/nowhere", **variables},
        capture_output=True,
        text=True,
        check=False,
    )


def completed(*words: str) -> list[str]:
    """What bash is offered for the last word."""
    variables = {"COMP_WORDS": " ".join(("kobling", *words)), "COMP_CWORD": str(len(words))}
    return shell(_KOBLING_COMPLETE="complete_bash", **variables).stdout.split()


@pytest.mark.parametrize("path", LEAVES, ids=" ".join)
def test_every_command_prints_json_for_programs(path: tuple[str, ...]) -> None:
    assert "--json" in [option for one in LEAVES[path].params for option in one.opts]


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_all_says_what_each_command_s_own_says(name: str) -> None:
    command = loaded(get_command(application()), name)
    about = COMMANDS[name].about.removesuffix(".")
    assert " ".join(command.help.split()).startswith(about), command.help


def test_help_and_completion_of_names_load_nothing_heavy() -> None:
    names = json.dumps(sorted(HEAVY))
    script = f"import sys; from kobling.cli import main; main(); print(*(set({names}) & set(sys.modules)))"
    for words, variables in (
        (("--help",), {}),
        ((), {"_KOBLING_COMPLETE": "complete_bash", "COMP_WORDS": "kobling command An", "COMP_CWORD": "2"}),
    ):
        done = subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-c", script, *words],
            env={**os.environ, "PYTHONPATH": str(ROOT), **variables},
            capture_output=True,
            text=True,
            check=True,
        )
        *said, heavy = done.stdout.split("\n")[:-1]
        assert said
        assert heavy == ""


def test_commands_are_completed() -> None:
    assert completed("") == list(COMMANDS)
    assert completed("mun") == ["municipalities"]
    assert completed("packs", "") == ["validate", "diff", "publish", "activate", "list"]
    assert "--municipality" in completed("validate", "--mu")


def test_names_of_the_contract_are_completed() -> None:
    assert sorted(completed("command", "")) == sorted(OF_CONTRACT)
    assert completed("command", "AnswerP") == ["AnswerProposal"]
    fields = {f"--{name.replace('_', '-')}" for name in OF_CONTRACT["AnswerProposal"].model.model_fields}
    assert fields <= set(completed("command", "AnswerProposal", "--"))


def test_the_contract_s_commands_are_told_of_as_there() -> None:
    group = loaded(get_command(application()), "command")
    for name, message in OF_CONTRACT.items():
        assert group.commands[name].help == " ".join((message.model.__doc__ or "").split())


def test_completion_is_shown_for_the_shell_that_asks() -> None:
    # Which shell asks is looked up among the processes above.
    asking = subprocess.run(
        ["bash", "-c", '"$0" -m kobling --show-completion; exit $?', sys.executable],  # noqa: S607 (as PATH has it)
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "complete -o default -F _kobling_completion kobling" in asking.stdout, asking.stderr


WITHOUT_SERVER: Mapping[tuple[str, ...], tuple[tuple[str, ...], int]] = {
    ("keys", "new"): ((), 0),
    ("keys", "pair"): ((), 0),
    ("validate",): (("shared/contracts/examples/PersonSettled.v1.json", "--municipality", "no-4601"), 0),
    ("packs", "validate"): (("shared/programmes/packs/flyktningguide-tromso-1.0.json",), 0),
}
"""Commands that ask no server: what they are given, and how they end."""


@pytest.mark.parametrize("path", WITHOUT_SERVER, ids=" ".join)
def test_json_stands_alone(path: tuple[str, ...], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(ROOT)
    words, status = WITHOUT_SERVER[path]
    done = shell(*path, *words, "--json")
    assert (done.returncode, done.stderr) == (status, "")
    json.loads(done.stdout)


def test_a_fault_is_json_too_and_ends_with_1(tmp_path: Path) -> None:
    (tmp_path / "pack.json").write_text("{}")
    (tmp_path / "settled.json").write_text("{}")
    pack = shell("packs", "validate", str(tmp_path / "pack.json"), "--json")
    assert (pack.returncode, pack.stderr) == (1, "")
    assert json.loads(pack.stdout)["faults"]
    settled = shell("validate", str(tmp_path / "settled.json"), "--municipality", "no-4601", "--json")
    assert settled.returncode == 1
    assert json.loads(settled.stdout)[0]["line"] == 1


def test_who_is_not_understood_or_answered_is_told_on_standard_error_alone() -> None:
    for words, status in (
        (("lag", "--what"), 2),
        (("nothing",), 2),
        (("validate", "absent.json", "--municipality", "no-4601", "--json"), 2),
        (("lag", "--kafka", "127.0.0.1:1", "--json"), 3),
    ):
        done = shell(*words)
        assert (done.returncode, done.stdout) == (status, ""), words
        assert done.stderr


@pytest.mark.parametrize(
    "words", [("validate",), ("validate", "--json"), ("settle", "--kafka", "127.0.0.1:1")], ids=" ".join
)
def test_a_personal_number_is_refused_and_not_shown(words: tuple[str, ...], tmp_path: Path) -> None:
    number = "01010750160"
    record = json.loads((ROOT / "shared/contracts/examples/PersonSettled.v1.json").read_text())
    record["data"]["occupation"] = number
    (tmp_path / "settled.json").write_text(json.dumps(record))
    done = shell(*words, str(tmp_path / "settled.json"), "--municipality", "no-4601")
    assert done.returncode == 1
    assert "personal_number" in done.stdout
    assert number not in done.stdout + done.stderr
