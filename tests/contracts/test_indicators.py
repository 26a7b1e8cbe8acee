"""docs/indicators.md explains every figure that reporting publishes, in the words of the code."""

from pathlib import Path

from services.reporting.domain.figures import FIGURES

PAGE = Path(__file__).parents[2] / "docs" / "indicators.md"


def test_the_page_has_the_table_of_the_code() -> None:
    rows = [line for line in PAGE.read_text().splitlines() if line.startswith("| `")]
    assert rows == [
        f"| `{figure.name}` | {figure.scope} | {figure.kind} | {figure.meaning} | {figure.source} |"
        for figure in FIGURES
    ]
