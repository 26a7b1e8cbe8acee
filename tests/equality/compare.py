"""Holds two recordings against each other, and says where they differ."""

import difflib
import fnmatch
import json
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import zip_longest
from pathlib import Path
from typing import Any, NamedTuple

Line = dict[str, Any]
SHOWN = 5
WHOLE = "*"


class Allowed(NamedTuple):
    """A difference that a decision names: where, and why. `topic` and `key` are shell patterns.

    `path` leads from the line to a field with dots, each part a name, a place in a list, or `*`; `*` alone
    is the whole record.
    """

    topic: str
    path: str
    why: str
    key: str = "*"

    def covers(self, line: Line) -> bool:
        """Whether it says anything of a line."""
        return fnmatch.fnmatch(line["topic"], self.topic) and fnmatch.fnmatch(line["key"] or "", self.key)


def load_allowed(path: Path | None) -> list[Allowed]:
    """A file's allowances. Raises TypeError where one has a field that there is not, or lacks its reason."""
    return [Allowed(**entry) for entry in json.loads(path.read_text())] if path is not None else []


def compare(before: Path, after: Path, allowed: Sequence[Allowed] = ()) -> int:
    """Prints what differs, by topic; returns how many records do."""
    old, new = _by_topic(before), _by_topic(after)
    total = differing = 0
    for topic in sorted(old | new):
        pairs = list(_aligned(old.get(topic, []), new.get(topic, [])))
        different = [(a, b) for a, b in pairs if _without(a, allowed) != _without(b, allowed)]
        apart = sum(_without(a, ()) != _without(b, ()) for a, b in pairs) - len(different)
        total += len(pairs)
        differing += len(different)
        counts = f"{len(old.get(topic, []))} before, {len(new.get(topic, []))} after"
        equal = len(pairs) - len(different) - apart
        _say(f"{topic}: {counts}, {equal} equal, {apart} differ as allowed, {len(different)} differing")
        for a, b in different[:SHOWN]:
            _say("\n".join(_diff(a, b)))
    _say(f"equality: {total} records, {differing} differing")
    return differing


def _by_topic(path: Path) -> dict[str, list[Line]]:
    found: defaultdict[str, list[Line]] = defaultdict(list)
    with path.open() as lines:
        for text in lines:
            line = json.loads(text)
            found[line["topic"]].append(line)
    return dict(found)


def _aligned(before: Iterable[Line], after: Iterable[Line]) -> Iterable[tuple[Line | None, Line | None]]:
    """Lines side by side that are about the same key and revision, in the order of the recordings."""
    places: dict[tuple[str, int], tuple[list[Line], list[Line]]] = {}
    for side, lines in enumerate((before, after)):
        for line in lines:
            place = str(line["key"]), line["revision"] or 0
            places.setdefault(place, ([], []))[side].append(line)
    for place in sorted(places):
        old, new = places[place]
        # What is equal goes first, so that one line too many does not move all the others.
        texts = [json.dumps(line) for line in new]
        rest: list[Line] = []
        for line in old:
            text = json.dumps(line)
            if text in texts:
                at = texts.index(text)
                texts.pop(at)
                yield line, new.pop(at)
            else:
                rest.append(line)
        yield from zip_longest(rest, new)


def _without(line: Line | None, allowed: Iterable[Allowed]) -> str | None:
    """A line's text without what may differ; the order of fields counts."""
    if line is None:
        return None
    copy = json.loads(json.dumps(line))
    for allowance in allowed:
        if allowance.covers(line):
            if allowance.path == WHOLE:
                return None
            _remove(copy, allowance.path.split("."))
    return json.dumps(copy)


def _remove(place: Any, path: Sequence[str]) -> None:
    name, *rest = path
    keys: list[Any] = []
    if isinstance(place, dict):
        keys = list(place) if name == "*" else [name] if name in place else []
    elif isinstance(place, list):
        keys = list(range(len(place))) if name == "*" else [int(name)] if name.isdigit() else []
        keys = [at for at in keys if at < len(place)]
    for at in reversed(keys):
        if rest:
            _remove(place[at], rest)
        else:
            del place[at]


def _diff(before: Line | None, after: Line | None) -> Iterable[str]:
    return difflib.unified_diff(_pretty(before), _pretty(after), "before", "after", lineterm="")


def _pretty(line: Mapping[str, Any] | None) -> list[str]:
    return [] if line is None else json.dumps(line, indent=1, ensure_ascii=False).splitlines()


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
