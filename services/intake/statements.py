"""What a refused settlement still says of somebody's safety, read as leniently as can be.

A record is refused whole for one fault, and the rest of it may say that somebody must not be known any more.
Whoever sent it takes that for said. So whatever can be read of it is, wherever in the record it stands, and
in doubt it says protection.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import islice
from typing import Any

from shared.contracts.fields import CASE_PATTERN, parse_instant
from shared.contracts.municipalities import municipalities_heard
from shared.messaging.reading.records import Raw
from shared.values import value


class Says(StrEnum):
    """What a record says of somebody."""

    PROTECTED = "protected"
    MINOR = "minor"
    WITHDRAWN = "withdrawn"


@value
class Statement:
    """What is said of a case. It may be any of `references`, which are (municipality, case); `time` is the
    record's own, None where it can't be read. `former` ones are those that somebody is said to have left:
    what their own municipalities said later does not answer it.
    """

    says: Says
    references: tuple[tuple[str, str], ...]
    time: datetime | None
    former: tuple[tuple[str, str], ...] = ()


LARGEST = 1024 * 1024
"""Bytes of a record that are read as JSON; of a longer one the words alone are looked for."""
EVENTS = 50
"""How many events of a list are looked at, and how many cases that a record may be of."""
_NEVER_OPEN = "confidential"
_PROTECTION = re.compile(r"protection\W*(\w*)")
_MINOR = re.compile(r"unaccompanied_?minor\W*(\w*)")
_SUBJECT = re.compile(r'"subject"\s*:\s*"([^"\\]{1,64})"')
_CASE = re.compile(CASE_PATTERN.strip("^$"), re.ASCII)
_MUNICIPALITY = re.compile(r"[a-z0-9-]{2,40}", re.ASCII)


class _Several(list[Any]):
    """The values of a name that stands in an object more than once."""


@dataclass(slots=True)
class _Heard:
    """What stands in an event, at whatever depth, under the names that matter; letters and digits alone count
    of a name.
    """

    protection: list[Any] = field(default_factory=list)
    unaccompaniedminor: list[Any] = field(default_factory=list)
    type: list[Any] = field(default_factory=list)
    subject: list[Any] = field(default_factory=list)
    former: list[Mapping[str, Any]] = field(default_factory=list)
    words: list[str] = field(default_factory=list)

    @classmethod
    def of(cls, event: Mapping[str, Any]) -> "_Heard":
        """Walks the whole event, and texts in it that are JSON themselves."""
        heard = cls()
        waiting: list[Any] = [event]
        while waiting:
            content = waiting.pop()
            if isinstance(content, Mapping):
                for name, inner in content.items():
                    heard._take("".join(filter(str.isalnum, name)).casefold(), inner)
                    waiting.append(_decoded(name, inner))
            elif isinstance(content, list):
                waiting.extend(content)
            elif isinstance(content, str) and (inner := _json(content)) is not None and inner != content:
                waiting.append(inner)
            else:
                heard.words.append(_word(content))
        return heard

    def _take(self, name: str, content: Any) -> None:
        values = list(content) if isinstance(content, _Several) else [content]
        if name in {"protection", "unaccompaniedminor", "type", "subject"}:
            getattr(self, name).extend(values)
        elif name == "from":
            self.former.extend(item for item in values if isinstance(item, Mapping))


def statements(raw: Raw, municipality: str) -> list[Statement]:
    """What a refused record on a municipality's topic says; nothing of somebody who may go on being known."""
    text = (raw.value or b"").replace(b"\0", b"").decode(errors="replace")
    found = []
    for event in _events(raw, text):
        heard = _Heard.of(event)
        says = _said(heard) if event else _said_in_words(text)
        if says is None:
            continue
        key = (raw.key or b"").decode(errors="replace")
        subjects = heard.subject if event else _subjects_in(text)
        references = _cases((municipality, case) for case in [key, *islice(subjects, EVENTS)])
        is_settled = says is not Says.WITHDRAWN
        former = _cases(
            (where, item.get("case"))
            for item in heard.former[:EVENTS]
            for where in municipalities_heard(item.get("municipality"), municipality)
        )
        if references or former:
            found.append(Statement(says, references, _time(event), former if is_settled else ()))
    return found


