"""What other writers of JSON and brokers in between leave in records, taken for what it means.

Looked for only where a record would be refused for it: null is absent, `2.0` is 2 (as JSON Schema has it),
extensions that something on the way added are let through and not kept, and so are traces that can't be read.
An empty text is absent where a text may be, and a locale such as `nb_NO` the language tag that it stands for.
"""

import re
from copy import deepcopy
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.envelope import EXTENSION, MAY_BE_EMPTY, TRACING
from shared.contracts.fields import LANGUAGE_PATTERN, LOCALE_PATTERN

_EXTENSION = re.compile(EXTENSION, re.ASCII)
_LOCALE = re.compile(LOCALE_PATTERN.strip("^$"), re.ASCII)
_NO_SUCH_TEXT = frozenset({"date_invalid", "literal_error", "string_pattern_mismatch", "string_too_short"})
"""Errors of pydantic's of a text where a text may be."""
_INT64 = 2.0**63


def mended(document: dict[str, Any], error: ValidationError, *, is_envelope: bool) -> dict[str, Any]:
    """A copy of what failed to validate, in which what can be taken for something else is so."""
    copy = deepcopy(document)
    for detail in error.errors(include_url=False):
        if (found := _place(copy, detail)) is not None:
            _mend(*found, detail, is_envelope=is_envelope)
    return copy


def _place(document: dict[str, Any], detail: ErrorDetails) -> tuple[Any, Any] | None:
    """The object or list that holds what an error is about, and its name or index there; None where it is
    not there.
    """
    holder, name, value = None, None, document
    for part in detail["loc"]:
        try:
            holder, name, value = value, part, value[part]  # type: ignore[index]
        except (KeyError, IndexError, TypeError):
            # Pydantic names the kind of an object of several kinds as if it were a step.
            continue
    return None if holder is None else (holder, name)


def _mend(holder: Any, name: Any, detail: ErrorDetails, *, is_envelope: bool) -> None:
    value = holder[name]
    if detail["type"] == "extra_forbidden":
        is_simple = value is None or isinstance(value, str | int | float)
        if is_envelope and is_simple and _EXTENSION.fullmatch(name):
            del holder[name]
    elif isinstance(holder, dict) and (value is None or _says_nothing(name, detail, is_envelope=is_envelope)):
        del holder[name]
    elif detail.get("ctx", {}).get("pattern") == LANGUAGE_PATTERN and _LOCALE.fullmatch(value):
        holder[name] = value.replace("_", "-")
    elif type(value) is float and value.is_integer() and -_INT64 <= value < _INT64:
        holder[name] = int(value)


def _says_nothing(name: Any, detail: ErrorDetails, *, is_envelope: bool) -> bool:
    """Whether a value is as good as absent: an empty text, and a trace that can't be read, without which W3C
    has receivers go on.
    """
    value = detail["input"]
    if not is_envelope:
        return value == "" and detail["type"] in _NO_SUCH_TEXT
    return (name in TRACING and isinstance(value, str)) or (name in MAY_BE_EMPTY and value == "")
