"""`python -m deploy.compose.demo`: June 2016 in Bergen, on the containers beside this one."""

import asyncio
import os
import sys
from datetime import timedelta
from typing import Any

import httpx
from pydantic import TypeAdapter
from rich.console import Console

from deploy.accounts import cluster_of
from deploy.compose.places import ACCOUNTS, PASSWORD_FILE, ROOT, kafka
from deploy.demo.__main__ import play
from deploy.demo.client import Unanswered
from deploy.demo.show import last_line, show
from deploy.demo.story import Outcome
from deploy.examples import BERGEN
from kobling.administration import publish

HEALTH = {"intake": 8081, "matching": 8082, "notifications": 8083, "reporting": 8084}
READY_WITHIN = timedelta(seconds=90)


async def until_ready() -> None:
    """Returns once each service takes part. Raises Unanswered, naming those that don't and why."""
    causes: dict[str, Any] = dict.fromkeys(HEALTH, "no answer")
    async with httpx.AsyncClient(timeout=5, trust_env=False) as client:
        try:
            async with asyncio.timeout(READY_WITHIN.total_seconds()):
                while causes:
                    for service in list(causes):
                        try:
                            answer = await client.get(f"http://{service}:{HEALTH[service]}/health/ready")
                        except httpx.TransportError:
                            continue
                        causes[service] = answer.json()["causes"]
                        if answer.is_success:
                            del causes[service]
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise Unanswered(f"not ready: {causes}") from None


async def run(addresses: dict[str, Any], console: Console, offset: timedelta) -> Outcome:
    """Makes the example's operators and programmes known, and plays it. Raises Unanswered."""
    await until_ready()
    await publish(cluster_of(addresses), BERGEN.administration())
    return await play(addresses, console, offset)


def main() -> int:
    """0 if nothing was lost; 1 with the reason where something was, or was not answered."""
    console = Console(width=None if sys.stdout.isatty() else 140)
    addresses = {
        **kafka(PASSWORD_FILE.read_text()),
        "secrets": str(ROOT / ACCOUNTS),
        "reporting": f"http://reporting:{HEALTH['reporting']}",
        "mail_directory": str(ROOT / "mail" / "box"),
    }
    offset = TypeAdapter(timedelta).validate_python(os.environ["CLOCK_OFFSET"])
    try:
        outcome = asyncio.run(run(addresses, console, offset))
    except Unanswered as failure:
        sys.stderr.write(f"{failure}\n")
        return 1
    show(outcome, console)
    console.print(last_line(outcome), highlight=False)
    return 0 if outcome.lost == 0 else 1


if __name__ == "__main__":
    sys.exit(main())
