"""JSON Schemas, examples and the page of topics, from the models: `python -m shared.contracts.generate`.

With `--check` nothing is written: exit code 1 and a line for each file that isn't fresh. Without it, a schema
that would break what an existing file of the same version promises is refused: it needs a new version.
"""

import argparse
import json
import re
import sys
import uuid
from pathlib import Path
from typing import Any

from pydantic.json_schema import GenerateJsonSchema, JsonSchemaValue
from pydantic_core import core_schema

from shared.contracts.across_fields import RULES
from shared.contracts.catalogue import MESSAGES
from shared.contracts.compatibility import breaking_changes
from shared.contracts.envelope import FOR_COMMANDS, Envelope
from shared.contracts.example import MUNICIPALITY, OPERATOR
from shared.contracts.message import Message
from shared.contracts.taken import as_taken
from shared.contracts.topics_page import EXAMPLE_FILES, SCHEMAS, file_name, topics_page

ROOT = Path(__file__).parents[2]
TOPICS_PAGE = Path("docs/topics.md")

DIALECT = "https://json-schema.org/draft/2020-12/schema"
EXAMPLE_TIME = "2026-11-22T09:00:00Z"
_IDS = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kobling:example")
_FILE = re.compile(r"(?P<name>[A-Za-z]+)\.v(?P<version>\d+)\.json")

Files = dict[Path, str]
"""What each generated file holds, by its path from the repository's root."""


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


def record(message: Message) -> dict[str, Any]:
    """A message's example as it stands on its topic.

    Raises LookupError where there is no example, and pydantic's ValidationError where it isn't one.
    """
    example = message.full_example()
    data = message.model.model_validate(example.data).model_dump(
        mode="json", by_alias=True, exclude_unset=message.inbound, exclude_none=not message.inbound
    )
    attributes: dict[str, Any] = {
        "specversion": "1.0",
        "id": _example_id(message.name),
        "source": _source(message),
        "type": message.type,
        "subject": example.subject,
        "time": EXAMPLE_TIME,
        "datacontenttype": "application/json",
        "dataschema": message.dataschema,
        **example.extensions,
        "data": data,
    }
    if example.revision is not None:
        attributes["revision"] = example.revision
    if not message.inbound:
        attributes["correlationid"] = attributes["causationid"] = _example_id(f"cause of {message.name}")
    return Envelope.model_validate(attributes).model_dump(mode="json", exclude_unset=True)


def _example_id(of: str) -> str:
    return str(uuid.uuid5(_IDS, of))


def _source(message: Message) -> str:
    if not message.inbound:
        return f"/kobling/{message.topic.writers[0]}"
    match message.topic.writers:
        case ("municipality",):
            return f"/municipalities/{MUNICIPALITY}/case-system"
        case ("operator",):
            return f"/operators/{OPERATOR}"
        case _:
            return "/administrators"


def files() -> Files:
    """Everything that is generated."""
    found: Files = {TOPICS_PAGE: topics_page()}
    for message in MESSAGES:
        found[SCHEMAS / file_name(message)] = _json(schema(message))
        found[EXAMPLE_FILES / file_name(message)] = _json(record(message))
    return found


def _json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False) + "\n"


def not_fresh(root: Path = ROOT) -> list[str]:
    """One line for each file that is missing, differs, or belongs to no message."""
    wanted = files()
    faults = []
    for path, text in wanted.items():
        if not (root / path).is_file():
            faults.append(f"{path}: missing")
        elif (root / path).read_text(encoding="utf-8") != text:
            faults.append(f"{path}: differs from what its model says")
    return faults + [
        f"{path}: belongs to no message of the catalogue" for path in _present(root) if not _is_known(path)
    ]


def _present(root: Path) -> list[Path]:
    return sorted(
        path.relative_to(root) for folder in (SCHEMAS, EXAMPLE_FILES) for path in (root / folder).glob("*")
    )


def _is_known(path: Path) -> bool:
    """Whether a file is of a message's present version or of an older one, which stays."""
    named = _FILE.fullmatch(path.name)
    return named is not None and any(
        message.name == named["name"] and int(named["version"]) <= message.version for message in MESSAGES
    )


def broken_promises(root: Path = ROOT) -> list[str]:
    """What the models would break of the schemas that are there, by file."""
    faults = []
    for message in MESSAGES:
        path = root / SCHEMAS / file_name(message)
        if path.is_file():
            old = json.loads(path.read_text(encoding="utf-8"))
            changes = breaking_changes(old, schema(message), inbound=message.inbound)
            faults += [f"{SCHEMAS / file_name(message)}: {change}" for change in changes]
    return faults


def write(root: Path = ROOT) -> None:
    """Writes all files; older versions stay as they are."""
    for path, text in files().items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, encoding="utf-8")


def main(arguments: list[str] | None = None, root: Path = ROOT) -> int:
    """0 if all is well; 1 with a line for each fault."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing")
    given = parser.parse_args(arguments)
    faults = not_fresh(root) if given.check else broken_promises(root)
    if faults:
        sys.stderr.write("\n".join(faults) + "\n")
        return 1
    if not given.check:
        write(root)
    return 0


if __name__ == "__main__":
    sys.exit(main())
