"""`kobling verify`: whether what services store is what the topics hold."""

import asyncio
from collections.abc import Sequence
from datetime import timedelta
from typing import Annotated

import typer

from kobling.access import access
from kobling.cli.options import AsJson, is_known
from kobling.cli.output import REFUSED, report, say, table
from kobling.verifying import AGAIN, Finding, Verification
from shared.contracts.topics import SERVICES, Service

SHOWN = 5
"""Differing subjects of a topic that people are shown; JSON has up to a thousand."""
_COLUMNS = ("service", "check", "topic", "state", "in_topic", "stored", "differ", "remedy")


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(verify)


def verify(
    services: Annotated[
        list[str] | None, typer.Argument(help=f"Of {', '.join(SERVICES)}; all unless named.")
    ] = None,
    again_after: Annotated[
        float, typer.Option("--again-after", min=0, help="Seconds until what differs is looked at again.")
    ] = AGAIN.total_seconds(),
    as_json: AsJson = False,
) -> None:
    """Whether what services store is what the topics hold: records not read, subjects whose revision differs,
    records not sent, unsettled dead letters, and reporting's reconciliation. Ends with 1 unless all is well.

    It changes nothing and may be run while services work: what differs is looked at a second time. Subjects
    are named by their references; what is stored of people is not read.
    """
    named = [is_known(name) for name in services or SERVICES]
    found = asyncio.run(_all(named, timedelta(seconds=again_after)))
    if as_json:
        report([one.told() for one in found])
    else:
        table([_row(one) for one in found], _COLUMNS, as_json=False, empty="nothing was looked at")
        for one in found:
            for subject, in_topic, stored in one.differing[:SHOWN]:
                say(f"{one.service}, {one.topic}: {subject} has revision {in_topic} there, {stored} stored")
    if not all(one.good for one in found):
        raise typer.Exit(REFUSED)


async def _all(services: Sequence[Service], again: timedelta) -> list[Finding]:
    found: list[Finding] = []
    for service in services:
        verification = Verification.of(service, access(service), again)
        try:
            found += await verification.findings()
        finally:
            verification.database.close()
    return found


def _row(one: Finding) -> dict[str, object]:
    told = one.told()
    return {**told, "state": "good" if one.good else "wrong", "differ": one.count or None}
