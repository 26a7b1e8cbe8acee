"""All that is wrong with a record, found once it is refused: each fault with what would be right.

Nothing here is asked of a sound record.
"""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from difflib import get_close_matches
from functools import cache
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from shared.contracts.catalogue import MESSAGES, commands_of
from shared.contracts.commands import EVERYWHERE
from shared.contracts.envelope import Envelope
from shared.contracts.faults import Where
from shared.contracts.fields import LANGUAGE_PATTERN
from shared.contracts.topics import COMMANDS, SERVICES, Topic
from shared.languages import tag_meant
from shared.messaging.reading.choices import choices
from shared.messaging.reading.outcome import Fault

OWN_CODES = frozenset({
    "date_invalid",
    "date_out_of_range",
    "date_missing",
    "time_invalid",
    "time_without_zone",
    "municipality_invalid",
    "person_missing",
    "name_missing",
})  # fmt: skip
_LISTS = {"literal_error": "expected", "enum": "expected", "union_tag_invalid": "expected_tags"}
"""Which errors of pydantic's name the allowed values, and where."""
_TELLING = frozenset({
    "bool_type",
    "dict_type",
    "float_type",
    "greater_than",
    "greater_than_equal",
    "int_type",
    "less_than",
    "less_than_equal",
    "list_type",
    "model_type",
    "string_pattern_mismatch",
    "string_too_long",
    "string_too_short",
    "string_type",
    "too_long",
    "too_short",
})  # fmt: skip
"""Errors of pydantic's whose text says what would be right and quotes nothing that was sent."""
_COMPARED = 60
"""Longest text that is compared with known names."""


_VERSION = re.compile(r"\.v\d{1,4}$", re.ASCII)


class Refused(Exception):
    """A record that can't be read, for its first fault."""

    def __init__(self, code: str, field: str | None = None, where: Where | None = None) -> None:
        super().__init__(code)
        self.fault = Fault(code, field, where)


def faults_of(error: ValidationError, model: type[BaseModel], where: Where) -> Iterator[Fault]:
    """Each fault of a validation with its code and its field's path, in the model's order."""
    details = error.errors(include_url=False)
    if where == "envelope" and any(detail["loc"] == ("data_base64",) for detail in details):
        yield Fault("base64_not_read", "data_base64", where)
        details = [detail for detail in details if detail["loc"] not in {("data",), ("data_base64",)}]
    for detail in details:
        yield _fault(detail, model, where)


def nearest(sent: object, known: Sequence[str]) -> str | None:
    """The known name that is close to what was sent, in small letters or large; None where none is."""
    if not isinstance(sent, str) or len(sent) > _COMPARED:
        return None
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(sent.lower(), list(by_lower), n=1, cutoff=0.7)
    return by_lower[close[0]] if close else None


def with_types(fault: Fault, sent: str, topic: Topic, carried: Collection[str]) -> Fault:
    """A fault of the type with those that a topic carries; on a topic of commands `detail` says what each
    service takes.
    """
    if fault.field != "type":
        return fault
    known, detail = tuple(carried), None
    if topic in COMMANDS.values():
        detail = _where_it_goes(sent)
        known = tuple(dict.fromkeys(message.type for message in MESSAGES if message.command))
    names = {_name(type_): type_ for type_ in known}
    close = nearest(_name(sent), list(names))
    # Of one that goes elsewhere it is said where.
    meant = names[close] if close and names[close] != sent else None
    return replace(fault, detail=detail, allowed=tuple(carried), nearest=meant)


def _name(type_: str) -> str:
    """`no.kobling.command.RunRound.v1` → `RunRound`."""
    return _VERSION.sub("", type_).rpartition(".")[2]


def _where_it_goes(type_: str) -> str:
    """Which service a command goes to, or, where there is none of this type, which there are."""
    for service in SERVICES:
        own = [message.name for message in commands_of(service) if message.type == type_]
        if own:
            return f"{own[0]} goes to {service}: send it on commands.{service}.<operator>.v1."
    everywhere = {model.__name__ for model in EVERYWHERE}
    told = []
    for service in SERVICES:
        names = [message.name for message in commands_of(service) if message.name not in everywhere]
        if names:
            told.append(f"{service} takes {', '.join(names)}")
    each = ", ".join(model.__name__ for model in EVERYWHERE)
    return f"{'; '.join(told)}; each service takes {each}."


def _fault(detail: ErrorDetails, model: type[BaseModel], where: Where) -> Fault:
    path, type_ = [str(part) for part in detail["loc"]], detail["type"]
    context: Mapping[str, Any] = detail.get("ctx", {})
    code, text, close = "field_invalid", None, None
    allowed: tuple[str, ...] = ()
    if type_ == "missing":
        code, allowed = "field_missing", choices(model, path)
    elif type_ == "extra_forbidden":
        known = _names_beside(model, path)
        code, close = "unknown_field", nearest(path[-1], known)
        if close is None:
            text = f"known here are {', '.join(sorted(known))}"
    elif type_ in OWN_CODES:
        # Their sentences say the same as pydantic's texts; a field's own remark comes beside.
        code, text = type_, context.get("beside")
    elif type_ in _LISTS:
        allowed = tuple(re.findall(r"'([^']*)'", context.get(_LISTS[type_], "")))
        close = nearest(detail["input"], allowed)
    elif context.get("pattern") == LANGUAGE_PATTERN:
        code, close = "language_unknown", tag_meant(detail["input"])
    elif type_ in _TELLING:
        text = detail["msg"].replace("Input should", "should").replace("String should", "should")
    return Fault(code, _shown(detail["loc"], where), where, text, allowed, close)


def _shown(path: Sequence[str | int], where: Where) -> str | None:
    """A path as it may be told: without names that no schema knows, since a field's name can be somebody's.
    What lies in no field of `data` is told as `data`.
    """
    safe = [str(part) for part in path if isinstance(part, int) or part in _known_names()]
    return ".".join(safe)[:80] or ("data" if where == "data" else None)


@cache
def _known_names() -> frozenset[str]:
    """The names of all fields in all messages and their envelope."""
    found: set[str] = set()
    seen: set[type[BaseModel]] = set()
    open_: list[type[BaseModel]] = [Envelope, *(message.model for message in MESSAGES)]
    while open_:
        if (model := open_.pop()) not in seen:
            seen.add(model)
            for name, field in model.model_fields.items():
                found |= {name, field.alias or name}
                open_ += _models(field.annotation)
    return frozenset(found)


def _names_beside(model: type[BaseModel], path: Sequence[str]) -> list[str]:
    """The fields that may stand where a path ends."""
    models = [model]
    for part in path[:-1]:
        if part.isdigit():
            continue
        fields = [
            field for one in models for name, field in one.model_fields.items() if part in {name, field.alias}
        ]
        models = [found for field in fields for found in _models(field.annotation)] or models
    return [field.alias or name for one in models for name, field in one.model_fields.items()]


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a type holds, however deep."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for inner in get_args(annotation):
        yield from _models(inner)
