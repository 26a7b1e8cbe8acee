"""The JSON Schema of a message's whole record, from its model."""

from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.across_fields import RULES
from shared.contracts.catalogue import MESSAGES
from shared.contracts.envelope import FOR_COMMANDS, Envelope
from shared.contracts.message import Message
from shared.contracts.taken import as_taken

DIALECT = "https://json-schema.org/draft/2020-12/schema"


class _Inbound(GenerateJsonSchema):
    """Schemas of what outside systems write: null is taken for absent, an unknown field is an error."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        """No titles that only repeat a field's name."""
        return False

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Null is taken for absent, so also where the default is another; it is no default to name."""
        found = super().default_schema(schema)
        if found.get("default", ...) is None:
            del found["default"]
            return found
        default = {"default": found.pop("default")} if "default" in found else {}
        return {"anyOf": [found, {"type": "null"}], **default}


class _Published(_Inbound):
    """Schemas of what Kobling writes: nulls are left out, and readers ignore fields that they don't know."""

    def default_schema(self, schema: core_schema.WithDefaultSchema) -> JsonSchemaValue:
        """Defaults other than null."""
        found = GenerateJsonSchema.default_schema(self, schema)
        if found.get("default", ...) is None:
            del found["default"]
        return found

    def nullable_schema(self, schema: core_schema.NullableSchema) -> JsonSchemaValue:
        """An absent value is left out, never null."""
        return self.generate_inner(schema["schema"])

    def model_schema(self, schema: core_schema.ModelSchema) -> JsonSchemaValue:
        """Objects that may grow."""
        found = super().model_schema(schema)
        found.pop("additionalProperties", None)
        return found


def schema(message: Message) -> JsonSchemaValue:
    """The JSON Schema of a message's whole record: the envelope with the message's `data`."""
    generator = _Inbound if message.inbound else _Published
    data = message.model.model_json_schema(schema_generator=generator)
    definitions = data.pop("$defs", {})
    defined = {message.model.__name__: data, **definitions}
    for model, rule in RULES.items():
        if model.__name__ in defined:
            defined[model.__name__] |= rule
    envelope = Envelope.model_json_schema(schema_generator=generator)
    properties = {
        **envelope["properties"],
        "type": {"const": message.type},
        "data": {"$ref": f"#/$defs/{message.model.__name__}"},
    }
    if not message.command:
        for name in FOR_COMMANDS:
            properties[name] = {"type": "null"}
    whole: JsonSchemaValue = {
        "$schema": DIALECT,
        "$id": message.dataschema,
        "title": message.name,
        "description": f"A record of `{_topic_of(message)}`: CloudEvents 1.0, structured JSON.",
        "type": "object",
        "properties": properties,
        "required": envelope["required"],
    }
    if not message.inbound:
        for name in FOR_COMMANDS:
            del properties[name]
        whole["required"] += _ALWAYS_WRITTEN + (["revision"] if message.topic.state else [])
    whole["$defs"] = defined
    return as_taken(whole, message) if message.inbound else whole


def _topic_of(message: Message) -> str:
    """The topic's name; commands that every service knows have one schema."""
    services = {other.topic.name for other in MESSAGES if other.name == message.name}
    return message.topic.name if len(services) == 1 else "commands.<service>.<operator>.v1"


_ALWAYS_WRITTEN = ["datacontenttype", "dataschema", "correlationid", "causationid"]
"""What Kobling's own records have beyond what CloudEvents asks for."""
