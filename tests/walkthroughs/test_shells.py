"""Shell blocks of README and the pages work as they are pasted, in bash and in dash, without any option.

Blocks marked `bash` are run, in their order, against a local installation; `console` ones are for reading.
"""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from deploy import background
from deploy.examples import BERGEN
from tests.walkthroughs.checkout import ROOT, SHELLS, blocks_of, paste
from tests.walkthroughs.checkout import checkout as checkout_in

PAGES = (
    "README.md",
    "docs/first-pair.md",
    "docs/a-year.md",
    "docs/own-programme.md",
    "docs/notices.md",
    "docs/operations.md",
)
RUN_ELSEWHERE = {
    "docs/municipality.md": "tests/walkthroughs/test_shells.py",
    "docs/consuming.md": "tests/walkthroughs/test_consuming.py",
    "docs/without-kobling.md": "tests/walkthroughs/test_without_kobling.py",
}
"""Pages whose blocks are not run with the others, and what runs them."""
_ENDED = re.compile(r"^@@ (\d+) (\d+)$", re.MULTILINE)
_OPENING = re.compile(r"no line is a reply that holds|of \d+ sealed replies \d+ don't open")
"""What `kobling keys open` says before the reply is there; those of an earlier run had another key."""

blocks = [block for page in PAGES for block in blocks_of(ROOT / page)]
tools = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in ("kcat", "jq", "curl", *SHELLS)),
    reason="what README asks for (kcat, jq) or dash is not installed",
)


def test_no_other_page_holds_blocks_that_nobody_runs() -> None:
    others = {
        str(page.relative_to(ROOT))
        for page in (*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md"))
        if blocks_of(page)
    }
    # Those under docs/runbooks are run by tests/alerts.
    here = {page for page in others if not page.startswith("docs/runbooks/")}
    assert here == {*PAGES, *RUN_ELSEWHERE}
    assert all((ROOT / test).is_file() for test in RUN_ELSEWHERE.values())


@pytest.mark.parametrize("as_of", ["2016-06-15T08:00:00+00:00", None])
@pytest.mark.parametrize("shell", SHELLS)
@tools
def test_today_is_the_installations(tmp_path: Path, shell: str, as_of: str | None) -> None:
    (tmp_path / ".run").mkdir()
    value = "null" if as_of is None else f'"{as_of}"'
    (tmp_path / ".run/addresses.json").write_text(f'{{"as_of": {value}}}', encoding="utf-8")
    (function,) = (line for line in blocks[0].splitlines() if line.startswith("today()"))
    run = subprocess.run(  # noqa: S603 (our own page)
        [shell], input=f"{function}\ntoday\n", cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert re.fullmatch(r"2016-06-15\n" if as_of else r"\d{4}-\d{2}-\d{2}\n", run.stdout)


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A directory that looks like the checkout, with an installation of its own, stopped at the end."""
    with checkout_in(tmp_path_factory.mktemp("checkout")) as directory:
        yield directory


@pytest.mark.parametrize("shell", SHELLS)
@tools
def test_every_block_works_as_it_is_pasted(checkout: Path, shell: str) -> None:
    pasted = "".join(f"{block}echo @@ {number} $?\n" for number, block in enumerate(blocks))
    run = subprocess.run(  # noqa: S603 (our own page)
        [shell],
        input=pasted,
        cwd=checkout,
        env={**os.environ, "KOBLING_RUN": str(checkout / ".run")},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    said = [line for line in run.stderr.splitlines() if line != "already up" and not _OPENING.match(line)]
    assert said == []
    assert _ENDED.findall(run.stdout) == [(str(number), "0") for number in range(len(blocks))]
    assert '"remark' in run.stdout.splitlines()[-2]
    assert "\tproposal_made\tpair-" in run.stdout
    refused = [line for line in run.stdout.splitlines() if "CommandRejected" in line]
    assert refused == []


@pytest.mark.parametrize("shell", SHELLS)
@tools
def test_a_municipalitys_records_are_answered_as_its_page_says(checkout: Path, shell: str) -> None:
    own = blocks_of(ROOT / "docs/municipality.md")
    printed, complaints, ended = paste(shell, [blocks[0], *own], checkout, 300)
    assert [line for line in complaints.splitlines() if line != "already up"] == []
    assert ended == [0] * (len(own) + 1)
    assert "has faults" in printed
    outcomes = re.findall(r"^\d +(accepted|duplicate|stale|rejected)", printed, re.MULTILINE)
    assert outcomes == ["accepted", "duplicate", "accepted", "stale", "accepted"]


@tools
def test_a_topic_that_does_not_exist_is_named(checkout: Path) -> None:
    """What README says of it; the first words are kcat's own."""
    up = {**os.environ, "KOBLING_RUN": str(checkout / ".run")}
    subprocess.run(["make", "up"], cwd=checkout, env=up, capture_output=True, check=True, timeout=300)  # noqa: S607 (as PATH has it)
    addresses = background.running(checkout / ".run")
    assert addresses is not None
    for mode, more in (("-P", ["-X", "topic.metadata.propagation.max.ms=1000"]), ("-C", ["-e"])):
        run = subprocess.run(  # noqa: S603 (our own command)
            ["kcat", mode, "-b", addresses["kafka"], "-t", "settlements.no-0000.v1", *more],  # noqa: S607 (as PATH has it)
            input="{}\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert run.returncode == 1
        assert "Broker: Unknown topic or partition" in run.stderr
    assert "no-0000" not in BERGEN.municipalities
