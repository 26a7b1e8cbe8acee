"""What models check across fields, which pydantic can't put into a schema by itself."""

from pydantic.json_schema import JsonSchemaValue

from shared.contracts.municipal import Person, PersonSettled


def _one_of(*names: str) -> JsonSchemaValue:
    """At least one of these texts is there."""
    return {
        "anyOf": [
            {"required": [name], "properties": {name: {"type": "string", "minLength": 1}}} for name in names
        ]
    }


RULES: dict[type, JsonSchemaValue] = {
    PersonSettled: {
        "allOf": [
            _one_of("expected_arrival_on", "arrived_on", "settled_on"),
            {
                "if": {"properties": {"protection": {"const": "none"}}, "required": ["protection"]},
                "then": {"properties": {"person": {"type": "object"}}, "required": ["person"]},
                "else": {"properties": {"person": {"type": "null"}}},
            },
        ]
    },
    Person: _one_of("given_name", "family_name"),
}
"""Rules to lay over the schemas of models."""
