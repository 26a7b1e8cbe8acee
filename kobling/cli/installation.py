"""`kobling setup`, `municipalities` and `operators`: what an administrator does, shown before it is done."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kobling.access import cluster
from kobling.administration import topics_of
from kobling.cli.options import (
    AsJson,
    MongoDB,
    Options,
    Prefix,
    Replicas,
    SecretsAt,
    Servers,
    Yes,
    agree,
    taking,
)
from kobling.cli.output import REFUSED, report, say, table
from kobling.doctor import examine, mail_server
from kobling.operators import Directory, Registration
from kobling.setup.carrying_out import carry_out, revoke
from kobling.setup.handing_over import Secrets
from kobling.setup.looking import known_principals, plan
from kobling.setup.plan import Plan, Wanted
from shared.contracts.access import READER_OF_DEAD_LETTERS, Kind, Principal

municipalities = typer.Typer(no_args_is_help=True, help="Municipalities that send settlements.")
operators = typer.Typer(no_args_is_help=True, help="Operators: who may send commands.")
Names = Annotated[list[str] | None, typer.Option(help="Repeatable.")]
_OF_OPERATORS = ("operator", "organisation", "person", "municipalities", "roles", "valid_until", "account")


def _installation(servers: str | None, prefix: str, secrets: str) -> Wanted:
    return Wanted(cluster(servers), Secrets(Path(secrets)), prefix=prefix)


OF_INSTALLATION: Options = {
    "servers": (Servers, None),
    "prefix": (Prefix, ""),
    "secrets": (SecretsAt, "secrets"),
}
at_installation = taking("wanted", OF_INSTALLATION, _installation)
"""Has a command take the installation, by the options that say where it is and where passwords are kept."""


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(setup)
    app.command()(doctor)
    app.add_typer(municipalities, name="municipalities")
    app.add_typer(operators, name="operators")


@at_installation
def setup(
    wanted: Wanted,
    municipality: Names = None,
    operator: Names = None,
    consumer: Names = None,
    administrator: Names = None,
    monitor: Names = None,
    mongodb: MongoDB = None,
    replicas: Replicas = 3,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what is missing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Creates what an installation lacks: topics, accounts, rights, indexes. It mends settings, access
    rules, quotas and database users too: says what is missing or otherwise, asks, and does it. Run again it
    does what is left; it never deletes a topic or an account.

    Those who are there already are seen to as well.
    """
    named: dict[Kind, Sequence[str]] = {
        "municipality": municipality or (),
        "operator": operator or (),
        "consumer": consumer or (),
        "administrator": administrator or (),
        "monitor": monitor or (),
    }
    people = [Principal(kind, name) for kind, names in named.items() for name in names]
    wanted = replace(wanted, replicas=replicas, uri=mongodb)
    _change(_planned(wanted, people), only_plan=only_plan, yes=yes, as_json=as_json)


@at_installation
def doctor(
    wanted: Wanted,
    mongodb: MongoDB = None,
    smtp: Annotated[
        str | None, typer.Option(help="The mail server, host:port; it must offer STARTTLS.")
    ] = None,
    plain_smtp: Annotated[bool, typer.Option("--plain-smtp", help="It is not asked for STARTTLS.")] = False,
    as_json: AsJson = False,
) -> None:
    """What is wrong with an installation, its cause, and what helps. Ends with 1 if anything is."""
    mail = None if smtp is None else mail_server(smtp, starttls=not plain_smtp)
    examined = asyncio.run(examine(replace(wanted, uri=mongodb), mail))
    rows = [finding._asdict() for finding in examined]
    table(rows, ("check", "state", "cause", "remedy"), as_json=as_json, empty="nothing was looked at")
    if any(row["state"] != "good" for row in rows):
        raise typer.Exit(REFUSED)


