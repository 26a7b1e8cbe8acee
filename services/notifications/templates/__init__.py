"""The texts of messages as data: a folder for each template, a file for each language.

A file has a table for each side that its trigger writes to, with `subject` and `text`. The folder `frame` has
what stands around every text of a language: `greeting`, `body` with places for `$greeting`, `$text` and
`$link`, and `read_by`, the languages whose readers get this one. Every template is there in each language
that has a frame.
"""

import tomllib
from collections import defaultdict
from collections.abc import Mapping, Sequence
from importlib.resources import files
from importlib.resources.abc import Traversable
from string import Template
from typing import Any

from services.notifications.domain.pairs import Side
from services.notifications.domain.texts import FALLBACK, Text, Texts
from services.notifications.domain.triggers import TRIGGERS, Trigger
from shared.languages import normal_tag

FRAME = "frame"
_PLACES = {"greeting", "text", "link"}


class TemplatesIncomplete(ValueError):
    """Something of a template is missing or unknown: the message says what, and in which file."""


def load(folder: Traversable | None = None, triggers: Sequence[Trigger] = TRIGGERS) -> Texts:
    """All texts that triggers call for; raises TemplatesIncomplete."""
    root = files(__name__) if folder is None else folder
    frames = _languages(root, FRAME)
    if FALLBACK not in frames:
        raise TemplatesIncomplete(
            f"{FRAME}/{FALLBACK}.toml is missing: all who read no other language get it"
        )
    bodies = {language: _body(frame, _file(FRAME, language)) for language, frame in frames.items()}
    greetings = {
        language: _line(frame, "greeting", _file(FRAME, language)) for language, frame in frames.items()
    }
    texts: dict[tuple[str, Side, str], Text] = {}
    for template, sides in _called_for(root, triggers).items():
        written = _languages(root, template)
        for language in sorted(bodies.keys() | written.keys()):
            file = _file(template, language)
            if language not in written:
                raise TemplatesIncomplete(f"{file} is missing")
            if language not in bodies:
                raise TemplatesIncomplete(f"{file} has no frame: {_file(FRAME, language)} is missing")
            for side, text in _texts(bodies[language], written[language], sides, file).items():
                texts[template, side, language] = text
    return Texts(texts, greetings, _readers(frames))


def _called_for(root: Traversable, triggers: Sequence[Trigger]) -> dict[str, set[Side]]:
    """The sides that each template is sent to; refuses a folder that no trigger names."""
    sides: defaultdict[str, set[Side]] = defaultdict(set)
    for trigger in triggers:
        sides[trigger.template].update(trigger.sides)
    folders = {entry.name for entry in root.iterdir() if entry.is_dir() and not entry.name.startswith("_")}
    if unused := folders - {FRAME} - sides.keys():
        raise TemplatesIncomplete(f"nothing triggers the templates {', '.join(sorted(unused))}")
    return dict(sides)


def _file(folder: str, language: str) -> str:
    return f"{folder}/{language}.toml"


def _languages(root: Traversable, name: str) -> dict[str, dict[str, Any]]:
    """What a folder's files hold, by language; nothing where there is no such folder."""
    folder = root / name
    tables: dict[str, dict[str, Any]] = {}
    for entry in folder.iterdir() if folder.is_dir() else ():
        if not entry.name.endswith(".toml"):
            continue
        try:
            tables[entry.name.removesuffix(".toml")] = tomllib.loads(entry.read_text(encoding="utf-8"))
        except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
            raise TemplatesIncomplete(f"{name}/{entry.name} is no TOML: {error}") from error
    return tables


def _texts(body: str, written: Mapping[str, Any], sides: set[Side], file: str) -> dict[Side, Text]:
    """A file's texts, one for each side."""
    texts: dict[Side, Text] = {}
    for side in sorted(sides):
        own = written.get(side)
        if not isinstance(own, dict):
            raise TemplatesIncomplete(f"{file} has no text for the {side} side")
        subject, text = _line(own, "subject", file), _entry(own, "text", file)
        if "$" in subject + text:
            raise TemplatesIncomplete(f"{file} has a place for something: texts are fixed")
        texts[side] = Text(subject, Template(Template(body).safe_substitute(text=text)))
    if unknown := written.keys() - sides:
        raise TemplatesIncomplete(f"{file} has texts for {', '.join(sorted(unknown))}: nobody gets them")
    return texts


def _body(frame: Mapping[str, Any], file: str) -> str:
    """A frame's body, in which every `$` begins one of the known places."""
    body = _entry(frame, "body", file)
    # A doubled one would begin a place once the text has been filled in.
    if not Template(body).is_valid() or "$$" in body:
        raise TemplatesIncomplete(f"{file} has a $ that begins no place")
    places = set(Template(body).get_identifiers())
    if places != _PLACES:
        raise TemplatesIncomplete(f"{file} has the places {sorted(places)}, not {sorted(_PLACES)}")
    return body


def _readers(frames: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Which language is written to the readers of each; a language that no frame names reads the fallback."""
    readers: dict[str, str] = {}
    for language, frame in sorted(frames.items()):
        file = _file(FRAME, language)
        read_by = frame.get("read_by", [language])
        if not isinstance(read_by, list) or not read_by or not all(isinstance(tag, str) for tag in read_by):
            raise TemplatesIncomplete(f"{file} has no list read_by of languages")
        for tag in read_by:
            normal = normal_tag(tag)
            if normal is None:
                raise TemplatesIncomplete(f"{file} is read by {tag}, which names no language")
            if readers.setdefault(normal, language) != language:
                raise TemplatesIncomplete(f"{file} is read by {tag}, as is another frame")
    return readers


def _entry(table: Mapping[str, Any], name: str, file: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise TemplatesIncomplete(f"{file} has no {name}")
    return value


def _line(table: Mapping[str, Any], name: str, file: str) -> str:
    value = _entry(table, name, file)
    # In a subject it would end the header: the e-mail could not be composed.
    if value.splitlines() != [value]:
        raise TemplatesIncomplete(f"{file} has a line break in its {name}")
    return value
