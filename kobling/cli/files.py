"""`kobling import`, `settle` and `validate`: files of records, checked before anything is sent."""

import asyncio
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from kobling import settling
from kobling.access import cluster
from kobling.cli.options import AsJson, DryRun, Municipality, Operator, Patience, Prefix, Servers
from kobling.cli.output import REFUSED, table
from kobling.importing import running
from kobling.importing.columns import Kind
from kobling.importing.running import Wish
from kobling.importing.sending import Line, Told
from kobling.settling import Settlement
from shared.cluster import Cluster

Settlements = Annotated[
    str,
    typer.Argument(
        help="Settlements, each a CloudEvent in JSON: one, or one on each line; - is standard input."
    ),
]
_FAULTS, _RECEIPTS = ("line", "code", "field", "message"), ("line", "outcome", "code", "field")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("import")(import_file)
    app.command()(settle)
    app.command()(validate)


def import_file(
    file: Annotated[Path, typer.Argument(help="A table (.csv), or commands, one on each line (.jsonl).")],
    operator: Operator = "",
    kind: Annotated[Kind | None, typer.Option(help="What a table holds, unless its name says.")] = None,
    dry_run: DryRun = False,
    servers: Servers = None,
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Sends a table of volunteers, settlements or meetings, or commands: checked and tried first."""
    wish = Wish(file, kind, operator, cluster(servers), prefix, dry_run, as_json=as_json)
    ended = asyncio.run(running.run(wish))
    if ended:
        raise typer.Exit(ended)


def validate(file: Settlements, municipality: Municipality, as_json: AsJson = False) -> None:
    """Says what intake would refuse settlements for; asks no server: a dry run for case systems."""
    _refuse_faulty(municipality, settling.read(_content(file)), as_json=as_json)


def settle(
    file: Settlements,
    municipality: Municipality,
    servers: Servers = None,
    prefix: Prefix = "",
    patience: Patience = 60.0,
    as_json: AsJson = False,
) -> None:
    """Sends settlements as a municipality, and waits for their receipts; nothing of a file with faults."""
    settlements = settling.read(_content(file))
    _refuse_faulty(municipality, settlements, as_json=as_json, quiet=True)
    receipts = asyncio.run(_settle(cluster(servers), prefix, patience, municipality, settlements))
    rows = [{"line": one.line, **told} for one, told in zip(settlements, receipts, strict=True)]
    table(rows, _RECEIPTS, as_json=as_json, empty="the file holds no settlement")
    if any(told["outcome"] == "rejected" for told in receipts):
        raise typer.Exit(REFUSED)


async def _settle(
    kafka: Cluster, prefix: str, patience: float, municipality: str, settlements: Sequence[Settlement]
) -> list[Told]:
    sendings = [settling.sending(municipality, one) for one in settlements]
    async with Line.to(kafka, prefix, patience) as line:
        await line.look(sendings)
        return await line.deliver(sendings, lambda _: None)


def _refuse_faulty(
    municipality: str, settlements: Sequence[Settlement], *, as_json: bool, quiet: bool = False
) -> None:
    rows: list[dict[str, Any]] = [fault._asdict() for fault in settling.faults_of(municipality, settlements)]
    if rows or not quiet:
        table(
            rows,
            _FAULTS,
            as_json=as_json,
            empty=f"{len(settlements)} settlements, nothing is wrong with them",
        )
    if rows:
        raise typer.Exit(REFUSED)


def _content(file: str) -> bytes:
    return sys.stdin.buffer.read() if file == "-" else Path(file).read_bytes()
