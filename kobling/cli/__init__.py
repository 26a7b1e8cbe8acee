"""`kobling`: what operators, administrators and case systems do from a shell."""

import sys
from collections.abc import Mapping
from importlib import import_module
from importlib.metadata import version
from typing import Annotated, Any, NamedTuple

import typer
from typer.main import get_group

from kobling.cli.late import Late


class Known(NamedTuple):
    """A command's module, and what it is for: the first sentence of its help."""

    module: str
    about: str


COMMANDS: Mapping[str, Known] = {
    "setup": Known("installation", "Creates what an installation lacks: topics, accounts, rights, indexes."),
    "doctor": Known("installation", "What is wrong with an installation, its cause, and what helps."),
    "municipalities": Known("installation", "Municipalities that send settlements."),
    "operators": Known("installation", "Operators: who may send commands."),
    "packs": Known("packs", "Programmes: checked, published, and run by municipalities."),
    "settle": Known("files", "Sends settlements as a municipality, and waits for their receipts."),
    "validate": Known("files", "Says what intake would refuse settlements for; asks no server."),
    "import": Known("files", "Sends a table of volunteers, settlements or meetings, or commands."),
    "command": Known("commands", "Sends one command and waits for its reply."),
    "find": Known("caseload", "Who somebody is, by name, case or reference."),
    "pairs": Known("caseload", "A programme's pairs and proposals."),
    "why": Known("caseload", "Why two were proposed to each other, or why somebody waits still."),
    "round": Known("caseload", "Proposes pairs among all who wait."),
    "dlq": Known("dlq", "Refused records (dead letters), for the role dead_letters."),
    "watch": Known("watch", "Follows topics, a line for each record."),
    "lag": Known("recovery", "What groups have not read yet."),
    "verify": Known("verify", "Whether what services store is what the topics hold."),
    "state-hash": Known("recovery", "The hash of a service's state, which no replay changes."),
    "replay": Known("recovery", "Has a service read its topics again from the beginning."),
    "restore-done": Known("recovery", "After a restored database: lets the service begin."),
    "acknowledge-expired": Known("recovery", "Takes note of records that expired unread."),
    "keys": Known("keys_", "Keys: an installation's, operators', and what they open."),
}
"""Each command, in the order of the help."""


class Commands(Late):
    """All commands, each loaded with the others of its module."""

    def known(self) -> Mapping[str, str]:
        """Every command's name, and what it is for."""
        return {name: known.about for name, known in COMMANDS.items()}

    def load(self, name: str) -> Any:
        """The command of this name as it is run."""
        loaded = typer.Typer(rich_markup_mode=None)
        import_module(f"kobling.cli.{COMMANDS[name].module}").register(loaded)
        return get_group(loaded).commands[name]


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


def application() -> typer.Typer:
    """The command line."""
    app = typer.Typer(
        name="kobling",
        cls=Commands,
        no_args_is_help=True,
        help=__doc__,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
    )
    app.callback()(_everywhere)
    return app


def main() -> int:
    """Runs one command; where it can't be done, the reason is on standard error: see `kobling.cli.output`."""
    try:
        application()(prog_name="kobling")
    except SystemExit as ended:
        # As Typer ends everything that it was given.
        return ended.code if isinstance(ended.code, int) else 0
    except Exception as failure:
        # It knows the errors of all libraries, which a command that ends well need not wait for.
        found = import_module("kobling.cli.failures").told(failure)
        if found is None:
            raise
        status, reason = found
        sys.stderr.write(f"{reason}\n")
        return int(status)
    return 0
