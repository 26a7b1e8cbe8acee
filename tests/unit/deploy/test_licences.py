from importlib.metadata import Distribution
from pathlib import Path

import pytest

from deploy import pages
from deploy.supply import licences
from deploy.supply.licences import LicenceRefused, carried, declared, hold


class Package(Distribution):
    """A package with these metadata, and this licence file."""

    def __init__(self, directory: Path, *lines: str, licence: str = "") -> None:
        self._directory = directory
        information = directory / "some-1.0.dist-info"
        information.mkdir()
        (information / "LICENSE.txt").write_text(licence, encoding="utf-8")
        self._texts = {
            "METADATA": "\n".join(("Metadata-Version: 2.4", "Name: some", "Version: 1.0", *lines, "")),
            "RECORD": "some-1.0.dist-info/LICENSE.txt,,\n",
        }

    def read_text(self, filename: str) -> str | None:
        return self._texts.get(filename)

    def locate_file(self, path: object) -> Path:
        return self._directory / str(path)


LGPL = "Classifier: License :: OSI Approved :: GNU Lesser General Public License v2 or later (LGPLv2+)"
MIT = "Classifier: License :: OSI Approved :: MIT License"


@pytest.mark.parametrize(
    ("lines", "expression"),
    [
        (["License-Expression: MIT OR GPL-2.0-only", "License: Apache-2.0"], "MIT OR GPL-2.0-only"),
        (["License: BSD-3-Clause"], "BSD-3-Clause"),
        (["License: LGPL", LGPL], "LGPL-2.1-or-later"),
        ([MIT, "Classifier: Programming Language :: Python"], "MIT"),
    ],
)
def test_a_licence_is_found_where_it_is_declared(tmp_path: Path, lines: list[str], expression: str) -> None:
    assert declared("some", Package(tmp_path, *lines)) == expression


@pytest.mark.parametrize(
    "lines",
    [
        [],
        ["License: as you like"],
        ["Classifier: License :: OSI Approved :: BSD License"],
        [MIT, LGPL],
        ["License-Expression: LicenseRef-Ours", MIT],
    ],
)
def test_an_unknown_licence_is_refused(tmp_path: Path, lines: list[str]) -> None:
    with pytest.raises(LicenceRefused, match=r"^some: no licence that SPDX knows"):
        declared("some", Package(tmp_path, *lines))


def test_what_a_wheel_carries_is_found(tmp_path: Path) -> None:
    text = (
        "Text.\n\nName: OpenBLAS\nFiles: some.libs/*\nLicense: BSD-3-Clause\n  Text.\n\nName: none\n\nText.\n"
    )
    assert list(carried(Package(tmp_path, licence=text))) == [("OpenBLAS", "BSD-3-Clause")]
    assert "libquadmath" in dict(licences.of("scipy").carried)


@pytest.mark.parametrize("expression", ["MIT", "MIT OR GPL-3.0-only", "Apache-2.0 AND (ISC OR GPL-3.0-only)"])
def test_an_allowed_licence_is_let_through(expression: str) -> None:
    hold("some", expression)


@pytest.mark.parametrize(
    "expression",
    [
        "GPL-3.0-only",
        "AGPL-3.0-or-later",
        "SSPL-1.0",
        "MIT AND GPL-3.0-only",
        "MPL-2.0",
        "LGPL-2.1-or-later",
        "MIT WITH GCC-exception-3.1",
    ],
)
def test_any_other_licence_is_refused(expression: str) -> None:
    with pytest.raises(LicenceRefused, match="is not allowed"):
        hold("some", expression)


def test_an_excuse_holds_for_one_library_and_one_licence() -> None:
    hold("python-stdnum", "LGPL-2.1-or-later")
    with pytest.raises(LicenceRefused):
        hold("python-stdnum", "GPL-3.0-only")
    with pytest.raises(LicenceRefused):
        hold("orjson", "LGPL-2.1-or-later")


def test_every_library_that_runs_is_allowed() -> None:
    """Also under the other versions of Python, where some have other versions."""
    assert {"aiokafka", "numpy", "python-stdnum"} <= {name for name, _, _ in licences.rows()}


def test_every_excuse_is_needed() -> None:
    for name, (allowed, _) in licences.EXCUSED.items():
        of = licences.of(name)
        needed = {of.expression, *(licence for _, licence in of.carried)}
        assert any(one in expression for one in allowed for expression in needed), name


def test_what_a_wheel_carries_is_held_against_the_list_too(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(licences.EXCUSED, "scipy")
    with pytest.raises(LicenceRefused, match=r"^scipy: GPL-3\.0-or-later WITH GCC-exception-3\.1 is not"):
        licences.of.__wrapped__("scipy")


def test_a_refused_licence_stops_the_pages(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delitem(licences.EXCUSED, "python-stdnum")
    licences.of.cache_clear()
    assert pages.main(["--check"]) == 1
    assert "python-stdnum: LGPL-2.1-or-later is not allowed" in capsys.readouterr().err
    licences.of.cache_clear()
