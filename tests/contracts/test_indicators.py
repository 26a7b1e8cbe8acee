"""Every figure that reporting publishes is counted somewhere, and its page is fresh."""

import ast
from pathlib import Path

import pytest

from deploy import pages
from services.reporting.domain import figures
from services.reporting.domain.figure import Figure
from services.reporting.domain.figures import FIGURES

REPORTING = Path(__file__).parents[2] / "services" / "reporting"
CONSTANTS = {name: value for name, value in vars(figures).items() if isinstance(value, Figure)}


def test_every_figure_is_in_the_table_once() -> None:
    assert list(FIGURES) == list(CONSTANTS.values())
    assert len({figure.name for figure in FIGURES}) == len(FIGURES)


@pytest.mark.parametrize("constant", CONSTANTS)
def test_something_counts_every_figure(constant: str) -> None:
    nodes = [
        node
        for path in REPORTING.rglob("*.py")
        if path.name != "figures.py"
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
    ]
    used = {node.id for node in nodes if isinstance(node, ast.Name)}
    used |= {node.attr for node in nodes if isinstance(node, ast.Attribute)}
    assert constant in used


def test_pages_are_as_the_code_has_them(capsys: pytest.CaptureFixture[str]) -> None:
    assert pages.main(["--check"]) == 0, capsys.readouterr().err


def test_a_stale_page_is_seen_and_made_anew(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for name in pages.PAGES:
        page = tmp_path / name
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(f"By hand.\n{pages.BEGIN}\nold\n{pages.END}\nBy hand.\n", encoding="utf-8")
    assert pages.main(["--check"], tmp_path) == 1
    assert "docs/indicators.md" in capsys.readouterr().err
    assert pages.main([], tmp_path) == 0
    assert pages.main(["--check"], tmp_path) == 0
    assert (tmp_path / "docs/indicators.md").read_text(encoding="utf-8").startswith("By hand.\n")


def test_a_page_without_its_comments_is_refused() -> None:
    with pytest.raises(ValueError, match="lacks"):
        pages.renewed("nothing to make", "")
