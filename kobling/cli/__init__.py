"""`kobling`: what operators, administrators and case systems do from a shell."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from kobling.administration import AdministrationError
from kobling.cli.output import MISUSED, REFUSED, UNREACHABLE, complain
from shared.mongo import DatabaseError
from shared.servers import broker_cause

COMMANDS: Mapping[str, str] = {
    **dict.fromkeys(("setup", "doctor", "municipalities", "operators"), "installation"),
    "packs": "packs",
    **dict.fromkeys(("settle", "validate", "import"), "files"),
    **dict.fromkeys(("find", "pairs", "why", "round"), "caseload"),
    "command": "commands",
    "dlq": "dlq",
    **dict.fromkeys(("lag", "state-hash", "restore-done", "acknowledge-expired"), "recovery"),
    "keys": "keys_",
}
"""Each command, and the module that has it."""


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"kobling {version('kobling')}\n")
        raise typer.Exit


def _everywhere(
    shown: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version."),
    ] = False,
) -> None:
    """What holds for all commands."""


def application(asked: str | None = None) -> typer.Typer:
    """The command line: with the module of one command, where `asked` is one, else with all. To load all
    takes a second, which who asks for one thing need not wait.
    """
    app = typer.Typer(
        name="kobling",
        no_args_is_help=True,
        help=__doc__,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_everywhere)
    only = COMMANDS.get(asked or "")
    modules = dict.fromkeys(COMMANDS.values()) if only is None else [only]
    for module in modules:
        import_module(f"kobling.cli.{module}").register(app)
    return app


def main() -> int:
    """Runs one command; where it can't be done, the reason is on standard error: see `kobling.cli.output`."""
    try:
        application(sys.argv[1] if len(sys.argv) > 1 else None)(prog_name="kobling")
    except SystemExit as ended:
        # As Typer ends everything that it was given.
        return ended.code if isinstance(ended.code, int) else 0
    except AdministrationError as failure:
        complain(str(failure))
        return REFUSED
    except KafkaError as failure:
        complain(broker_cause(failure, ""))
        return UNREACHABLE
    except DatabaseError as failure:
        # Its text may quote a document.
        complain(f"database: {type(failure).__name__}")
        return UNREACHABLE
    except OSError as failure:
        # Of a file: a server that can't be reached is one of the errors above.
        complain(f"{failure}: KOBLING_RUN must name a directory, and FILE a file, that can be read")
        return MISUSED
    return 0
