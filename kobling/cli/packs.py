"""`kobling packs`: programmes as data, checked before they are published."""

import asyncio
import difflib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from kobling.access import cluster
from kobling.cli.options import AsJson, Municipality, Prefix, Programme, Servers
from kobling.cli.output import REFUSED, complain, report, say, table
from kobling.errors import AdministrationError
from kobling.programmes import Desk, Done
from shared.contracts.programmes import ActiveProgramme, ProgrammePack
from shared.programmes import why_refused

app = typer.Typer(no_args_is_help=True, help="Programmes: checked, published, and run by municipalities.")
PackFile = Annotated[
    Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The pack, a JSON file.")
]


def register(root: typer.Typer) -> None:
    """Adds the commands."""
    root.add_typer(app, name="packs")


def _desk(servers: str | None, prefix: str) -> Desk:
    return Desk(cluster(servers), prefix, datetime.now(UTC))


@app.command()
def validate(file: PackFile, as_json: AsJson = False) -> None:
    """Says what is wrong with a pack, each fault with its field and what would help; asks no server."""
    faults = why_refused(file.read_bytes())
    if as_json:
        report({"faults": list(faults)})
    elif faults:
        complain("\n".join(faults))
    else:
        say(f"{file.name}: nothing is wrong with it")
    if faults:
        raise typer.Exit(REFUSED)


@app.command()
def diff(
    file: PackFile,
    against: Annotated[
        str | None, typer.Option(help="A published version; the newest but this one unless given.")
    ] = None,
    servers: Servers = None,
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Shows in which lines a pack differs from a version of it that is published."""
    if faults := why_refused(file.read_bytes()):
        raise AdministrationError("\n".join(faults))
    pack = ProgrammePack.model_validate_json(file.read_bytes())
    published = asyncio.run(_desk(servers, prefix).look()).programmes.packs()
    versions = {one.version: one for one in published if one.name == pack.name}
    before = versions.get(against or next((one for one in reversed(versions) if one != pack.version), ""))
    if before is None:
        known = ", ".join(versions) or "none"
        raise AdministrationError(f"of {pack.name} is published: {known}; name one of them with --against")
    names = f"{pack.name}@{before.version}", file.name
    lines = list(difflib.unified_diff(_lines(before), _lines(pack), *names, lineterm="", n=1))
    if as_json:
        report({"name": pack.name, "from": before.version, "to": pack.version, "lines": lines})
    else:
        say("\n".join(lines) or f"{pack.name}@{before.version} has the same in it")


def _lines(pack: ProgrammePack) -> list[str]:
    content = pack.model_dump(mode="json", exclude_none=True)
    return json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False).splitlines()


@app.command()
def publish(file: PackFile, servers: Servers = None, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Publishes a pack if nothing is wrong with it; a version is published once."""
    _tell(asyncio.run(_desk(servers, prefix).publish_pack(file.read_bytes())), as_json=as_json)


def _tell(done: Done, *, as_json: bool) -> None:
    if as_json:
        report(done._asdict())
    else:
        say(str(done))


@app.command()
def activate(
    municipality: Municipality,
    programme: Programme,
    version: Annotated[str, typer.Option("--version", help="A version that is published.")],
    predecessor: Annotated[
        list[str] | None,
        typer.Option(help="A code that the municipality had before; once for each, and all of them."),
    ] = None,
    servers: Servers = None,
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Has a municipality run a published version, if its organisations have the operators."""
    wanted = {"municipality": municipality, "programme": programme, "pack_version": version}
    given = wanted | ({"predecessors": predecessor} if predecessor else {})
    if faults := why_refused(given, ActiveProgramme):
        raise AdministrationError("\n".join(faults))
    done = asyncio.run(_desk(servers, prefix).activate(ActiveProgramme.model_validate(given)))
    _tell(done, as_json=as_json)


@app.command("list")
def list_packs(servers: Servers = None, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Which packs are published, which version runs where, and which records don't hold, and why."""
    listed = asyncio.run(_desk(servers, prefix).look()).listed()
    if as_json:
        report(listed)
        return
    rows = [
        {"what": what, "name": name, "is": is_}
        for what, found in listed.items()
        if isinstance(found, dict)
        for name, is_ in found.items()
    ]
    table(rows, ("what", "name", "is"), as_json=False, empty="nothing is published")
