"""`kobling find`, `pairs`, `why` and `round`: what coordinators ask for each week, in few words."""

from typing import Annotated, Any

import typer

from kobling.cli.asking import Desk, at_desk, command_named, print_reply
from kobling.cli.options import AsJson, DryRun, Municipality, Programme
from kobling.cli.output import table

ROUTINE = {"reason": "routine"}
PAIR = "pair-"
_OF_PAIRS = ("pair", "status", "receiving", "giving", "coordinator")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(find)
    app.command()(pairs)
    app.command()(why)
    app.command("round")(run_round)


@at_desk
def find(
    desk: Desk,
    who: Annotated[str, typer.Argument(help="A name, a reference, or with --case the municipality's case.")],
    municipality: Annotated[
        str | None, typer.Option(help="Where; all of the operator's unless given. A case needs it.")
    ] = None,
    case: Annotated[bool, typer.Option("--case", help="WHO is a case reference.")] = False,
    as_json: AsJson = False,
) -> None:
    """Who somebody is, by name, case or reference. Names come sealed: KOBLING_PRIVATE_KEY opens them."""
    asked: dict[str, Any] = {**ROUTINE, **({"municipality": municipality} if municipality else {})}
    subject = who
    if case:
        asked["case"] = who
    elif not who.startswith(("refugee-", "volunteer-")):
        asked["name"], subject = who, municipality or desk.operator
    print_reply(desk.ask(command_named("FindPerson"), subject, asked), as_json=as_json)


@at_desk
def pairs(
    desk: Desk,
    municipality: Municipality,
    programme: Programme,
    status: Annotated[list[str] | None, typer.Option(help="Those alone; repeatable.")] = None,
    as_json: AsJson = False,
) -> None:
    """A programme's pairs and proposals, all pages of them."""
    asked = {**ROUTINE, "municipality": municipality, "programme": programme, "status": status or []}
    rows: list[dict[str, Any]] = []
    while True:
        told = desk.ask(command_named("ListPairs"), f"{municipality}/{programme}", asked)
        if told["name"] != "CommandAccepted":
            print_reply(told, as_json=as_json)
        rows += told["result"]["pairs"]
        if not told["result"].get("next"):
            break
        asked["after"] = told["result"]["next"]
    table(rows, _OF_PAIRS, as_json=as_json, empty="there is none")


@at_desk
def why(
    desk: Desk,
    subject: Annotated[str, typer.Argument(help="A pair, or somebody who waits.")],
    municipality: Annotated[str | None, typer.Option(help="Where somebody waits.")] = None,
    programme: Annotated[str | None, typer.Option(help="For which programme somebody waits.")] = None,
    as_json: AsJson = False,
) -> None:
    """Why two were proposed to each other, or why somebody waits still."""
    if subject.startswith(PAIR):
        told = desk.ask(command_named("ExplainPair"), subject, ROUTINE)
    else:
        if municipality is None or programme is None:
            raise typer.BadParameter("of somebody who waits say --municipality and --programme")
        asked = {**ROUTINE, "municipality": municipality, "programme": programme}
        told = desk.ask(command_named("ExplainWaiting"), subject, asked)
    print_reply(told, as_json=as_json)


@at_desk
def run_round(
    desk: Desk,
    municipality: Municipality,
    programme: Programme,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Proposes pairs among all who wait; with --dry-run only says which it would propose."""
    asked = {**ROUTINE, "municipality": municipality, "programme": programme}
    told = desk.ask(command_named("RunRound"), f"{municipality}/{programme}", asked, dry_run=dry_run)
    print_reply(told, as_json=as_json)