@municipalities.command("add")
@at_installation
def add_municipality(
    wanted: Wanted,
    code: Annotated[str, typer.Argument(help="Its code, such as no-4601.")],
    replicas: Replicas = 3,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """A municipality's topics and its account, whose files are what its case system needs."""
    found = _planned(replace(wanted, replicas=replicas), [Principal("municipality", code)])
    _change(found, yes=yes, as_json=as_json)


def _planned(wanted: Wanted, people: Sequence[Principal]) -> Plan:
    """What is missing for these and for those who are there already."""
    # What is no name of such is said before any server is asked.
    asked = replace(wanted, principals=frozenset(people))
    topics_of(asked.names("municipality"), asked.names("operator"))

    async def look() -> Plan:
        known = {one.account: one for one in await known_principals(wanted.kafka, wanted.prefix)}
        known |= {one.account: one for one in people}
        return await plan(replace(wanted, principals=frozenset(known.values())))

    return asyncio.run(look())


def _change(found: Plan, *, only_plan: bool = False, yes: bool, as_json: bool) -> None:
    """Shows what is missing, asks, and does it."""
    changes = found.changes()
    if as_json:
        report([change._asdict() for change in changes])
    else:
        for change in changes:
            say(str(change))
        for service, older in found.kept.items():
            say(f"{service}: what former releases had stays until {older} replicas of theirs are gone")
        if not found.guarded:
            say("the broker has no access rules: accounts, rules and quotas are left out")
        say(f"{len(changes)} to do" if changes else "nothing to do")
    if only_plan or not changes:
        return
    agree("Do it?", yes=yes, as_json=as_json)
    asyncio.run(carry_out(found))
    if not as_json:
        say("done")


@operators.command("add")
@at_installation
def add_operator(
    wanted: Wanted,
    name: Annotated[str, typer.Argument(help="2 to 40 of a-z, 0-9 and -; never a person's name.")],
    organisation: Annotated[str, typer.Option(help="A code, such as red_cross_bergen.")],
    municipality: Annotated[list[str], typer.Option(help="Where they may act; repeatable.")],
    role: Annotated[
        list[str],
        typer.Option(help="coordinator, approver, administrator, dead_letters or auditor; repeatable."),
    ],
    person: Annotated[
        str | None,
        typer.Option(help="Whose account it is: the `person` of their other account, if they have one."),
    ] = None,
    valid_until: Annotated[
        str | None, typer.Option(help="A moment, such as 2027-12-31T23:00:00Z; a year from now unless given.")
    ] = None,
    replicas: Replicas = 3,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """An operator's topics, account, keys and record: everything that they need to begin. Said again with
    other roles or municipalities, the record is changed.
    """
    registration = Registration(name, organisation, municipality, role, person, valid_until)
    directory = Directory(wanted.kafka, wanted.prefix)
    record = asyncio.run(directory.checked(registration, wanted.secrets))
    principal = Principal("operator", name, dead_letters=READER_OF_DEAD_LETTERS in role)
    _change(_planned(replace(wanted, replicas=replicas), [principal]), yes=yes, as_json=as_json)
    asyncio.run(directory.register(record))
    if not as_json:
        say(f"{name} is registered")


@operators.command("list")
def list_operators(servers: Servers = None, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """Who may send commands, where, and until when."""
    kafka = cluster(servers)
    rows = asyncio.run(Directory(kafka, prefix).listed())
    table(rows, _OF_OPERATORS, as_json=as_json, empty="nobody is registered")


@operators.command("revoke")
@at_installation
def revoke_operator(
    wanted: Wanted,
    name: Annotated[str, typer.Argument(help="The operator.")],
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Takes an operator's password, rights and record away; the topics stay, for what was said there."""
    agree(f"Take from {name} all that they may do?", yes=yes, as_json=as_json)
    asyncio.run(Directory(wanted.kafka, wanted.prefix).forget(name))
    revoke(wanted.kafka, wanted.secrets, Principal("operator", name))
    if as_json:
        report({"operator": name, "revoked": True})
    else:
        say(f"{name} may do nothing any more")
