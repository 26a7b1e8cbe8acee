"""Alert rules are valid, and each has its play and its page."""

import re
import subprocess
from pathlib import Path

import pytest

from tests.alerts.tools import DEPLOYED, PROMTOOL, ROOT, RUNBOOKS, needs_prometheus

RULES = (DEPLOYED / "alerts.yml").read_text(encoding="utf-8")
PLAYS = Path(__file__).with_name("rules_test.yml")
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
METRIC = re.compile(r"\bkobling_\w+")


@needs_prometheus
@pytest.mark.parametrize(
    "command",
    [
        ("check", "config", str(DEPLOYED / "prometheus.yml")),
        ("check", "rules", str(DEPLOYED / "alerts.yml")),
        ("test", "rules", str(PLAYS)),
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_promtool_agrees(command: tuple[str, ...]) -> None:
    asked = [str(PROMTOOL), *command]
    run = subprocess.run(asked, capture_output=True, text=True, check=False)  # noqa: S603 (a fixed program)
    assert run.returncode == 0, run.stdout + run.stderr


def test_each_alert_is_played_until_it_fires_and_until_it_clears() -> None:
    played: list[str] = []
    for play in re.split(r"^  - name: ", PLAYS.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]:
        looks = re.split(r"^ +- alertname: ", play, flags=re.MULTILINE)[1:]
        (alert,) = {look.split()[0] for look in looks}
        assert ["exp_alerts" in look for look in looks] == [False, True, False], alert
        played.append(alert)
    # One that is true in two ways is played in both.
    assert list(dict.fromkeys(played)) == ALERTS


def test_each_alert_has_a_page_and_each_page_an_alert() -> None:
    pages = {page.stem for page in RUNBOOKS.glob("*.md")} - {"README"}
    assert pages == set(ALERTS)
    assert re.findall(r"runbook: docs/runbooks/(\w+)\.md", RULES) == ALERTS
    index = (RUNBOOKS / "README.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| \[(\w+)\]\(\1\.md\)", index, re.MULTILINE) == ALERTS


@pytest.mark.parametrize("metric", sorted(set(METRIC.findall(RULES))))
def test_what_alerts_are_made_of_is_documented(metric: str) -> None:
    operations = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert re.search(rf"^\|[^|]*`{metric}`", operations, re.MULTILINE)
