"""`kobling lag`, `state-hash`, `restore-done`, `acknowledge-expired`: how far services are, and recovery."""

import asyncio
from dataclasses import asdict

import typer

from kobling import restoring
from kobling.access import access, cluster
from kobling.cli.options import AlwaysJson, AsJson, Prefix, Servers, Service
from kobling.cli.output import report, say, table
from kobling.reading import lags
from kobling.state import hash_of

_LAG = ("group", "topic", "partition", "to_end", "from_beginning")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(lag)
    app.command("state-hash")(state_hash)
    app.command("restore-done")(restore_done)
    app.command("acknowledge-expired")(acknowledge_expired)


def lag(servers: Servers = None, prefix: Prefix = "", as_json: AsJson = False) -> None:
    """What groups have not read yet, and how far each stands from the beginning of its log."""
    rows = [asdict(one) for one in asyncio.run(lags(cluster(servers), prefix))]
    table(rows, _LAG, as_json=as_json, empty="there are no groups, or you may not see them")


def state_hash(service: Service, as_json: AsJson = False) -> None:
    """The hash of a service's state, which no replay changes; let the service be at rest."""
    found = asyncio.run(hash_of(service, access(service)))
    if as_json:
        report({"service": service, "hash": found})
    else:
        say(found)


def restore_done(service: Service, as_json: AlwaysJson = True) -> None:
    """After a restored database: lets the service begin, with its groups reset to what it has handled."""
    report(asyncio.run(restoring.restore_done(service, access(service))))


def acknowledge_expired(service: Service, as_json: AlwaysJson = True) -> None:
    """Takes note of records that expired unread, and makes the service ready again."""
    report(asyncio.run(restoring.acknowledge_expired(service, access(service))))
