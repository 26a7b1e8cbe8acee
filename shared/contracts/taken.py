"""What the reading of inbound records takes and refuses beyond what their models say, for their schemas."""

from typing import Any

from pydantic.json_schema import JsonSchemaValue

from shared.contracts import topics
from shared.contracts.envelope import EXTENSION, MAY_BE_EMPTY, TRACING
from shared.contracts.fields import (
    CASE_PATTERN,
    DAY_PATTERN,
    INSTANT_PATTERN,
    LANGUAGE_PATTERN,
    LOCALE_PATTERN,
)
from shared.contracts.message import Message


def as_taken(whole: JsonSchemaValue, message: Message) -> JsonSchemaValue:
    """The schema of a message's whole record, changed in place and returned as it is read."""
    _envelope_as_taken(whole, message)
    for model in whole["$defs"].values():
        _let_texts_be_empty(model)
    read: JsonSchemaValue = _as_read(whole)
    return read


def _envelope_as_taken(whole: JsonSchemaValue, message: Message) -> None:
    """What the reading of inbound records takes and refuses of an envelope beyond its model."""
    properties = whole["properties"]
    whole["patternProperties"] = {EXTENSION: {"type": ["string", "number", "boolean", "null"]}}
    whole["additionalProperties"] = False
    content_type = properties["datacontenttype"]["anyOf"][0]
    content_type["pattern"] = rf"^[ \t]*{_any_case('application/json')}[ \t]*(;.*)?$"
    for name in TRACING:
        properties[name] = {"anyOf": [{"type": "string"}, {"type": "null"}]}
    for name in MAY_BE_EMPTY:
        properties[name]["anyOf"].append({"const": ""})
    if message.topic == topics.SETTLEMENTS:
        properties["subject"]["pattern"] = CASE_PATTERN


def _any_case(text: str) -> str:
    return "".join(f"[{sign.upper()}{sign}]" if sign.isalpha() else sign for sign in text)


def _let_texts_be_empty(model: JsonSchemaValue) -> None:
    """An empty text is taken for absent wherever a text may be."""
    for name, field in model.get("properties", {}).items():
        kinds = [one.get("type") for one in field.get("anyOf", ())]
        if name not in model.get("required", ()) and {"string", "null"} <= set(kinds):
            field["anyOf"].append({"const": ""})


def _as_read(value: Any) -> Any:
    """A schema whose days, moments and languages are told by patterns of what is read. Of a `format` most
    validators check nothing, and its `date-time` asks for seconds.
    """
    match value:
        case {"format": "date"}:
            return {**value, "pattern": DAY_PATTERN}
        case {"format": "date-time"}:
            return {
                **{name: one for name, one in value.items() if name != "format"},
                "pattern": INSTANT_PATTERN,
            }
        case {"pattern": str(pattern)} if pattern == LANGUAGE_PATTERN:
            return {**value, "pattern": LOCALE_PATTERN}
        case dict():
            return {name: _as_read(one) for name, one in value.items()}
        case list():
            return [_as_read(one) for one in value]
        case _:
            return value
