import json
import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from deploy.supply import licences, locked
from deploy.supply.commit import VARIABLE, NoDate, source_date
from deploy.supply.locked import Pin
from deploy.supply.sbom import Invalid, bill, component, held

PINS = [
    Pin("aiokafka", "0.14.0", "", ("a" * 64,), (), direct=True),
    Pin("packaging", "26.3", "sys_platform == 'win32'", ("b" * 64, "c" * 64), ("aiokafka",), direct=False),
]
NOON = 1464782400
"""The first of June 2016, 12:00 UTC."""


def test_a_bill_names_versions_licences_hashes_and_who_needs_whom() -> None:
    made = json.loads(bill("intake", PINS, NOON))
    assert made["metadata"]["component"]["name"] == "kobling-intake"
    assert made["metadata"]["timestamp"] == "2016-06-01T12:00:00+00:00"
    first, second = made["components"]
    assert (first["purl"], first["version"]) == ("pkg:pypi/aiokafka@0.14.0", "0.14.0")
    assert first["licenses"] == [{"license": {"acknowledgement": "declared", "id": "Apache-2.0"}}]
    assert second["licenses"][0]["expression"] == "Apache-2.0 OR BSD-2-Clause"
    hashes = [one["content"] for one in second["externalReferences"][0]["hashes"]]
    assert hashes == ["b" * 64, "c" * 64]
    needs = {one["ref"]: one.get("dependsOn", []) for one in made["dependencies"]}
    assert needs == {
        "kobling": ["pkg:pypi/aiokafka@0.14.0"],
        "pkg:pypi/aiokafka@0.14.0": ["pkg:pypi/packaging@26.3"],
        "pkg:pypi/packaging@26.3": [],
    }


def test_what_breaks_the_schema_is_refused() -> None:
    made = json.loads(bill("core", PINS, NOON))
    del made["components"][0]["name"]
    with pytest.raises(Invalid):
        held(json.dumps(made))


def test_another_content_has_another_serial_number() -> None:
    numbers = {
        json.loads(bill(name, pins, NOON))["serialNumber"]
        for name, pins in (("core", PINS), ("intake", PINS), ("core", PINS[:1]))
    }
    assert len(numbers) == 3


def test_the_bills_are_made_alike_whoever_makes_them(tmp_path: Path) -> None:
    for directory, more in (("one", {}), ("other", {"TZ": "Pacific/Auckland", "PYTHONHASHSEED": "7"})):
        command = [sys.executable, "-m", "deploy.supply.sbom", str(tmp_path / directory)]
        settings = {**os.environ, VARIABLE: str(NOON), **more}
        subprocess.run(command, cwd=locked.ROOT, env=settings, check=True)  # noqa: S603 (our own module)
    for name in locked.SHIPPED:
        one, other = (tmp_path / directory / f"{name}.cdx.json" for directory in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()
        named = {(part["name"], part["version"]) for part in json.loads(one.read_text())["components"]}
        assert named == {(pin.name, pin.version) for pin in locked.read(name)}


def test_the_date_is_the_commit_s_or_the_one_that_is_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(VARIABLE, "7")
    assert source_date() == 7
    monkeypatch.setenv(VARIABLE, "today")
    with pytest.raises(NoDate):
        source_date()
    monkeypatch.delenv(VARIABLE)
    shown = subprocess.run(
        ["git", "log", "-1", "--format=%ct"],  # noqa: S607 (wherever git is)
        cwd=locked.ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert source_date() == int(shown.stdout)


def test_what_another_version_carries_is_not_told_of_this_one() -> None:
    pin = Pin("scipy", licences.of("scipy").version, "", ("a" * 64,), (), direct=True)
    assert component(pin).components
    assert not component(replace(pin, version="0.0.1")).components
