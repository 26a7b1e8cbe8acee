"""`kobling`: what operators, administrators and case systems do from a shell."""

import sys
from importlib.metadata import version
from typing import Annotated

import typer
from aiokafka.errors import KafkaError

from kobling.administration import AdministrationError
from kobling.cli import caseload, commands, dlq, files, installation, keys_, packs, recovery
from kobling.cli.output import MISUSED, REFUSED, UNREACHABLE, complain
from shared.mongo import DatabaseError
from shared.servers import broker_cause

app = typer.Typer(
    name="kobling", no_args_is_help=True, help=__doc__, rich_markup_mode=None, pretty_exceptions_enable=False
)
app.add_typer(commands.app, name="command")
app.add_typer(packs.app, name="packs")
app.add_typer(dlq.app, name="dlq")
app.add_typer(keys_.app, name="keys")
app.add_typer(installation.municipalities, name="municipalities")
app.add_typer(installation.operators, name="operators")
for part in (installation, files, caseload, recovery):
    part.register(app)


def _show_version(asked: bool) -> None:
    if asked:
        sys.stdout.write(f"kobling {version('kobling')}\n")
        raise typer.Exit


@app.callback()
def _everywhere(
    shown: Annotated[
        bool,
        typer.Option("--version", is_eager=True, callback=_show_version, help="Print the version."),
    ] = False,
) -> None:
    """What holds for all commands."""


def main() -> int:
    """Runs one command; where it can't be done, the reason is on standard error: see `kobling.cli.output`."""
    try:
        app(prog_name="kobling")
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
