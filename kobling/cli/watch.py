"""`kobling watch`: topics as they are written, one line for each record."""

import asyncio
import json
import os
import sys
from contextlib import suppress
from dataclasses import asdict
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.text import Text

from kobling.access import cluster
from kobling.cli.options import AsJson, Prefix, Servers
from kobling.watching import Seen, Wish, follow
from shared.cluster import Cluster
from shared.contracts.fields import format_instant

MOST = 10_000
"""Records of a topic that `--last` may ask for: they are in memory until they are in order."""
_STYLES = {"DeadLetter": "red", "Unreadable": "red", "CommandRejected": "yellow", "Erased": "magenta"}


def register(app: typer.Typer) -> None:
    """Adds the command."""
    app.command()(watch)


def watch(
    topics: Annotated[
        list[str] | None,
        typer.Argument(help="Topics, or families such as pairs, commands or dlq; all that you may read."),
    ] = None,
    from_beginning: Annotated[
        bool, typer.Option("--from-beginning", help="All that the topics hold, then what comes.")
    ] = False,
    last: Annotated[
        int, typer.Option(min=0, max=MOST, help="The newest so many of each topic, then what comes.")
    ] = 0,
    count: Annotated[int | None, typer.Option(min=1, help="End after so many records.")] = None,
    seconds: Annotated[float | None, typer.Option("--for", min=0, help="End after so many seconds.")] = None,
    with_data: Annotated[bool, typer.Option("--data", help="Show what the records hold, too.")] = False,
    servers: Servers = None,
    prefix: Prefix = "",
    as_json: AsJson = False,
) -> None:
    """Follows topics, a line for each record: the broker's time, topic, partition and offset, type, subject,
    revision, and why one can't be read. With --json each line is an object. Ctrl-C ends it.

    Of topics with personal data (settlements, intake's commands) neither subject nor content is shown, of a
    refused record no content, and what is sealed stays sealed. It joins no group and commits nothing.
    Topics that are made later are seen when it is started again.
    """
    if from_beginning and last:
        raise typer.BadParameter("--from-beginning and --last exclude each other")
    wish = Wish(topics or (), from_beginning, last, count, seconds)
    try:
        # Asked to end is not to fail.
        with suppress(KeyboardInterrupt):
            asyncio.run(_print(cluster(servers), prefix, wish, with_data=with_data, as_json=as_json))
    except BrokenPipeError:
        # Whoever read has enough; Python would complain once more when it closes the pipe.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


async def _print(kafka: Cluster, prefix: str, wish: Wish, *, with_data: bool, as_json: bool) -> None:
    console = Console(highlight=False, soft_wrap=True)
    async for seen in follow(kafka, prefix, wish):
        if as_json:
            sys.stdout.write(json.dumps(_object(seen, with_data=with_data), ensure_ascii=False) + "\n")
        else:
            console.print(_line(seen, with_data=with_data))
        sys.stdout.flush()


def _object(seen: Seen, *, with_data: bool) -> dict[str, Any]:
    found = {**asdict(seen), "at": format_instant(seen.at)}
    return {
        name: value for name, value in found.items() if value is not None and (with_data or name != "data")
    }


def _line(seen: Seen, *, with_data: bool) -> Text:
    revision = "" if seen.revision is None else f" r{seen.revision}"
    line = Text.assemble(
        (f"{seen.at:%Y-%m-%d %H:%M:%S}", "dim"),
        (f"  {seen.topic}/{seen.partition}@{seen.offset}", "cyan"),
        (f"  {seen.type}", _STYLES.get(seen.type, "bold")),
        f"  {_printable(seen.subject or '-')}{revision}",
        (f"  {_printable(seen.code)}" if seen.code else "", "red"),
    )
    if with_data and seen.data is not None:
        line.append(f"  {_printable(json.dumps(seen.data, ensure_ascii=False))}", "dim")
    return line


def _printable(text: str) -> str:
    """Without signs that would steer the terminal: outside systems choose subjects."""
    return "".join(sign if sign.isprintable() else "\N{REPLACEMENT CHARACTER}" for sign in text)
