"""JSON that MongoDB and other readers can hold: what the standard library lets through is refused here.

Refused: more than 256 KiB, other encodings than UTF-8, duplicate keys, NaN and infinities, integers beyond 64
bits, lone surrogates, NUL in a key, nesting beyond 20, more than 500 keys (10,000 on topics of
commands).
"""

import json
import math
import re
from typing import Any

import orjson

MAX_BYTES = 256 * 1024
MAX_DEPTH = 20
MAX_KEYS = 500
MAX_KEYS_OF_COMMANDS = 10_000
"""A batch holds 200 commands, and the largest, a volunteer's registration, some 40 keys."""
INT64 = 2**63
_MAX_DIGITS = 20
_NUMBERS = {int, float}
_LONE_SURROGATE = re.compile(r"[\ud800-\udfff]")


class JsonRefused(ValueError):
    """The bytes are no JSON that Kobling takes; `code` says why and quotes nothing."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def _integer(text: str) -> int:
    if len(text) > _MAX_DIGITS or not -INT64 <= (value := int(text)) < INT64:
        raise JsonRefused("integer_too_large")
    return value


def _decimal(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise JsonRefused("number_not_finite")
    return value


def _constant(_: str) -> float:
    raise JsonRefused("number_not_finite")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise JsonRefused("duplicate_key")
    return found


_DECODER = json.JSONDecoder(
    object_pairs_hook=_object, parse_int=_integer, parse_float=_decimal, parse_constant=_constant
)


def loads(raw: bytes, most_keys: int = MAX_KEYS) -> Any:
    """The value that `raw` holds; raises JsonRefused."""
    if not raw:
        raise JsonRefused("empty_value")
    if len(raw) > MAX_BYTES:
        raise JsonRefused("too_large")
    # orjson is ten times as fast, and what it misses shows in the value, where there are no escapes.
    if b"\\" not in raw:
        try:
            value = orjson.loads(raw)
        except orjson.JSONDecodeError:
            return _loads_slowly(raw, most_keys)
        if _comes_out_as_written(value, raw, most_keys) or _has_all_keys(value, raw, most_keys):
            return value
    return _loads_slowly(raw, most_keys)


def _comes_out_as_written(value: Any, raw: bytes, most_keys: int) -> bool:
    """Whether compact JSON without escapes is few enough levels and keys, and written again is the same.

    Then no key was there twice, and no number is another than in the text.
    """
    if raw.count(b'":') > most_keys:
        return False
    if raw.count(b"{") + raw.count(b"[") > MAX_DEPTH and not _is_shallow(value):
        return False
    try:
        # Strict: integers beyond 53 bits may be beyond 64.
        return orjson.dumps(value, option=orjson.OPT_STRICT_INTEGER) == raw
    except orjson.JSONEncodeError:
        return False


def _is_shallow(value: Any) -> bool:
    """Whether objects and lists are in each other no more than `MAX_DEPTH` deep."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [
            inner
            for outer in level
            for inner in (outer.values() if type(outer) is dict else outer)
            if type(inner) is dict or type(inner) is list
        ]
        if not level:
            return True
    return False


def _has_all_keys(value: Any, raw: bytes, most_keys: int) -> bool:
    """Whether as many keys came out as are in the text: without escapes a quote before a colon ends a key,
    and so it must stand right before it. Raises JsonRefused.
    """
    spaced_colons = b" :" in raw or b"\t:" in raw or b"\n:" in raw or b"\r:" in raw
    return not spaced_colons and _checked(value, most_keys, escapes=False) == raw.count(b'":')


def _loads_slowly(raw: bytes, most_keys: int) -> Any:
    try:
        # Windows' programs begin a text with a byte order mark: it is skipped (RFC 8259, section 8.1).
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise JsonRefused("not_utf8") from None
    try:
        value = _DECODER.decode(text)
    except json.JSONDecodeError:
        raise JsonRefused("not_json") from None
    except RecursionError:
        raise JsonRefused("too_deep") from None
    _checked(value, most_keys, escapes="\\u" in text)
    return value


def _checked(value: Any, most_keys: int, *, escapes: bool) -> int:
    """Counts levels and keys; looks into strings only where the text had escapes.

    Returns the keys, or -1 where a number may have been another in the text.
    """
    keys, doubtful = 0, False
    level = [value]
    for _ in range(MAX_DEPTH + 1):
        below: list[Any] = []
        for item in level:
            if type(item) is dict:
                keys += len(item)
                if escapes:
                    _check_names(item)
                below.extend(item.values())
            elif type(item) is list:
                below.extend(item)
            elif type(item) is str:
                if escapes and _LONE_SURROGATE.search(item):
                    raise JsonRefused("lone_surrogate")
            elif type(item) in _NUMBERS and not -INT64 < item < INT64:
                # orjson reads a larger integer as a float.
                doubtful = True
        if keys > most_keys:
            raise JsonRefused("too_many_keys")
        if not below:
            return -1 if doubtful else keys
        level = below
    raise JsonRefused("too_deep")


def _check_names(item: dict[str, Any]) -> None:
    for name in item:
        if "\0" in name:
            raise JsonRefused("nul_in_key")
        if _LONE_SURROGATE.search(name):
            raise JsonRefused("lone_surrogate")
