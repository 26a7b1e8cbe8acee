"""Known failures where services die or are away: what is lost, doubled or late in comparable systems."""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date
from typing import Any

from deploy.demo.client import FINAL, Client, event_name
from shared.contracts import topics
from shared.contracts.topics import Service
from tests.e2e.stories.programme import Programme
from tests.e2e.stories.telling import Telling

ALTA, HARSTAD = "no-5601", "no-5503"


async def publishing_is_lost_or_doubled(told: Telling) -> None:
    """Each service is killed in the middle of it."""
    alta = told.programme(ALTA)
    client = told.world.client
    receipts, asked = len(client.receipts), set(client.replies)
    (_, guides), _ = await asyncio.gather(
        asyncio.gather(alta.settles(40), alta.gets_guides(40)),
        _kill(told, "intake", lambda: len(client.replies) > len(asked) + 100),
    )
    proposed = [one["pair"] for one in (await alta.run_round())["proposals"]]
    await asyncio.gather(alta.accept(proposed), _kill(told, "matching", lambda: _answered(alta) > 5))
    killed = [
        _kill(told, "reporting", lambda: len(alta.pairs("active")) > 5),
        _kill(told, "notifications", lambda: len(alta.pairs("active")) > 5),
    ]
    await asyncio.gather(alta.sign(proposed), *killed)
    await told.must("pairs created", 40, lambda: len(alta.pairs("active")))
    # A record may be sent twice, and is then the same: whoever reads knows it by its id.
    answered = {(one["subject"], one["id"]) for one in client.receipts[receipts:]}
    cases = Counter(case for case, _ in answered)
    await told.must("receipts: one for each of 40", (40, {1}), (len(cases), set(cases.values())))
    finals = {
        len({one["id"] for one in replies if event_name(one) in FINAL})
        for command, replies in client.replies.items()
        if command not in asked
    }
    await told.must("final replies to each command", {1}, finals)
    # Proposed, an answer, accepted, two signatures, created: numbered 1 to 6.
    await told.must("states of each pair", {(1, 2, 3, 4, 5, 6)}, lambda: _numbers(client, proposed))
    addresses = {guide.email for guide in guides}
    await told.must(
        "guides who got their e-mail", 40, lambda: len(addresses & told.world.mail.recipients.keys())
    )


def _answered(place: Programme) -> int:
    return sum(bool(pair["answers"]) for pair in place.pairs())


def _numbers(client: Client, pairs: Sequence[str]) -> set[tuple[int, ...]]:
    """The revisions of each of these pairs."""
    found: dict[str, set[int]] = {}
    for state in client.records[topics.PAIRS.name]:
        if state["subject"] in pairs:
            found.setdefault(state["subject"], set()).add(state["revision"])
    return {tuple(sorted(numbers)) for numbers in found.values()}


async def _kill(told: Telling, service: Service, when: Callable[[], bool]) -> None:
    """kill -9, once it is in the middle; the service is started again."""
    await told.world.client.until(when, lambda: f"{service} was not in the middle of it")
    await told.world.of(service).kill()


async def reminders_are_lost_while_the_job_is_down(told: Telling) -> None:
    """What falls due while nothing runs happens when it runs again, on its own day."""
    harstad = told.programme(HARSTAD)
    await told.until(date(2016, 6, 1))
    await asyncio.gather(harstad.settles(1), harstad.gets_guides(1))
    (pair,) = await harstad.pairs_up()
    await told.until(date(2017, 5, 22))
    await asyncio.gather(harstad.settles(1), harstad.gets_guides(1))
    (proposal,) = [one["pair"] for one in (await harstad.run_round())["proposals"]]
    await told.world.down()
    await told.until(date(2017, 6, 20))
    await told.world.up()
    # Twelve months after 1 June 2016, and fourteen days after 22 May 2017.
    await told.must("the pair's twelve months", ("completed", "2017-06-01"), lambda: _last(harstad, pair))
    await told.must(
        "the proposal's fourteen days", ("expired", "2017-06-05"), lambda: _last(harstad, proposal)
    )
    # She who had a year rests; of the other couple both wait again, and the first guide with them.
    await told.must("refugees and guides who wait", (1, 2), harstad.waiting)
    await told.must(
        "the figures of May are final", True, lambda: harstad.figure("2017-05", "rounds_run") == 1
    )


def _last(place: Programme, pair: str) -> tuple[str, str]:
    spell: dict[str, Any] = place.pair(pair)["spells"][-1]
    return spell["status"], spell["from"]
