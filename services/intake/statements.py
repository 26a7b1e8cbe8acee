"""What a refused settlement still says of somebody's safety, read as leniently as can be.

A record is refused whole for one fault, and the rest of it may say that somebody must not be known any more.
Whoever sent it takes that for said. So whatever can be read of it is, and in doubt it says protection.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any

from shared.contracts.fields import parse_instant
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
    record's own, None where it can't be read.
    """

    says: Says
    references: tuple[tuple[str, str], ...]
    time: datetime | None


LARGEST = 1024 * 1024
"""Bytes of a record that are read as JSON; of a longer one the words alone are looked for."""
EVENTS = 50
"""How many events of a list are looked at."""
_ABSENT = object()
_NEVER_OPEN = "confidential"
_PROTECTION = re.compile(r"protection\W*(\w*)")
_MINOR = re.compile(r"unaccompanied_minor\W*(\w*)")
_SUBJECT = re.compile(r'"subject"\s*:\s*"([^"\\]{1,64})"')


class _Several(list[Any]):
    """The values of a name that stands in an object more than once."""


def statements(raw: Raw, municipality: str) -> list[Statement]:
    """What a refused record on a municipality's topic says; nothing of somebody who may go on being known."""
    if not raw.value:
        return []
    text = raw.value.replace(b"\0", b"").decode(errors="replace")
    found = []
    for event in _events(raw, text):
        says = _said(event) if event else _said_in_words(text)
        if says is None:
            continue
        references = _references(raw, event, text, municipality)
        if references:
            found.append(Statement(says, references, _time(event)))
    return found


def _events(raw: Raw, text: str) -> Iterator[Mapping[str, Any]]:
    """The envelopes of a record, from structured, binary or batch mode; an empty one where none is read."""
    document = _json(text) if len(text) <= LARGEST else None
    attributes = {
        name.lower()[3:]: (content or b"").decode(errors="replace")
        for name, content in raw.headers
        if name.lower().startswith(("ce_", "ce-"))
    }
    if "type" in attributes:
        yield {**attributes, "data": document if document is not None else text}
    elif isinstance(document, dict):
        yield document
    elif isinstance(document, list):
        yield from (event for event in document[:EVENTS] if isinstance(event, dict) and event)
    else:
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
        found[plain] = _Several([*_values(found.get(plain, _ABSENT)), content]) if plain in found else content
    return found


def _values(content: Any) -> list[Any]:
    """What stands under a name: nothing where it is absent or null."""
    if content is _ABSENT or content is None:
        return []
    return list(content) if isinstance(content, _Several) else [content]


def _said(event: Mapping[str, Any]) -> Says | None:
    type_ = str(event.get("type", "")).casefold()
    if "settlementwithdrawn" in type_:
        return Says.WITHDRAWN
    if "personmoved" in type_:
        return None
    data = _data(event)
    if not isinstance(data, dict):
        return _said_in_words(json.dumps(data, ensure_ascii=False, default=str))
    protection = _values(data.get("protection", _ABSENT))
    # Absent means strictly confidential, as in a sound settlement.
    is_open = bool(protection) or "personsettled" not in type_
    if not is_open or any(_word(item) != "none" for item in protection) or _NEVER_OPEN in _words(data):
        return Says.PROTECTED
    minor = _values(data.get("unaccompanied_minor", _ABSENT))
    return Says.MINOR if any(_word(item) != "false" for item in minor) else None


def _data(event: Mapping[str, Any]) -> Any:
    """The event's data, also where it is text with JSON in it."""
    data = event.get("data")
    if data is None and isinstance(encoded := event.get("data_base64"), str):
        try:
            data = base64.b64decode(encoded).decode(errors="replace")
        except (binascii.Error, ValueError):
            data = encoded
    inner = _json(data) if isinstance(data, str) else None
    return data if inner is None else inner


def _said_in_words(text: str) -> Says | None:
    """What a text says that is no JSON, by the words in it."""
    plain = text.casefold()
    if _NEVER_OPEN in plain or any(word != "none" for word in _PROTECTION.findall(plain)):
        return Says.PROTECTED
    if any(word not in {"false", "null"} for word in _MINOR.findall(plain)):
        return Says.MINOR
    return Says.WITHDRAWN if "settlementwithdrawn" in plain else None


def _word(content: Any) -> str:
    return str(content).strip().casefold()


def _words(content: Any) -> str:
    return json.dumps(content, ensure_ascii=False, default=str).casefold()


def _references(
    raw: Raw, event: Mapping[str, Any], text: str, municipality: str
) -> tuple[tuple[str, str], ...]:
    """The cases that a record may be of: by its key, its subject, and the case that somebody moved from."""
    own: list[Any] = [(raw.key or b"").decode(errors="replace"), *_values(event.get("subject", _ABSENT))]
    if not event:
        own += _SUBJECT.findall(text)
    named = {(municipality, case.strip()): None for case in own if isinstance(case, str) and case.strip()}
    data = _data(event)
    former = data.get("from") if isinstance(data, dict) else None
    if isinstance(former, dict):
        where, case = former.get("municipality"), former.get("case")
        if isinstance(where, str) and isinstance(case, str):
            named[where, case] = None
    return tuple(named)


def _time(event: Mapping[str, Any]) -> datetime | None:
    try:
        return parse_instant(event.get("time"))
    except ValueError:
        return None