def in_doubt(raw: Raw, municipality: str) -> Statement:
    """What a record says of its own case, where reading it failed."""
    key = (raw.key or b"").decode(errors="replace")
    return Statement(Says.PROTECTED, _cases([(municipality, key)]), None)


def _events(raw: Raw, text: str) -> Iterator[Mapping[str, Any]]:
    """The envelopes of a record, from structured, binary or batch mode; an empty one where none is read."""
    document = _json(text) if len(text) <= LARGEST else None
    attributes = {
        name.lower().partition("_" if "_" in name else "-")[2]: (content or b"").decode(errors="replace")
        for name, content in raw.headers
        if name.lower().startswith(("ce_", "ce-", "cloudevents"))
    }
    if attributes:
        yield {**attributes, "data": document if document is not None else text}
    elif isinstance(document, dict):
        yield document
    elif isinstance(document, list) and document:
        events = [event for event in document if isinstance(event, dict) and event]
        yield from events[:EVENTS]
        if len(events) < len(document) or len(events) > EVENTS:
            yield {}
    elif text:
        yield {}


def _json(text: str) -> Any:
    try:
        return json.loads(text.lstrip("\ufeff"), object_pairs_hook=_object)
    except (ValueError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, content in pairs:
        plain = name.strip().casefold()
        known = found.get(plain)
        if isinstance(known, _Several):
            known.append(content)
        else:
            found[plain] = _Several([known, content]) if plain in found else content
    return found


def _decoded(name: str, content: Any) -> Any:
    if name != "data_base64" or not isinstance(content, str):
        return content
    try:
        return base64.b64decode(content, altchars=b"-_" if {"-", "_"} & set(content) else None).decode(
            errors="replace"
        )
    except (binascii.Error, ValueError):
        return content


def _said(heard: _Heard) -> Says | None:
    type_ = " ".join(map(_word, heard.type))
    if "settlementwithdrawn" in type_:
        return Says.WITHDRAWN
    words = " ".join(heard.words)
    # Absent means strictly confidential, as in a sound settlement.
    is_open = bool(heard.protection) or not ("personsettled" in type_ or "personsettled" in words)
    protection = [*map(_word, heard.protection), *_PROTECTION.findall(words)]
    if not is_open or any(word != "none" for word in protection) or _NEVER_OPEN in words:
        return Says.PROTECTED
    minor = [*map(_word, heard.unaccompaniedminor), *_MINOR.findall(words)]
    return Says.MINOR if any(word not in {"false", "null"} for word in minor) else None


def _said_in_words(text: str) -> Says | None:
    """What a text says that is no JSON, by the words in it."""
    plain = text.casefold()
    said = _PROTECTION.findall(plain)
    is_settled = "personsettled" in plain
    if _NEVER_OPEN in plain or any(word != "none" for word in said) or (is_settled and not said):
        return Says.PROTECTED
    if any(word not in {"false", "null"} for word in _MINOR.findall(plain)):
        return Says.MINOR
    return Says.WITHDRAWN if "settlementwithdrawn" in plain else None


def _word(content: Any) -> str:
    return "null" if content is None else str(content).strip().casefold()


def _subjects_in(text: str) -> Iterator[str]:
    return (found[1] for found in _SUBJECT.finditer(text))


def _cases(named: Iterable[tuple[Any, Any]]) -> tuple[tuple[str, str], ...]:
    """The references among these that can be one: no other is kept anywhere."""
    found = {
        (where, case): None
        for where, named_case in named
        if isinstance(where, str)
        and _MUNICIPALITY.fullmatch(where)
        and _CASE.fullmatch(case := _plain(named_case))
    }
    return tuple(found)


def _plain(case: Any) -> str:
    return str(case).strip() if isinstance(case, str | int) else ""


def _time(event: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_instant(event.get("time"))
    except ValueError:
        return None
