"""`kobling lag`, `state-hash`, `replay`, `restore-done`, `acknowledge-expired`: how far services are, and
recovery.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import asdict
from typing import Annotated

import typer

from kobling import restoring
from kobling.access import access, cluster
from kobling.cli.options import AlwaysJson, AsJson, Prefix, Servers, Service, Yes, agree, is_known
from kobling.cli.output import report, say, table
from kobling.reading import lags
from kobling.replaying import Replay
from kobling.state import hash_of

_LAG = ("group", "topic", "partition", "to_end", "from_beginning")


def register(app: typer.Typer) -> None:
    """Adds the commands."""
    app.command()(lag)
    app.command("state-hash")(state_hash)
    app.command()(replay)
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


def replay(
    service: Service,
    topic: Annotated[
        list[str] | None, typer.Option(help="Only this one, such as refugees.v1; repeatable.")
    ] = None,
    anew: Annotated[
        bool, typer.Option("--anew", help="Empty the database first, and have it built from the topics.")
    ] = False,
    only_plan: Annotated[bool, typer.Option("--plan", help="Only say what would be done.")] = False,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Has a service read its topics again from the beginning: says what that means, asks, and does it. Stop
    the service's replicas before, and start them afterwards.

    What was applied is not applied again. With --anew matching, notifications and reporting are built from
    nothing; intake can't be, and what is not sent yet would be lost: both are refused. Killed, it is run
    again with the same words; until then the service waits.
    """
    if anew and topic:
        raise typer.BadParameter("--anew takes all topics")
    asyncio.run(_replay(service, topic or (), anew=anew, only_plan=only_plan, yes=yes, as_json=as_json))


async def _replay(
    service: str, topics: Sequence[str], *, anew: bool, only_plan: bool, yes: bool, as_json: bool
) -> None:
    replaying = Replay.of(is_known(service), access(service))
    try:
        plan = await replaying.plan(topics, anew=anew)
        rows = [step._asdict() for step in plan.steps()]
        table(rows, ("do", "what", "amount"), as_json=as_json, empty="nothing to do")
        if only_plan or not plan:
            return
        agree("Do it?", yes=yes, as_json=as_json)
        await replaying.carry_out(plan)
    finally:
        replaying.database.close()
    if not as_json:
        say(f"done: start {service}, and watch /health/ready and `kobling lag`")


def restore_done(service: Service, as_json: AlwaysJson = True) -> None:
    """After a restored database: lets the service begin, with its groups reset to what it has handled."""
    report(asyncio.run(restoring.restore_done(service, access(service))))


def acknowledge_expired(service: Service, as_json: AlwaysJson = True) -> None:
    """Takes note of records that expired unread, and makes the service ready again."""
    report(asyncio.run(restoring.acknowledge_expired(service, access(service))))
