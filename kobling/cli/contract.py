"""A command of the catalogue as one of the shell's, with an option for each of its fields."""

import json
from collections.abc import Callable, Sequence
from inspect import Parameter, Signature
from types import UnionType
from typing import Annotated, Any, Literal, NamedTuple, Union, get_args, get_origin

import typer
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from kobling.cli.asking import OF_DESK, Desk, command_named, print_reply
from kobling.cli.options import AsJson, DryRun, Options
from shared.contracts.catalogue import MESSAGES
from shared.contracts.message import Message
from shared.contracts.topics import COMMANDS, SERVICES

Revision = Annotated[
    int | None,
    typer.Option(
        "--expected-revision", help="Refuse it if somebody else was faster: the revision last seen."
    ),
]
As = Annotated[
    str,
    typer.Option(
        "--as",
        envvar="KOBLING_OPERATOR",
        help="The operator who sends it; unless given, whose account KOBLING_KAFKA_USERNAME names.",
    ),
]
"""Not `--operator`, as elsewhere: some commands have a field of that name."""
_SHARED: Options = {
    "acting_as": (As, ""),
    **{name: option for name, option in OF_DESK.items() if name != "operator"},
    "dry_run": (DryRun, False),
    "expected_revision": (Revision, None),
    "as_json": (AsJson, False),
}
"""The options of all commands, by parameter: type and value unless given."""


def command_of_contract(name: str) -> Callable[..., None]:
    """A function for Typer; of a command that several services take, with an option for which.

    Raises LookupError for none of the catalogue.
    """
    messages = [message for message in MESSAGES if message.command and message.name == name]
    if not messages:
        raise LookupError(name)
    services = [service for service in SERVICES if COMMANDS[service] in {one.topic for one in messages}]
    return _runner(messages[0], services)


def _runner(message: Message, services: Sequence[str]) -> Callable[..., None]:
    """A function that Typer reads the options from: one parameter for each field, and the shared ones."""
    fields = message.model.model_fields

    def run(subject: str, **given: Any) -> None:
        several = given.pop("service", None)
        shared = {name: given.pop(name) for name in _SHARED}
        data = {
            name: _typed(fields[name].annotation).value(value)
            for name, value in given.items()
            if value not in (None, [])
        }
        desk = Desk.at(shared["servers"], shared["acting_as"], shared["prefix"], shared["patience"])
        told = desk.ask(
            command_named(message.name, several),
            subject,
            data,
            dry_run=shared["dry_run"],
            expected_revision=shared["expected_revision"],
        )
        print_reply(told, as_json=shared["as_json"])

    about = typer.Argument(help="What it is about: a reference, or what the command's own text says.")
    parameters = [_parameter("subject", Annotated[str, about], Parameter.empty)]
    parameters += [_of_field(name, field) for name, field in fields.items()]
    if len(services) > 1:
        which = typer.Option("--service", help=f"Which service: {', '.join(services)}.")
        parameters.append(_parameter("service", Annotated[str, which], Parameter.empty))
    parameters += [_parameter(name, kind, unset) for name, (kind, unset) in _SHARED.items()]
    run.__signature__ = Signature(parameters)  # type: ignore[attr-defined]
    run.__doc__ = " ".join((message.model.__doc__ or "").split())
    return run


def _parameter(name: str, kind: Any, unset: Any) -> Parameter:
    return Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=unset)


def _of_field(name: str, field: FieldInfo) -> Parameter:
    typed = _typed(field.annotation)
    option = typer.Option(f"--{name.replace('_', '-')}", help=typed.hint or None)
    if name == "reason":
        # The audit trail wants one of everybody; who types most often has no better.
        return _parameter(name, Annotated[str, option], "routine")
    if field.is_required():
        return _parameter(name, Annotated[typed.kind, option], Parameter.empty)
    if get_origin(typed.kind) is list:
        return _parameter(name, Annotated[typed.kind, option], [])
    return _parameter(name, Annotated[typed.kind | None, option], None)


class Typed(NamedTuple):
    """How a field is typed on the command line: the option's type, what is said of it, whether it is JSON."""

    kind: Any
    hint: str = ""
    is_json: bool = False

    def value(self, given: Any) -> Any:
        """The field's value, as the record has it. Raises BadParameter for what is no JSON."""
        if not self.is_json:
            return given
        try:
            return [json.loads(one) for one in given] if isinstance(given, list) else json.loads(given)
        except json.JSONDecodeError as error:
            raise typer.BadParameter(f"is no JSON: {error.msg} at character {error.pos}") from None


def _typed(annotation: Any) -> Typed:
    origin, arguments = get_origin(annotation), get_args(annotation)
    if origin is Annotated:
        return _typed(arguments[0])
    if origin in (Union, UnionType):
        (only, *others) = [one for one in arguments if one is not type(None)]
        return _typed(only) if not others else Typed(str, "As JSON.", True)
    if origin is Literal:
        return Typed(str, f"One of {', '.join(map(str, arguments))}.")
    if origin is list:
        each = _typed(arguments[0])
        hint = " ".join(filter(None, [each.hint, "Repeatable."]))
        return Typed(list[each.kind], hint, each.is_json)  # type: ignore[name-defined]
    if annotation in (bool, int, float):
        return Typed(annotation)
    is_plain = isinstance(annotation, type) and not issubclass(annotation, (BaseModel, dict))
    return Typed(str) if origin is None and is_plain else Typed(str, "As JSON.", True)
