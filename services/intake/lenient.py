"""JSON as far as it can be read: of several documents, cut short, or inside a text of JSON.

Names come out in small letters and without blanks around them, and every value of a name that stands in an
object more than once.
"""

import json
import re
from typing import Any


class Several(list[Any]):
    """The values of a name that stands in an object more than once."""


class Words(str):
    """A text that is no JSON, or the rest of one that was cut short."""

    __slots__ = ()


_BEFORE = "\ufeff\ufffd" + "".join(map(chr, range(33)))
"""What stands before a text that was written as UTF-16 or in a schema registry's frame, or is blank."""
_BETWEEN = re.compile(r"[\s,\x1e]*")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*("?)|[{}\[\],]', re.DOTALL)
"""A text with its last quote, where it has one, and what else makes JSON's structure."""


def read(text: str) -> list[Any]:
    """The documents of a text, in their order, in linear time; what is none comes last, as `Words`."""
    text = text.lstrip(_BEFORE)
    if not text.startswith(("{", "[")):
        whole = _decoded(text) if text.startswith('"') else None
        return [whole if isinstance(whole, str) else Words(text)]
    found: list[Any] = []
    position = 0
    while position < len(text):
        try:
            document, end = _DECODER.raw_decode(text, position)
        except (ValueError, RecursionError):
            found.append(_cut_short(text[position:]))
            break
        found.append(document)
        between = _BETWEEN.match(text, end)
        position = end if between is None else between.end()
    return found


def _cut_short(text: str) -> Any:
    """A document up to where it is cut, with what is left as a nameless text in the innermost object or list;
    `Words` where something else is wrong.
    """
    closing: list[str] = []
    end = 0
    for token in _TOKEN.finditer(text):
        mark = token[0]
        if mark[0] == '"':
            if not token[1]:
                break
        elif mark == ",":
            end = token.start()
        elif mark in "{[":
            closing.append("}" if mark == "{" else "]")
            end = token.end()
        else:
            if not closing or closing.pop() != mark or not closing:
                return Words(text)
            end = token.end()
    if not closing:
        return Words(text)
    rest = json.dumps(text[end:])
    if closing[-1] == "}":
        rest = '"":' + rest
    between = "" if text[end - 1] in "{[" else ","
    whole = _decoded(text[:end] + between + rest + "".join(reversed(closing)))
    return Words(text) if whole is None else whole


def _decoded(text: str) -> Any:
    """The one document of a text; None where it is none."""
    try:
        return _DECODER.decode(text)
    except (ValueError, RecursionError):
        return None


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, content in pairs:
        plain = name.strip().casefold()
        known = found.get(plain)
        if isinstance(known, Several):
            known.append(content)
        else:
            found[plain] = Several([known, content]) if plain in found else content
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_object, strict=False)
