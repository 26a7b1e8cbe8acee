"""The command line at a secured installation: a second municipality joins, operators work, others can't."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Producer

from deploy import background
from shared.contracts.fields import format_instant
from tests.support.commands import LEAVES
from tests.support.commands import Path as Words

ROOT = Path(__file__).parents[2]
PACK = ROOT / "shared/programmes/packs/flyktningguide-tromso-1.0.json"
SETTLED = ROOT / "shared/contracts/examples/PersonSettled.v1.json"
TOWN = "no-4621"
PROGRAMME = "flyktningguide-voss"


class Shell:
    """`kobling` in a shell, as an administrator, or as whose files are given."""

    def __init__(self, directory: Path, run: Path) -> None:
        self.directory = directory
        own = {name: value for name, value in os.environ.items() if not name.startswith("KOBLING_")}
        self._environment = {**own, "KOBLING_RUN": str(run)}

    def as_(self, account: str) -> "Shell":
        """The same as another account."""
        other = Shell(self.directory, self.directory)
        lines = (self.directory / "secrets" / f"{account}.env").read_text().splitlines()
        other._environment |= {line.partition("=")[0]: line.partition("=")[2].strip("'") for line in lines}
        key = self.directory / "secrets" / f"{account}.key"
        if key.exists():
            other._environment["KOBLING_PRIVATE_KEY"] = key.read_text()
        return other

    def ended(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """What is printed, and how it ended."""
        return subprocess.run(  # noqa: S603 (our own command)
            [sys.executable, "-m", "kobling", *words],
            cwd=self.directory,
            env={**self._environment, "PYTHONPATH": str(ROOT)},
            capture_output=True,
            text=True,
            check=False,
        )

    def run(self, *words: str, status: int = 0) -> str:
        """What is printed."""
        done = self.ended(*words)
        assert done.returncode == status, f"{words}: {done.returncode}\n{done.stdout}{done.stderr}"
        return done.stdout + done.stderr

    def asked(self, *words: str) -> Any:
        """What is printed, as JSON."""
        return json.loads(self.run(*words, "--json"))


@pytest.fixture(scope="module")
def addresses(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Path, dict[str, Any]]]:
    """A secured installation with Bergen in it."""
    directory = tmp_path_factory.mktemp("installation")
    try:
        yield directory, background.start(directory, parent=os.getpid(), secure=True)
    finally:
        background.stop(directory)


@pytest.fixture
def shell(addresses: tuple[Path, dict[str, Any]], tmp_path: Path) -> Shell:
    """An administrator's shell."""
    return Shell(tmp_path, addresses[0])


def test_a_municipality_with_its_own_organisation_operators_and_pack(
    shell: Shell, addresses: tuple[Path, dict[str, Any]], tmp_path: Path
) -> None:
    before = {name: one["pid"] for name, one in addresses[1]["services"].items()}
    pack = PACK.read_text().replace("red_cross_tromso", "red_cross_voss")
    named = {**json.loads(pack), "name": PROGRAMME, "title": "Flyktningguide, Voss"}
    (tmp_path / "pack.json").write_text(json.dumps(named))
    here = ("--municipality", TOWN, "--role", "coordinator", "--replicas", "1", "--yes")

    shell.run("municipalities", "add", TOWN, "--replicas", "1", "--yes")
    shell.run("operators", "add", "voss-1", "--organisation", "red_cross_voss", "--role", "approver", *here)
    shell.run("operators", "add", "voss-2", "--organisation", "voss_kommune", *here)
    shell.run("packs", "publish", "pack.json")
    shell.run("packs", "activate", "--municipality", TOWN, "--programme", PROGRAMME, "--version", "1.0")

    now = datetime.now(UTC)
    settled = json.loads(SETTLED.read_text())
    settled |= {"subject": "VOSS-1", "source": f"/municipalities/{TOWN}", "time": format_instant(now)}
    (tmp_path / "settled.json").write_text(json.dumps(settled))
    town, operator = shell.as_(f"municipality.{TOWN}"), shell.as_("operator.voss-1")
    (receipt,) = town.asked("settle", "settled.json", "--municipality", TOWN)
    assert receipt["outcome"] == "accepted"
    found = operator.asked("find", "VOSS-1", "--case", "--municipality", TOWN)
    assert "Ada" in json.dumps(found["opened"])
    joining = ("--programme", PROGRAMME, "--joined-on", now.date().isoformat())
    joined = operator.asked("command", "JoinProgramme", found["result"]["subject"], *joining)
    assert joined["name"] == "CommandAccepted"
    assert {name: one["pid"] for name, one in addresses[1]["services"].items()} == before

    assert "municipality_mismatch" in town.run(
        "validate", "settled.json", "--municipality", "no-4601", status=1
    )
    # Whose account it is the topic says: nobody sends as another, or learns what there is of another's.
    refused = town.run("settle", "settled.json", "--municipality", "no-4601", status=1)
    assert "municipality_mismatch" in refused
    assert "is not there" in town.run(
        "round", *("--municipality", TOWN, "--programme", PROGRAMME), "--operator", "voss-1", status=1
    )


