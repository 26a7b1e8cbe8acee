"""Examples of messages: beside each model what it looks like, at a message's constant what differs there.

Everybody in them is invented, and looks it: family names begin with `Eksempel-`, addresses lie in
`example.org`, random references spell "example".
"""

from dataclasses import dataclass, field
from typing import Any, TypeGuard

from pydantic import BaseModel, ConfigDict

MUNICIPALITY = "no-4601"
OPERATOR = "bergen-redcross-1"
PROGRAMME = "flyktningguide-bergen"
PACK_VERSION = "1.0"
POOL = f"{MUNICIPALITY}/{PROGRAMME}"
CASE = "BER-2026-0042"

REFUGEE = "refugee-example2example3example4"
MINOR = "refugee-example5example6example7"
VOLUNTEER = "volunteer-example2example3example4"
VOLUNTEER_BEFORE = "volunteer-example5example6example7"
PAIR = "pair-example2example3example4"
MESSAGE = "message-example2example3example4exampl"
TRANSFER = "caseload-example2example3example4"
ROUND = "round-01980000-0000-7000-8000-example00001"
EVENT = "0198e0a4-7c1e-7000-8000-00000e7a3b1e"
COMMAND = "0b7ad0b2-example-command"
LETTER = "6b0f2f7e-5d0e-5a53-9a0c-3f1f7e0c0001"

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """What a message looks like: its `data` as JSON, and what its envelope has of its own.

    Without a `subject` it is the topic's `example`; without a `revision` it is 1 on state topics, and none
    elsewhere. `extensions`: further attributes of the envelope. At a message's constant `data` is laid over
    the model's example, unless it is the `whole` of it.
    """

    data: Data
    subject: str | None = None
    revision: int | None = None
    extensions: Data = field(default_factory=dict)
    whole: bool = False

    def __call__(self, schema: Data, model: type[BaseModel]) -> None:
        """Puts the model's example into its JSON Schema: pydantic's `json_schema_extra`."""
        schema["examples"] = [shown(model)]


def example(
    data: Data, *, subject: str | None = None, revision: int | None = None, extensions: Data | None = None
) -> ConfigDict:
    """A model's configuration with its example. Required fields that `data` leaves out are taken from the
    examples of their own types.
    """
    return ConfigDict(json_schema_extra=Example(data, subject, revision, extensions or {}))


def own_example(model: type[BaseModel]) -> Example | None:
    """The example that stands beside this model; one of a model that it inherits from is none of it."""
    found = model.model_config.get("json_schema_extra")
    inherited = [getattr(base, "model_config", {}).get("json_schema_extra") for base in model.__bases__]
    return found if isinstance(found, Example) and not any(found is other for other in inherited) else None


def shown(model: type[BaseModel]) -> Data:
    """A model's example as JSON.

    A required field that neither the example nor its type gives is left out, and validation will say so.
    """
    beside = own_example(model)
    data = {} if beside is None else beside.data
    of_types: Data = {}
    for name, described in model.model_fields.items():
        if described.is_required() and described.examples:
            of_types[described.alias or name] = described.examples[0]
        elif described.is_required() and _is_model(described.annotation):
            of_types[described.alias or name] = shown(described.annotation)
    return of_types | data


def _is_model(annotation: Any) -> TypeGuard[type[BaseModel]]:
    return isinstance(annotation, type) and issubclass(annotation, BaseModel)
