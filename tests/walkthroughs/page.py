"""Reads a page's walk-throughs, and applies one to a copy of the tree.

A walk-through is a section of `docs/adding.md`. Its code blocks say in their first line's attributes what is
done with them: ` ```python create=PATH ` makes a file, `append=PATH` adds to a file's end, and `in=PATH` with
`after="TEXT"` inserts below the first line that holds the text. Other blocks are for reading alone.
"""

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

_SECTION = re.compile(r"^## (?P<title>.+)$", re.MULTILINE)
_BLOCK = re.compile(r"^```\w+ (?P<attributes>[^\n]+)\n(?P<content>.*?)^```$", re.MULTILINE | re.DOTALL)
_ATTRIBUTE = re.compile(r'(?P<name>create|append|in|after)=(?:"(?P<quoted>[^"]*)"|(?P<bare>\S+))')


@dataclass(frozen=True, slots=True)
class Step:
    """One block: `content` goes into `path`, below the line that holds `after`, or at the end."""

    path: Path
    content: str
    creates: bool = False
    after: str | None = None

    def apply(self, root: Path) -> None:
        """Changes a tree; raises ValueError where the page no longer fits it."""
        target = root / self.path
        if self.creates:
            if target.exists():
                raise ValueError(f"{self.path} is there already")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(self.content, encoding="utf-8")
            return
        lines = target.read_text(encoding="utf-8").splitlines(keepends=True)
        place = len(lines)
        if self.after is not None:
            holding = [number for number, line in enumerate(lines, 1) if self.after in line]
            if not holding:
                raise ValueError(f"{self.path} has no line with {self.after!r}")
            place = holding[0]
        target.write_text("".join([*lines[:place], self.content, *lines[place:]]), encoding="utf-8")


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
    return Step(Path(path), content, creates="create" in given, after=given.get("after"))


def copy_of_tree(root: Path, to: Path) -> Path:
    """A copy of all files that are, or would be, under version control."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],  # noqa: S607
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
