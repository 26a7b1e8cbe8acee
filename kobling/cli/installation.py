"""`kobling setup`, `municipalities` and `operators`: what an administrator does, shown before it is done."""

import asyncio
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated

import typer

from kobling.access import cluster
from kobling.administration import AdministrationError, topics_of
from kobling.cli.options import AsJson, MongoDB, Prefix, Replicas, SecretsAt, Servers, Yes
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


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(setup)
    app.command()(doctor)
    app.add_typer(municipalities, name="municipalities")
    app.add_typer(operators, name="operators")


def setup(
    municipality: Names = None,
    operator: Names = None,
    consumer: Names = None,
    administrator: Names = None,
    monitor: Names = None,
    servers: Servers = None,
    mongodb: MongoDB = None,
    prefix: Prefix = "",
    replicas: Replicas = 3,
    secrets: SecretsAt = "secrets",
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what is missing.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Topics, their settings, accounts, access rules, quotas, database users and indexes: says what is
    missing or otherwise, asks, and does it. Run again it does what is left; it never deletes a topic or an
    account.

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
    wanted = Wanted(cluster(servers), Secrets(Path(secrets)), frozenset(), prefix, replicas, mongodb)
    _change(_planned(wanted, people), only_plan=only_plan, yes=yes, as_json=as_json)


def doctor(
    servers: Servers = None,
    mongodb: MongoDB = None,
    smtp: Annotated[
        str | None, typer.Option(help="The mail server, host:port; it must offer STARTTLS.")
    ] = None,
    plain_smtp: Annotated[bool, typer.Option("--plain-smtp", help="It is not asked for STARTTLS.")] = False,
    prefix: Prefix = "",
    secrets: SecretsAt = "secrets",
    as_json: AsJson = False,
) -> None:
    """What is wrong with an installation, its cause, and what helps. Ends with 1 if anything is."""
    mail = None if smtp is None else mail_server(smtp, starttls=not plain_smtp)
    wanted = Wanted(cluster(servers), Secrets(Path(secrets)), prefix=prefix, uri=mongodb)
    rows = [finding._asdict() for finding in asyncio.run(examine(wanted, mail))]
    table(rows, ("check", "state", "cause", "remedy"), as_json=as_json, empty="nothing was looked at")
    if any(row["state"] != "good" for row in rows):
        raise typer.Exit(REFUSED)


@municipalities.command("add")
def add_municipality(
    code: Annotated[str, typer.Argument(help="Its code, such as no-4601.")],
    servers: Servers = None,
    prefix: Prefix = "",
    replicas: Replicas = 3,
    secrets: SecretsAt = "secrets",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """A municipality's topics and its account, whose files are what its case system needs."""
    wanted = Wanted(cluster(servers), Secrets(Path(secrets)), frozenset(), prefix, replicas)
    _change(_planned(wanted, [Principal("municipality", code)]), yes=yes, as_json=as_json)


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
        if not found.guarded:
            say("the broker has no access rules: accounts, rules and quotas are left out")
        say(f"{len(changes)} to do" if changes else "nothing to do")
    if only_plan or not changes:
        return
    if not yes:
        if not sys.stdin.isatty():
            raise AdministrationError("nothing was changed: say --yes, since nobody can be asked here")
        typer.confirm("Do it?", abort=True)
    asyncio.run(carry_out(found))
    if not as_json:
        say("done")


@operators.command("add")
def add_operator(
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
    servers: Servers = None,
    prefix: Prefix = "",
    replicas: Replicas = 3,
    secrets: SecretsAt = "secrets",
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """An operator's topics, account, keys and record: everything that they need to begin. Said again with
    other roles or municipalities, the record is changed.
    """
    kafka, kept = cluster(servers), Secrets(Path(secrets))
    registration = Registration(name, organisation, municipality, role, person, valid_until)
    directory = Directory(kafka, prefix)
    record = asyncio.run(directory.checked(registration, kept))
    principal = Principal("operator", name, dead_letters=READER_OF_DEAD_LETTERS in role)
    wanted = Wanted(kafka, kept, frozenset(), prefix, replicas)
    _change(_planned(wanted, [principal]), yes=yes, as_json=as_json)
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
def revoke_operator(
    name: Annotated[str, typer.Argument(help="The operator.")],
    servers: Servers = None,
    prefix: Prefix = "",
    secrets: SecretsAt = "secrets",
    yes: Yes = False,
) -> None:
    """Takes an operator's password, rights and record away; the topics stay, for what was said there."""
    if not yes:
        typer.confirm(f"Take from {name} all that they may do?", abort=True)
    kafka = cluster(servers)
    asyncio.run(Directory(kafka, prefix).forget(name))
    revoke(kafka, Secrets(Path(secrets)), Principal("operator", name))
    say(f"{name} may do nothing any more")
