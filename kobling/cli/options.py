"""The options that commands share, each said once."""

from typing import Annotated

import typer

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


def is_service(name: str) -> str:
    """The service's name. Raises BadParameter for any other word."""
    if name not in SERVICES:
        raise typer.BadParameter(f"is none of {', '.join(SERVICES)}")
    return name


Service = Annotated[str, typer.Argument(callback=is_service, help=f"One of {', '.join(SERVICES)}.")]
