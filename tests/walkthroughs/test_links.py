"""Links between the pages lead somewhere, and `docs/README.md` leads to every page."""

import re
from pathlib import Path

import pytest

from tests.walkthroughs.checkout import ROOT

INDEX = ROOT / "docs/README.md"
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"), *ROOT.glob("examples/**/*.md")])
BY_THEIR_OWN = {"adr", "runbooks"}
"""Folders of `docs` with many alike: the index leads to the folder, or to its own index."""
_FENCED = re.compile(r"^( *)```.*?^\1```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\]\((?P<target>[^)\s]+)\)")
_HEADING = re.compile(r"^#+ (?P<title>.+)$", re.MULTILINE)


def links(page: Path) -> list[str]:
    """What a page links to within the checkout, as it says it; what stands in code is no link."""
    text = _CODE.sub("", _FENCED.sub("", page.read_text(encoding="utf-8")))
    return [target for target in _LINK.findall(text) if "://" not in target]


def anchors(page: Path) -> set[str]:
    """The anchors that GitHub makes of a page's headings."""
    found: set[str] = set()
    for title in _HEADING.findall(_FENCED.sub("", page.read_text(encoding="utf-8"))):
        slug = re.sub(r"[^\w\- ]", "", title.lower()).replace(" ", "-")
        number = 0
        while (anchor := f"{slug}-{number}" if number else slug) in found:
            number += 1
        found.add(anchor)
    return found


def leads_nowhere(page: Path) -> list[str]:
    """The links of a page whose file, folder or heading is not there."""
    missing = []
    for link in links(page):
        name, _, anchor = link.partition("#")
        target = (page.parent / name).resolve() if name else page
        if not target.exists() or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            missing.append(link)
    return missing


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_leads_somewhere(page: Path) -> None:
    assert leads_nowhere(page) == []


def test_the_index_leads_to_every_page() -> None:
    led_to = {(INDEX.parent / link.partition("#")[0]).resolve() for link in links(INDEX)}
    pages = {page for page in (ROOT / "docs").rglob("*.md") if page.parent.name not in BY_THEIR_OWN}
    assert pages - led_to - {INDEX} == set()
    assert led_to >= {ROOT / "docs/adr", ROOT / "docs/runbooks/README.md", ROOT / "CONTRIBUTING.md"}


def test_every_runbook_stands_in_their_index() -> None:
    folder = ROOT / "docs/runbooks"
    assert {page.name for page in folder.glob("*.md")} - {"README.md"} <= set(links(folder / "README.md"))


def test_the_readme_leads_to_the_index() -> None:
    assert "docs/README.md" in links(ROOT / "README.md")


def test_a_link_that_leads_nowhere_is_seen(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# A title: `code`\n[a](#a-title-code) [b](#b) [c](c.md) `[d](d.md)`\n```\n[e](e.md)\n```\n"
    )
    assert leads_nowhere(page) == ["#b", "c.md"]
