"""`kobling state-hash`, `restore-done` and `acknowledge-expired`: after a restore, and for peace of mind."""

import asyncio

import typer

from kobling import restoring
from kobling.access import access
from kobling.cli.options import AsJson, Service
from kobling.cli.output import report, say
from kobling.state import hash_of


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command("state-hash")(state_hash)
    app.command("restore-done")(restore_done)
    app.command("acknowledge-expired")(acknowledge_expired)


def state_hash(service: Service, as_json: AsJson = False) -> None:
    """The hash of a service's state, which no replay changes; let the service be at rest."""
    found = asyncio.run(hash_of(service, access(service)))
    if as_json:
        report({"service": service, "hash": found})
    else:
        say(found)


def restore_done(service: Service) -> None:
    """After a restored database: resets the service's groups to what it has handled, and lets it begin."""
    report(asyncio.run(restoring.restore_done(service, access(service))))


def acknowledge_expired(service: Service) -> None:
    """Takes note of records that expired unread, and makes the service ready again."""
    report(asyncio.run(restoring.acknowledge_expired(service, access(service))))