def test_an_operator_who_is_revoked_may_do_nothing_any_more(shell: Shell) -> None:
    here = ("--municipality", "no-4601", "--role", "coordinator", "--replicas", "1", "--yes")
    shell.run("operators", "add", "leaving-1", "--organisation", "red_cross_bergen", *here)
    assert "leaving-1" in shell.run("operators", "list")
    leaving = shell.as_("operator.leaving-1")
    leaving.run("find", "nobody", "--within", "30")
    shell.run("operators", "revoke", "leaving-1", "--yes")
    assert "leaving-1" not in shell.run("operators", "list")
    leaving.run("find", "nobody", status=3)
    # Their topics are still there, and give nothing back to them.
    assert shell.run("setup", "--plan").startswith("nothing to do")


def test_dead_letters_are_listed_by_cause_and_closed_a_group_at_once(shell: Shell, tmp_path: Path) -> None:
    here = ("--municipality", "no-4601", "--role", "dead_letters", "--replicas", "1", "--yes")
    shell.run("operators", "add", "mender-1", "--organisation", "red_cross_bergen", *here)
    mender = shell.as_("operator.mender-1")
    lines = (tmp_path / "secrets/operator.mender-1.conf").read_text().splitlines()
    producer = Producer(dict(line.split("=", 1) for line in lines))
    for poison in (b"no json", b"nor this"):
        producer.produce("commands.matching.mender-1.v1", poison)
    assert producer.flush(60) == 0
    code = _until(lambda: [one for one in mender.asked("dlq", "list") if one["letters"] == 2])[0]["code"]
    letters = mender.asked("dlq", "list", "--code", code)
    assert {one["topic"] for one in letters} == {"commands.matching.mender-1.v1"}
    assert mender.run("dlq", "discard", "--code", code) == "2 CommandAccepted\n"
    assert mender.run("dlq", "discard", "--code", code) == "2 already_settled\n"
    # Who has not the role reads none of these topics.
    there = ("--municipality", "no-4601", "--role", "coordinator", "--replicas", "1", "--yes")
    shell.run("operators", "add", "other-1", "--organisation", "red_cross_bergen", *there)
    assert shell.as_("operator.other-1").asked("dlq", "list") == []


def test_lag_is_for_those_who_administer(shell: Shell) -> None:
    groups = {one["group"] for one in _until(lambda: shell.asked("lag"))}
    assert {"intake.settlements", "matching.refugees", "reporting.pairs"} <= groups


