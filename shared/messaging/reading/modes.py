"""CloudEvents' modes: one document, whether attributes stand in the value or in headers."""

import re
from collections.abc import Sequence
from typing import Any

from shared.contracts.envelope import CONTENT_TYPE, HEADERS, MAY_BE_EMPTY, Envelope, media_type
from shared.messaging.reading.faults import Refused
from shared.messaging.reading.records import Raw
from shared.messaging.reading.strict_json import MAX_KEYS, JsonRefused, loads

_INTEGERS = frozenset({"revision", "expectedrevision"})
_CONTENT, _EVENTS, _BATCH = "content-type", "application/cloudevents", "application/cloudevents-batch"
_ATTRIBUTES = frozenset(Envelope.model_fields)


def document_of(raw: Raw, value: bytes, most_keys: int = MAX_KEYS) -> dict[str, Any]:
    """The envelope as a dictionary, from structured or binary mode; raises Refused."""
    try:
        body = loads(value, most_keys)
    except JsonRefused as refused:
        raise Refused(refused.code) from None
    if raw.headers == HEADERS and isinstance(body, dict):
        return body
    headers = [(name.lower(), content) for name, content in raw.headers if content is not None]
    formats = {media_type(content.decode(errors="replace")) for name, content in headers if name == _CONTENT}
    if any(format_.startswith(_BATCH) for format_ in formats):
        raise Refused("batch_not_read")
    if any(format_.startswith(_EVENTS) for format_ in formats - {CONTENT_TYPE}):
        raise Refused("content_type_unknown")
    if formats != {CONTENT_TYPE} and _is_binary(headers, body):
        return {**_attributes(headers), "data": body}
    if not isinstance(body, dict):
        is_batch = isinstance(body, list) and any(
            isinstance(one, dict) and "specversion" in one for one in body
        )
        raise Refused("batch_not_read" if is_batch else "not_an_object")
    return body


def _is_binary(headers: Sequence[tuple[str, bytes]], body: Any) -> bool:
    """Whether the attributes stand in headers. Raises Refused where they stand in those of HTTP's binding."""
    names = {name for name, _ in headers}
    if "ce_specversion" in names:
        return True
    if isinstance(body, dict) and "specversion" in body:
        return False
    if any(name.removeprefix("ce_") in _ATTRIBUTES for name in names if name.startswith("ce_")):
        return True
    if any(name.removeprefix("ce-") in _ATTRIBUTES for name in names if name.startswith("ce-")):
        raise Refused("header_of_http", None, "envelope")
    return False


def _attributes(headers: Sequence[tuple[str, bytes]]) -> dict[str, Any]:
    """CloudEvents' Kafka binding, binary mode: attributes are headers that begin with `ce_`."""
    found: dict[str, Any] = {}
    for name, content in headers:
        if name != _CONTENT and not name.startswith("ce_"):
            continue
        attribute = "datacontenttype" if name == _CONTENT else name.removeprefix("ce_")
        # A header's name can be somebody's.
        shown = name if name != _CONTENT and attribute in _ATTRIBUTES else None
        try:
            text = content.decode()
        except UnicodeDecodeError:
            raise Refused("header_not_utf8", shown, "envelope") from None
        if attribute in _ATTRIBUTES and re.fullmatch(r'".*"', text, re.DOTALL):
            raise Refused("header_quoted", shown, "envelope")
        value = _value(attribute, text)
        if value == "" and attribute in MAY_BE_EMPTY:
            continue
        known = found.setdefault(attribute, value)
        if known != value and not (attribute == "datacontenttype" and _are_alike(known, value)):
            # Which of them is meant nobody can tell.
            raise Refused("duplicate_header", shown, "envelope")
    return found


def _are_alike(one: str, other: str) -> bool:
    """Whether two content types say the same: one of them may leave out its parameters."""
    (kind, _, parameters), (other_kind, _, others) = one.partition(";"), other.partition(";")
    return kind == other_kind and not (parameters and others)


def _value(attribute: str, text: str) -> Any:
    if attribute in _INTEGERS and re.fullmatch(r"\d{1,18}", text, re.ASCII):
        return int(text)
    # The specification writes true; its Python SDK writes True.
    if attribute == "dryrun" and text.lower() in {"true", "false"}:
        return text.lower() == "true"
    if attribute == "datacontenttype":
        kind, semicolon, parameters = text.partition(";")
        return media_type(kind) + semicolon + parameters.replace(" ", "").lower()
    return text
