"""`kobling dlq`: refused records, by cause, one by one or a whole group at once."""

import asyncio
import json
import sys
from collections import Counter
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kobling.administration import AdministrationError
from kobling.cli.asking import Desk, command_named, print_reply
from kobling.cli.options import AsJson, DryRun, Operator, Patience, Prefix, Servers, is_service
from kobling.cli.output import REFUSED, report, say, table
from kobling.dead_letters import Letter, by_cause, letters
from shared.contracts.topics import SERVICES

app = typer.Typer(no_args_is_help=True, help="Refused records (dead letters), for the role dead_letters.")
Where = Annotated[str | None, typer.Option("--service", callback=lambda name: name and is_service(name))]
Code = Annotated[str | None, typer.Option("--code", help="All that were refused for this.")]
Letters = Annotated[list[str] | None, typer.Argument(help="Ids of dead letters.")]
_CAUSES = ("letters", "service", "code", "field", "topic", "first", "newest")
_EACH = ("id", "service", "code", "field", "topic", "partition", "offset", "refused_at")


def register(root: typer.Typer) -> None:
    """Adds the commands."""
    root.add_typer(app, name="dlq")


@app.command("list")
def list_letters(
    service: Where = None,
    code: Code = None,
    operator: Operator = "",
    servers: Servers = None,
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """What was refused, by cause; with --code each of them. Those that were settled since are listed too."""
    desk = Desk.at(servers, operator, prefix, 60)
    found = _letters(desk, service, code)
    if code is None:
        table(by_cause(found), _CAUSES, as_json=as_json, empty="there are none, or you may not see them")
    else:
        rows = [asdict(letter) for letter in found]
        table(rows, _EACH, as_json=as_json, empty="there are none, or you may not see them")


@app.command()
def show(
    letter: Annotated[str, typer.Argument(help="A dead letter's id.")],
    service: Where = None,
    operator: Operator = "",
    servers: Servers = None,
    prefix: Prefix = "",
    patience: Patience = 60.0,
    as_json: AsJson = False,
) -> None:
    """What the record holds, sealed to the operator: KOBLING_PRIVATE_KEY opens it."""
    desk = Desk.at(servers, operator, prefix, patience)
    where = service or _one(desk, letter).service
    told = desk.ask(command_named("ShowDeadLetter", where), letter, {"reason": "routine"})
    print_reply(told, as_json=as_json)


@app.command()
def edit(
    letter: Annotated[str, typer.Argument(help="A dead letter's id.")],
    file: Annotated[str, typer.Argument(help="The event to run in its place, as JSON; - is standard input.")],
    service: Where = None,
    dry_run: DryRun = False,
    operator: Operator = "",
    servers: Servers = None,
    prefix: Prefix = "",
    patience: Patience = 60.0,
    as_json: AsJson = False,
) -> None:
    """Runs another event in a record's place; settlements are corrected at their source instead."""
    try:
        value = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdministrationError(f"{file}: is no JSON: {error}") from None
    desk = Desk.at(servers, operator, prefix, patience)
    where = service or _one(desk, letter).service
    message = command_named("EditAndRedriveDeadLetter", where)
    told = desk.ask(message, letter, {"reason": "edited", "value": value}, dry_run=dry_run)
    print_reply(told, as_json=as_json)


@app.command()
def redrive(
    ids: Letters = None,
    service: Where = None,
    code: Code = None,
    dry_run: DryRun = False,
    operator: Operator = "",
    servers: Servers = None,
    prefix: Prefix = "",
    patience: Patience = 60.0,
    as_json: AsJson = False,
) -> None:
    """Runs records through their handler again: those named, or with --code a whole group."""
    desk = Desk.at(servers, operator, prefix, patience)
    _each("RedriveDeadLetter", desk, _chosen(desk, ids, service, code), dry_run=dry_run, as_json=as_json)


@app.command()
def discard(
    ids: Letters = None,
    service: Where = None,
    code: Code = None,
    dry_run: DryRun = False,
    operator: Operator = "",
    servers: Servers = None,
    prefix: Prefix = "",
    patience: Patience = 60.0,
    as_json: AsJson = False,
) -> None:
    """Closes records without running them: those named, or with --code a whole group."""
    desk = Desk.at(servers, operator, prefix, patience)
    _each("DiscardDeadLetter", desk, _chosen(desk, ids, service, code), dry_run=dry_run, as_json=as_json)


def _letters(desk: Desk, service: str | None, code: str | None) -> list[Letter]:
    wanted = [one for one in SERVICES if service in (None, one)]
    found = asyncio.run(letters(desk.kafka, desk.prefix, wanted))
    return [letter for letter in found if code in (None, letter.code)]


def _one(desk: Desk, id_: str) -> Letter:
    found = [letter for letter in _letters(desk, None, None) if letter.id == id_]
    if not found:
        raise AdministrationError(
            f"{id_}: no such dead letter; `kobling dlq list` has them, or say --service"
        )
    return found[0]


def _chosen(desk: Desk, ids: list[str] | None, service: str | None, code: str | None) -> list[Letter]:
    if bool(ids) == bool(code):
        raise typer.BadParameter("name dead letters, or say with --code which group")
    return _letters(desk, service, code) if code else [_one(desk, id_) for id_ in ids or ()]


def _each(name: str, desk: Desk, chosen: list[Letter], *, dry_run: bool, as_json: bool) -> None:
    rows: list[dict[str, Any]] = []
    for letter in chosen:
        message = command_named(name, letter.service)
        rows.append({"id": letter.id, **desk.ask(message, letter.id, {"reason": "routine"}, dry_run=dry_run)})
    if as_json:
        report(rows)
    else:
        for answer, count in sorted(Counter(row.get("code") or row["name"] for row in rows).items()):
            say(f"{count} {answer}")
    # Of a whole group some were settled before: they are not in the way.
    if any(row["name"] == "CommandRejected" and row["code"] != "already_settled" for row in rows):
        raise typer.Exit(REFUSED)
