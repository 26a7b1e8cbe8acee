"""The options that commands share, each said once."""

import sys
from collections.abc import Callable, Mapping
from functools import wraps
from inspect import Parameter, Signature, signature
from typing import Annotated, Any

import typer

from kobling.errors import AdministrationError
from shared.contracts import topics
from shared.contracts.topics import SERVICES

Servers = Annotated[
    str | None,
    typer.Option(
        "--kafka",
        help="Bootstrap servers; unless given, those of KOBLING_KAFKA, else the local installation's.",
    ),
]
Prefix = Annotated[
    str, typer.Option("--prefix", envvar="KOBLING_TOPIC_PREFIX", help="As the services' TOPIC_PREFIX.")
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")]
AlwaysJson = Annotated[bool, typer.Option("--json", help="It prints JSON either way.", show_default=False)]
Operator = Annotated[
    str,
    typer.Option(
        "--operator",
        envvar="KOBLING_OPERATOR",
        help="Whose commands they are; unless given, whose account KOBLING_KAFKA_USERNAME names.",
    ),
]
Municipality = Annotated[str, typer.Option("--municipality", help="Its code, such as no-4601.")]
Programme = Annotated[str, typer.Option("--programme", help="The programme's name.")]
Patience = Annotated[float, typer.Option("--within", min=1, help="Seconds for which no answer may come.")]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Only ask what would happen.")]
SecretsAt = Annotated[
    str,
    typer.Option(
        "--secrets", envvar="KOBLING_SECRETS", help="The directory where accounts' passwords are and go."
    ),
]
MongoDB = Annotated[
    str | None,
    typer.Option(
        "--mongodb",
        envvar="KOBLING_MONGODB",
        show_envvar=True,
        help="URI of its administrator; without it the databases are left alone.",
    ),
]
Replicas = Annotated[int, typer.Option("--replicas", min=1, help="Brokers that keep each partition.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do it without asking.")]


Options = Mapping[str, tuple[Any, Any]]
"""Options by parameter: their type, and their value unless given."""


def taking(
    parameter: str, options: Options, make: Callable[..., Any]
) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """Has a command take one thing that is made of several options in place of those options, so that these
    are said once for all commands that have them.
    """

    def decorate(command: Callable[..., None]) -> Callable[..., None]:
        @wraps(command)
        def run(**given: Any) -> None:
            command(**{parameter: make(**{name: given.pop(name) for name in options})}, **given)

        own = [one for one in signature(command, eval_str=True).parameters.values() if one.name != parameter]
        added = [
            Parameter(name, Parameter.KEYWORD_ONLY, annotation=kind, default=unset)
            for name, (kind, unset) in options.items()
        ]
        keywords = [one.replace(kind=Parameter.KEYWORD_ONLY) for one in own]
        run.__signature__ = Signature([*keywords, *added])  # type: ignore[attr-defined]
        return run

    return decorate


def is_service(name: str) -> str:
    """The service's name. Raises BadParameter for any other word."""
    return is_known(name)


def is_known(name: str) -> topics.Service:
    """The same, as the registry knows it."""
    for one in SERVICES:
        if one == name:
            return one
    raise typer.BadParameter(f"is none of {', '.join(SERVICES)}")


def agree(question: str, *, yes: bool, as_json: bool) -> None:
    """Asks whether what was shown is to be done. Raises AdministrationError where nobody can be asked, and
    Abort where they say no.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        raise AdministrationError("nothing was changed: say --yes, since nobody can be asked here")
    typer.confirm(question, abort=True, err=as_json)


Service = Annotated[str, typer.Argument(callback=is_service, help=f"One of {', '.join(SERVICES)}.")]