LETTER = "0" * 32
HERE = ("--municipality", "no-4601")
POOL = (*HERE, "--programme", "flyktningguide-bergen")
WORDS: Mapping[Words, tuple[str, int, tuple[str, ...]]] = {
    ("setup",): ("", 0, ("--plan",)),
    ("doctor",): ("", 0, ()),
    ("municipalities", "add"): ("", 0, ("no-4626", "--replicas", "1", "--yes")),
    ("operators", "add"): (
        "",
        0,
        (
            "json-1",
            *HERE,
            *("--organisation", "red_cross_bergen", "--role", "coordinator"),
            *("--replicas", "1", "--yes"),
        ),
    ),
    ("operators", "list"): ("", 0, ()),
    ("packs", "validate"): ("", 0, ("pack.json",)),
    ("packs", "diff"): ("", 1, ("pack.json",)),
    ("packs", "publish"): ("", 0, ("pack.json",)),
    ("packs", "activate"): ("", 1, (*POOL, "--version", "77.0")),
    ("packs", "list"): ("", 0, ()),
    ("validate",): ("", 0, ("settled.json", *HERE)),
    ("settle",): ("municipality.no-4626", 0, ("settled.json", "--municipality", "no-4626")),
    ("import",): ("operator.json-1", 1, ("rows.jsonl", "--operator", "json-1", "--dry-run")),
    ("command", "AcceptCaseload"): ("operator.json-1", 0, ("transfer-x",)),
    ("find",): ("operator.json-1", 0, ("Nobody",)),
    ("pairs",): ("operator.json-1", 0, POOL),
    ("why",): ("operator.json-1", 1, ("pair-aaaaaaaaaaaaaaaaaaaa",)),
    ("round",): ("operator.json-1", 0, (*POOL, "--dry-run")),
    ("dlq", "list"): ("operator.json-1", 0, ()),
    **{("dlq", name): ("operator.json-1", 1, (LETTER,)) for name in ("show", "redrive", "discard")},
    ("dlq", "edit"): ("operator.json-1", 1, (LETTER, "settled.json")),
    ("watch",): ("operator.json-1", 0, ("replies", "--last", "1", "--count", "1")),
    ("lag",): ("", 0, ()),
    ("verify",): ("", 0, ()),
    ("state-hash",): ("", 0, ("matching",)),
    ("replay",): ("", 1, ("matching", "--plan")),
    ("restore-done",): ("", 0, ("matching",)),
    ("acknowledge-expired",): ("", 0, ("matching",)),
    ("keys", "new"): ("", 0, ()),
    ("keys", "pair"): ("", 0, ()),
    ("keys", "open"): ("operator.json-1", 1, ()),
    ("operators", "revoke"): ("", 0, ("json-1", "--yes")),
}
"""Every command in an order in which each finds what it needs: as whom, how it ends, and what it is given."""


def test_every_command_prints_json_alone(shell: Shell, tmp_path: Path) -> None:
    assert set(WORDS) == set(LEAVES)
    named = {**json.loads(PACK.read_text()), "name": "flyktningguide-json", "title": "Flyktningguide, JSON"}
    (tmp_path / "pack.json").write_text(json.dumps(named))
    settled = {**json.loads(SETTLED.read_text()), "subject": "JSON-1", "source": "/case-system"}
    (tmp_path / "settled.json").write_text(json.dumps(settled))
    (tmp_path / "rows.jsonl").write_text('{"command": "Nothing"}\n')
    for path, (account, status, words) in WORDS.items():
        typist = shell.as_(account) if account else shell
        done = typist.ended(*path, *words, "--json")
        # What could not be done at all has no outcome, and its reason stands on standard error.
        told = is_json(done.stdout) or (status and done.stderr and not done.stdout)
        if path == ("operators", "add"):
            # Until services have read that there is such an operator.
            _until(
                lambda: [1] if shell.as_("operator.json-1").ended("find", "Nobody").returncode == 0 else []
            )
        # At once: those that come later build on it.
        assert (done.returncode, bool(told)) == (status, True), (
            f"{path}: {done.stdout[-600:]}{done.stderr[-600:]}"
        )


def is_json(text: str) -> bool:
    try:
        json.loads(text)
    except ValueError:
        return False
    return True


def _until(look: Callable[[], list[Any]]) -> list[Any]:
    """What is found once there is something."""
    for _ in range(30):
        if found := look():
            return found
        # Each look starts a process, which takes a second or two.
    raise AssertionError("nothing was found")
