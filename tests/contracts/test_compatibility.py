"""What counts as breaking a schema, on made-up old and new ones."""

import copy
from typing import Any

import pytest

from shared.contracts.compatibility import breaking_changes

OLD: dict[str, Any] = {
    "type": "object",
    "properties": {
        "type": {"const": "made-up.v1"},
        "data": {"$ref": "#/$defs/Data"},
    },
    "required": ["type", "data"],
    "$defs": {
        "Data": {
            "type": "object",
            "properties": {
                "name": {"type": "string", "maxLength": 40},
                "age": {"anyOf": [{"type": "integer", "minimum": 0}, {"type": "null"}]},
                "colour": {"enum": ["red", "green"], "type": "string"},
                "on": {"type": "string", "format": "date"},
                "tags": {"type": "array", "items": {"$ref": "#/$defs/Tag"}},
                "counts": {"type": "object", "additionalProperties": {"type": "integer"}},
                "shape": {
                    "oneOf": [{"$ref": "#/$defs/Round"}, {"$ref": "#/$defs/Square"}],
                    "discriminator": {
                        "propertyName": "kind",
                        "mapping": {"round": "#/$defs/Round", "square": "#/$defs/Square"},
                    },
                },
            },
            "required": ["name"],
        },
        "Tag": {"type": "object", "properties": {"code": {"type": "string"}}, "required": ["code"]},
        "Round": {"type": "object", "properties": {"kind": {"const": "round"}}, "required": ["kind"]},
        "Square": {
            "type": "object",
            "properties": {"kind": {"const": "square"}, "side": {"type": "integer"}},
            "required": ["kind"],
        },
    },
}


DATA, TAG = ("$defs", "Data"), ("$defs", "Tag")
SHAPE = (*DATA, "properties", "shape")
GONE = object()

CHANGES: dict[str, list[tuple[tuple[str, ...], object]]] = {
    "nothing": [],
    "optional field added": [((*DATA, "properties", "extra"), {"type": "string"})],
    "required field added": [
        ((*DATA, "properties", "extra"), {"type": "string"}),
        ((*DATA, "required"), ["name", "extra"]),
    ],
    "field removed": [((*DATA, "properties", "on"), GONE)],
    "field retyped": [((*DATA, "properties", "name"), {"type": "integer"})],
    "nested field retyped": [((*TAG, "properties", "code"), {"type": "integer"})],
    "entries retyped": [((*DATA, "properties", "counts", "additionalProperties"), {"type": "string"})],
    "required made optional": [((*DATA, "required"), [])],
    "value added": [((*DATA, "properties", "colour", "enum"), ["red", "green", "blue"])],
    "value removed": [((*DATA, "properties", "colour", "enum"), ["green"])],
    "type of record changed": [(("properties", "type", "const"), "made-up.v2")],
    "format changed": [((*DATA, "properties", "on", "format"), "date-time")],
    "format gone": [((*DATA, "properties", "on", "format"), GONE)],
    "ceiling lowered": [((*DATA, "properties", "name", "maxLength"), 20)],
    "ceiling raised": [((*DATA, "properties", "name", "maxLength"), 80)],
    "floor within null raised": [
        ((*DATA, "properties", "age", "anyOf"), [{"type": "integer", "minimum": 18}, {"type": "null"}])
    ],
    "null refused": [((*DATA, "properties", "age"), {"type": "integer", "minimum": 0})],
    "null allowed": [
        ((*DATA, "properties", "on"), {"anyOf": [{"type": "string", "format": "date"}, {"type": "null"}]})
    ],
    "closed": [((*DATA, "additionalProperties"), False)],
    "kind added": [
        ((*SHAPE, "oneOf"), [{"$ref": f"#/$defs/{name}"} for name in ("Round", "Square", "Tag")]),
        ((*SHAPE, "discriminator", "mapping", "tag"), "#/$defs/Tag"),
    ],
    "kind removed": [
        ((*SHAPE, "oneOf"), [{"$ref": "#/$defs/Square"}]),
        ((*SHAPE, "discriminator", "mapping"), {"square": "#/$defs/Square"}),
    ],
    "a kind's field retyped": [(("$defs", "Square", "properties", "side"), {"type": "string"})],
}


def changed(change: str) -> dict[str, Any]:
    new = copy.deepcopy(OLD)
    for path, value in CHANGES[change]:
        place: dict[str, Any] = new
        for step in path[:-1]:
            place = place[step]
        if value is GONE:
            del place[path[-1]]
        else:
            place[path[-1]] = value
    return new


@pytest.mark.parametrize(
    ("change", "for_readers", "for_senders"),
    [
        ("nothing", None, None),
        ("optional field added", None, None),
        ("kind added", "record.data.shape: tag possible now", None),
        ("kind removed", None, "record.data.shape: round no longer accepted"),
        (
            "a kind's field retyped",
            "record.data.shape.square.side: was integer, is string",
            "record.data.shape.square.side: was integer, is string",
        ),
        ("required field added", None, "record.data.extra: required now"),
        ("field removed", "record.data.on: removed", "record.data.on: removed"),
        (
            "field retyped",
            "record.data.name: was string, is integer",
            "record.data.name: was string, is integer",
        ),
        (
            "nested field retyped",
            "record.data.tags[].code: was string, is integer",
            "record.data.tags[].code: was string, is integer",
        ),
        (
            "entries retyped",
            "record.data.counts[]: was integer, is string",
            "record.data.counts[]: was integer, is string",
        ),
        ("required made optional", "record.data.name: no longer always there", None),
        ("value added", 'record.data.colour: "blue" possible now', None),
        ("value removed", None, 'record.data.colour: "red" no longer accepted'),
        (
            "type of record changed",
            'record.type: "made-up.v2" possible now',
            'record.type: "made-up.v1" no longer accepted',
        ),
        ("format gone", "record.data.on: format has changed", None),
        ("format changed", "record.data.on: format has changed", "record.data.on: format has changed"),
        ("ceiling lowered", None, "record.data.name: maxLength is lower"),
        ("ceiling raised", None, None),
        ("floor within null raised", None, "record.data.age: minimum is higher"),
        ("null refused", None, "record.data.age: null is no longer accepted"),
        ("null allowed", "record.data.on: null is possible now", None),
        ("closed", None, "record.data: unknown fields are no longer accepted"),
    ],
)
def test_a_change_breaks_those_who_rely_on_what_was(
    change: str, for_readers: str | None, for_senders: str | None
) -> None:
    new = changed(change)
    assert breaking_changes(OLD, new, inbound=False) == ([for_readers] if for_readers else [])
    assert breaking_changes(OLD, new, inbound=True) == ([for_senders] if for_senders else [])
