"""`python -m deploy.demo`: June 2016 in Bergen on a fresh installation. `KEEP=1` leaves it up."""

import asyncio
import os
import sys
import time
from datetime import UTC, datetime, timedelta

from rich.console import Console

from deploy import background
from deploy.accounts import cluster_of, people
from deploy.demo.client import Client, Document, Unanswered
from deploy.demo.show import last_line, show
from deploy.demo.story import Outcome, Story
from deploy.examples import BERGEN
from deploy.local.addresses import StackError
from deploy.local.supervision import is_supervised

AS_OF = datetime(2016, 6, 15, 8, tzinfo=UTC)
"""The moment at which the demonstration begins: the services' clocks are set to it."""


async def play(addresses: Document, console: Console, offset: timedelta) -> Outcome:
    """Plays the story and shows each step as it happens; `offset` is added to the clock, as for services."""
    started = time.monotonic()
    with console.status("…") as status:

        def tell(step: str) -> None:
            console.print(f"[dim]{time.monotonic() - started:5.1f} s[/]  {step}")
            status.update(step)

        client = Client(
            cluster_of(addresses),
            BERGEN.municipalities,
            BERGEN.operators,
            lambda: datetime.now(UTC) + offset,
            accounts=people(addresses, BERGEN),
        )
        async with client:
            return await Story(BERGEN, client, addresses, AS_OF.date(), tell).play()


def main() -> int:
    """0 if nothing was lost; 1 with the reason where something was, or nothing could start."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    keep = os.environ.get("KEEP") == "1"
    if is_supervised(background.DIRECTORY):
        sys.stderr.write(
            "An installation is up already: stop it with `make down`, then run the demo again.\n"
        )
        return 1
    started = time.monotonic()
    console.print(
        "starting broker, database, mail sink and the four services; the first time some files are fetched"
    )
    try:
        with console.status("starting broker, database, mail sink and the four services"):
            addresses = background.start(as_of=AS_OF, parent=None if keep else os.getpid())
        console.print(f"[dim]everything is up after {time.monotonic() - started:.1f} s[/]")
        outcome = asyncio.run(play(addresses, console, AS_OF - datetime.now(UTC)))
    except (StackError, Unanswered) as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    except KeyboardInterrupt:
        sys.stderr.write("stopped\n")
        return 130
    finally:
        if not keep:
            background.stop()
    show(outcome, console)
    if keep:
        console.print("the installation stays up; stop it with `make down`")
    console.print(last_line(outcome), highlight=False)
    return 0 if outcome.lost == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
