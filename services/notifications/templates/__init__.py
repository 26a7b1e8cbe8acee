"""The texts of messages as data: a folder for each template, a file for each language.

A file has a table for each side that its trigger writes to, with `subject` and `text`. The folder `frame` has
what stands around every text of a language: `greeting`, `body` with places for `$greeting`, `$text` and
`$link`, and `read_by`, the languages whose readers get this one. Every template is there in each language
that has a frame.
"""

import re
import tomllib
from collections.abc import Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from services.notifications.domain.pairs import Side
from services.notifications.domain.texts import FALLBACK, Text, Texts
from services.notifications.domain.triggers import TRIGGERS, Trigger

FRAME = "frame"
_PLACES = {"greeting", "text", "link"}
_PLACE = re.compile(r"\$\{?(\w*)")


class TemplatesIncomplete(ValueError):
    """Something of a template is missing or unknown: the message says what, and in which file."""


def load(folder: Traversable | None = None, triggers: Sequence[Trigger] = TRIGGERS) -> Texts:
    """All texts that triggers call for; raises TemplatesIncomplete."""
    root = files(__name__) if folder is None else folder
    frames = _languages(root / FRAME)
    if FALLBACK not in frames:
        raise TemplatesIncomplete(
            f"{FRAME}/{FALLBACK}.toml is missing: all who read no other language get it"
        )
    known = {entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("_")}
    unused = known - {FRAME} - {trigger.template for trigger in triggers}
    if unused:
        raise TemplatesIncomplete(f"nothing triggers the templates {', '.join(sorted(unused))}")
    texts: dict[tuple[str, Side, str], Text] = {}
    for trigger in triggers:
        written = _languages(root / trigger.template) if trigger.template in known else {}
        for language in sorted(frames.keys() | written.keys()):
            place = f"{trigger.template}/{language}.toml"
            if language not in written:
                raise TemplatesIncomplete(f"{place} is missing")
            if language not in frames:
                raise TemplatesIncomplete(f"{place} has no frame: {FRAME}/{language}.toml is missing")
            for side in trigger.sides:
                texts[trigger.template, side, language] = _text(
                    frames[language], written[language], side, place
                )
    return Texts(
        texts,
        {
            language: _entry(frame, "greeting", f"{FRAME}/{language}.toml")
            for language, frame in frames.items()
        },
        {read: language for language, frame in frames.items() for read in frame.get("read_by", [language])},
    )


def _languages(folder: Traversable) -> dict[str, dict[str, Any]]:
    """What a folder's files hold, by language."""
    return {
        entry.name.removesuffix(".toml"): tomllib.loads(entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".toml")
    }


def _text(frame: dict[str, Any], written: dict[str, Any], side: Side, place: str) -> Text:
    own = written.get(side)
    if not isinstance(own, dict):
        raise TemplatesIncomplete(f"{place} has no text for the {side} side")
    subject, text = _entry(own, "subject", place), _entry(own, "text", place)
    if "$" in subject + text:
        raise TemplatesIncomplete(f"{place} has a place for something: texts are fixed")
    body = _entry(frame, "body", FRAME)
    places = set(_PLACE.findall(body))
    if places != _PLACES:
        raise TemplatesIncomplete(f"{FRAME} has the places {sorted(places)}, not {sorted(_PLACES)}")
    return Text(subject, Template(Template(body).safe_substitute(text=text)))


def _entry(table: dict[str, Any], name: str, place: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise TemplatesIncomplete(f"{place} has no {name}")
    return value
