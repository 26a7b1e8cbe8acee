"""Pages of docs/ that are made from the code: `python -m deploy.pages`; with `--check` nothing is written.

What is made stands between two comments of a page, and the rest of the page is written by hand; the page of
contracts is made as a whole.
"""

import argparse
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

from deploy.contracts_page import page as contracts
from deploy.supply import licences
from examples.senders import ATTRIBUTES, CASES, SETTINGS, Case
from services.intake.service import SPECS as INTAKE
from services.matching.service import SPECS as MATCHING
from services.reporting.domain.figures import FIGURES
from shared.contracts.commands import DEAD_LETTER_COMMANDS, RunBatch
from shared.contracts.notices import CODES
from shared.messaging.commands.desk import ROLE

ROOT = Path(__file__).parents[1]
BEGIN, END = "<!-- made by python -m deploy.pages -->", "<!-- end -->"


def table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table."""
    lines = [columns, ["---"] * len(columns), *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def indicators() -> str:
    """What each figure counts."""
    return table(
        ["figure", "of", "kind", "meaning", "made from"],
        [
            (f"`{figure.name}`", figure.scope, figure.kind, figure.meaning, figure.source)
            for figure in FIGURES
        ],
    )


def commands() -> str:
    """Which commands there are, whom they ask for, what they are about, and what they bring about."""
    rows = [
        (
            f"`{spec.model.__name__}`",
            service,
            spec.subject,
            f"`{spec.role}`",
            ", ".join(event.name for event in spec.events) or "nothing but the reply",
        )
        for service, specs in (("intake", INTAKE), ("matching", MATCHING))
        for spec in specs
    ]
    rows += [
        (
            f"`{model.__name__}`",
            "each",
            "dead letter",
            f"`{ROLE}`",
            "what the record brings about" if "Redrive" in model.__name__ else "nothing but the reply",
        )
        for model in DEAD_LETTER_COMMANDS
    ]
    batch = (f"`{RunBatch.__name__}`", "each", "any word", "its commands'", "what its commands bring about")
    return table(["command", "to", "its subject", "role", "may bring about"], [*rows, batch])


def notices() -> str:
    """What operators are told."""
    return table(["`code`", "what happened"], [(f"`{code}`", meaning) for code, meaning in CODES.items()])


def senders() -> str:
    """What senders' libraries make of a record, and what becomes of it."""
    records = table(
        ["library", "what it sends", "headers", "what becomes of it"],
        [(case.library, case.sends, _headers(case), _becomes(case)) for case in CASES],
    )
    settings = table(
        ["whose", "what differs", "what becomes of it"],
        [(setting.whose, setting.differs, setting.becomes) for setting in SETTINGS],
    )
    return f"{records}\n{settings}"


def _headers(case: Case) -> str:
    """Headers as code; an event's own attributes in them as one."""
    shown = dict.fromkeys(_header(name, content) for name, content in case.headers)
    return ", ".join(shown) or "none"


def _header(name: str, content: bytes | None) -> str:
    mark, attribute = name[:3], name[3:]
    if mark in {"ce_", "ce-"} and content == str(ATTRIBUTES.get(attribute)).encode():
        return f"`{mark}…`"
    if content is None or not content.decode().isprintable():
        return f"`{name}`: {'null' if content is None else 'bytes'}"
    return f"`{name}: {content.decode()}`"


def _becomes(case: Case) -> str:
    if case.refused is not None:
        return f"refused, `{case.refused}`" + (f": {case.helps}" if case.helps else "")
    return "taken" + (f", without {', '.join(f'`{name}`' for name in case.dropped)}" if case.dropped else "")


def libraries() -> str:
    """Each library that runs with Kobling, with its licence, and the excused ones. Raises LicenceRefused."""
    held = table(
        ["library", "version", "licence"],
        [(name, versions, f"`{licence}`") for name, versions, licence in licences.rows()],
    )
    excused = table(
        ["library", "also allowed", "why"],
        [
            (name, ", ".join(f"`{one}`" for one in allowed), why)
            for name, (allowed, why) in licences.EXCUSED.items()
        ],
    )
    allowed = ", ".join(f"`{one}`" for one in sorted(licences.ALLOWED))
    return f"{held}\nAllowed for every library: {allowed}.\n\n{excused}"


PAGES: dict[str, Callable[[], str]] = {
    "docs/compatibility.md": senders,
    "docs/contracts.md": commands,
    "docs/indicators.md": indicators,
    "docs/licences.md": libraries,
    "docs/notices.md": notices,
}
"""What makes the part of each page."""

WHOLE: dict[str, Callable[[], str]] = {"docs/contracts.html": contracts}
"""What makes each page that is made as a whole."""


def renewed(page: str, part: str) -> str:
    """A page with its made part anew; raises ValueError for a page without the two comments."""
    before, begin, rest = page.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"the page lacks {BEGIN} or {END}")
    return f"{before}{BEGIN}\n{part}{END}{after}"


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """0 if all is well; 1 with a line for each page that isn't fresh, or a library that is refused."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    try:
        stale = {name: fresh for name, fresh in _fresh(root) if _text(root / name) != fresh}
    except licences.LicenceRefused as refusal:
        sys.stderr.write(f"licence refused: {refusal}\n")
        return 1
    if given.check:
        sys.stderr.write("".join(f"{name}: not as the code has it\n" for name in stale))
        return 1 if stale else 0
    for name, fresh in stale.items():
        (root / name).write_text(fresh, encoding="utf-8")
    return 0


def _fresh(root: Path) -> Iterator[tuple[str, str]]:
    """Each page by its path, as it should be."""
    for name, make in PAGES.items():
        yield name, renewed(_text(root / name), make())
    for name, make in WHOLE.items():
        yield name, make()


def _text(path: Path) -> str:
    """A page as it is; empty where there is none."""
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
