"""The JSON Schemas of all messages in one place: each model once, and references to it."""

from collections.abc import Iterable, Iterator
from typing import Any

from shared.contracts.asyncapi.envelopes import kind, parted
from shared.contracts.asyncapi.naming import Data, ref
from shared.contracts.json_schema import schema
from shared.contracts.message import Message

_OF_THE_FILE = ("$schema", "$id", "$defs")
"""What only a schema that is a file of its own has."""


def bundled(messages: Iterable[Message]) -> tuple[dict[str, Data], dict[str, Data]]:
    """The schema of each message's record by the message's name, and of each model by its component's.

    A model that is not the same in what Kobling takes and in what it publishes is two components, and the one
    that is taken is called `Inbound…`. Raises ValueError where one direction alone has two of a name.
    """
    records: dict[str, Data] = {}
    components: dict[str, Data] = {}
    whole = {message: schema(message) for message in messages}
    differing = _differing([(message.inbound, found["$defs"]) for message, found in whole.items()])
    for message, found in whole.items():
        definitions = found["$defs"]
        names = {
            model: f"Inbound{model}" if message.inbound and model in differing else model
            for model in definitions
        }
        own = {name: part for name, part in found.items() if name not in _OF_THE_FILE}
        envelope, records[message.name] = parted(message, _moved(own, names))
        parts = {names[model]: _moved(definition, names) for model, definition in definitions.items()}
        for name, part in {kind(message): envelope, **parts}.items():
            if components.setdefault(name, part) != part:
                raise ValueError(f"{message.name}: there are two schemas of {name}")
    return records, dict(sorted(components.items()))


def _differing(all_definitions: Iterable[tuple[bool, dict[str, Data]]]) -> set[str]:
    """The models whose schemas, or whose parts' schemas, are not the same in both directions."""
    seen: dict[str, dict[bool, Data]] = {}
    for inbound, definitions in all_definitions:
        for model in definitions:
            seen.setdefault(model, {})[inbound] = _with_parts(model, definitions)
    both = {model: found for model, found in seen.items() if found.keys() == {True, False}}
    return {model for model, found in both.items() if found[True] != found[False]}


def _with_parts(model: str, definitions: dict[str, Data]) -> dict[str, Data]:
    """A model's schema and those of all that it refers to, by name."""
    found: dict[str, Data] = {}
    waiting = [model]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found[name] = definitions[name]
            waiting += _referred(definitions[name])
    return found


def _referred(value: Any) -> Iterator[str]:
    match value:
        case {"$ref": str(target)}:
            yield target.rpartition("/")[2]
        case dict():
            for one in value.values():
                yield from _referred(one)
        case list():
            for one in value:
                yield from _referred(one)
        case _:
            return


def _moved(value: Any, names: dict[str, str]) -> Any:
    """A schema whose references lead to components.

    JSON Schema leaves pydantic's `discriminator` without meaning, and AsyncAPI wants a text there.
    """
    match value:
        case {"$ref": str(target)}:
            return ref("components", "schemas", names[target.rpartition("/")[2]])
        case dict():
            return {
                name: _moved(part, names)
                for name, part in value.items()
                if not (name == "discriminator" and isinstance(part, dict) and "mapping" in part)
            }
        case list():
            return [_moved(part, names) for part in value]
        case _:
            return value
