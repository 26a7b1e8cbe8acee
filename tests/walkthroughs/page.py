"""Reads a page's walk-throughs, and applies one to a copy of the tree.

A walk-through is a section of `docs/adding.md`. Its code blocks say in their first line's attributes what is
done with them: `create=PATH` makes a file, of another one with `from=PATH`; `append=PATH` adds to a file's
end; `in=PATH` changes one. With `after="TEXT"` a block goes below the first line that holds the
text, and with `replaces="TEXT"` into that line's place. Blocks without attributes are for reading alone.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```\w+ (?P<attributes>[^\n]+)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(
    r'(?P<name>create|from|append|in|after|replaces)=(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))'
)


@dataclass(frozen=True, slots=True)
class Step:
    """One block: `content` goes into `path`, at the line that holds `place`, or at the end."""

    path: Path
    content: str
    creates: bool = False
    copies: Path | None = None
    place: str | None = None
    replaces: bool = False

    def apply(self, root: Path) -> None:
        """Changes a tree; raises ValueError where the page no longer fits it."""
        target = root / self.path
        if self.creates:
            if target.exists():
                raise ValueError(f"{self.path} is there already")
            target.parent.mkdir(parents=True, exist_ok=True)
            copied = "" if self.copies is None else (root / self.copies).read_text(encoding="utf-8")
            target.write_text(copied, encoding="utf-8")
        lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
        first = last = len(lines)
        if self.place is not None:
            holding = [number for number, line in enumerate(lines) if self.place in line]
            if not holding:
                raise ValueError(f"{self.path} has no line with {self.place!r}")
            first, last = holding[0] + (not self.replaces), holding[0] + 1
        target.write_text("".join([*lines[:first], self.content, *lines[last:]]), encoding="utf-8")


def walkthroughs(page: str) -> dict[str, list[Step]]:
    """The steps of each section that has any, by its title."""
    found: dict[str, list[Step]] = {}
    heads = list(_SECTION.finditer(page))
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        section = page[head.end() : following.start() if following else len(page)]
        steps = [_step(block["attributes"], block["content"]) for block in _BLOCK.finditer(section)]
        if steps:
            found[head["title"]] = steps
    return found


def _step(attributes: str, content: str) -> Step:
    given = {match["name"]: match["quoted"] or match["bare"] for match in _ATTRIBUTE.finditer(attributes)}
    path = given.get("create") or given.get("append") or given.get("in")
    if path is None:
        raise ValueError(f"a block says neither create, append nor in: {attributes}")
    return Step(
        Path(path),
        content,
        creates="create" in given,
        copies=Path(given["from"]) if "from" in given else None,
        place=given.get("after") or given.get("replaces"),
        replaces="replaces" in given,
    )


def copy_of_tree(root: Path, to: Path) -> Path:
    """A copy of all files that are, or would be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607 (as PATH has it)
        cwd=root,
        check=True,
        capture_output=True,
        text=True,
    )
    for name in listed.stdout.splitlines():
        source = root / name
        if source.is_file():
            (to / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, to / name)
    return to
