"""`kobling dlq`: refused records, by cause, one by one or a whole group at once."""

import asyncio
import json
import sys
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any

import typer

from kobling.cli.asking import Desk, at_desk, command_named, print_reply
from kobling.cli.options import AsJson, DryRun, is_service
from kobling.cli.output import REFUSED, report, say, table
from kobling.dead_letters import Letter, by_cause, letters
from kobling.errors import AdministrationError
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
@at_desk
def list_letters(
    desk: Desk,
    service: Where = None,
    code: Code = None,
    as_json: AsJson = False,
) -> None:
    """What was refused, by cause; with --code each of them. Those that were settled since are listed too."""
    found = _letters(desk, service, code)
    if code is None:
        table(by_cause(found), _CAUSES, as_json=as_json, empty="there are none, or you may not see them")
    else:
        rows = [asdict(letter) for letter in found]
        table(rows, _EACH, as_json=as_json, empty="there are none, or you may not see them")


@app.command()
@at_desk
def show(
    desk: Desk,
    letter: Annotated[str, typer.Argument(help="A dead letter's id.")],
    service: Where = None,
    as_json: AsJson = False,
) -> None:
    """What the record holds, sealed to the operator: KOBLING_PRIVATE_KEY opens it."""
    where = service or _one(desk, letter).service
    told = desk.ask(command_named("ShowDeadLetter", where), letter, {"reason": "routine"})
    print_reply(told, as_json=as_json)


@app.command()
@at_desk
def edit(
    desk: Desk,
    letter: Annotated[str, typer.Argument(help="A dead letter's id.")],
    file: Annotated[str, typer.Argument(help="The event to run in its place, as JSON; - is standard input.")],
    service: Where = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Runs another event in a record's place; settlements are corrected at their source instead."""
    try:
        value = json.loads(sys.stdin.read() if file == "-" else Path(file).read_text(encoding="utf-8"))
    except ValueError as error:
        raise AdministrationError(f"{file}: is no JSON: {error}") from None
    where = service or _one(desk, letter).service
    message = command_named("EditAndRedriveDeadLetter", where)
    told = desk.ask(message, letter, {"reason": "edited", "value": value}, dry_run=dry_run)
    print_reply(told, as_json=as_json)


def _of_each(name: str) -> Callable[..., None]:
    """A command of the contract for dead letters one by one, or for a whole group."""

    def run(
        desk: Desk,
        ids: Letters = None,
        service: Where = None,
        code: Code = None,
        dry_run: DryRun = False,
        as_json: AsJson = False,
    ) -> None:
        chosen = _chosen(desk, ids, service, code)
        _each(name, desk, chosen, dry_run=dry_run, as_json=as_json)

    return at_desk(run)


_WHICH = "those named, or with --code a whole group."
app.command("redrive", help=f"Runs records through their handler again: {_WHICH}")(
    _of_each("RedriveDeadLetter")
)
app.command("discard", help=f"Closes records without running them: {_WHICH}")(_of_each("DiscardDeadLetter"))


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
