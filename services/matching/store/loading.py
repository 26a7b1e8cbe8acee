"""A pool of those who wait, from what was read of it.

A transaction reads, and no more: that of thousands of people is soon over, and what they are is looked at
afterwards, some at a time, so that consumers in the same process go on.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from pydantic import TypeAdapter

from services.matching.domain.pair import Afterwards
from services.matching.domain.party import Giving, Pool, Receiving, Rules
from services.matching.domain.waiting import Waits, waiting_since
from shared.mongo import Document

RECEIVING = TypeAdapter(Receiving)
GIVING = TypeAdapter(Giving)
WAITS = TypeAdapter(tuple[Waits, ...])
AT_ONCE = 100
"""People who are looked at before anything else may go on."""


@dataclass(frozen=True, slots=True)
class ReadPool:
    """Documents of all who wait; what those do whose pairs are over, and since when; slots that guides' open
    pairs hold; receiving parties who have one; couples not to be proposed again.
    """

    documents: Sequence[Document]
    over: Mapping[str, tuple[Afterwards, date]]
    taken: Mapping[str, frozenset[int]]
    paired: set[str]
    excluded: frozenset[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class LoadedPool:
    """A pool, the versions of all in it, and since when each waits in its programme."""

    pool: Pool
    versions: dict[str, int]
    since: dict[str, date]


async def loaded(read: ReadPool, rules: Rules, today: date, favoured: Mapping[str, int]) -> LoadedPool:
    """The pool that was read, with the points of the group that waits longer."""
    receiving: list[Receiving] = []
    giving: list[Giving] = []
    versions: dict[str, int] = {}
    since: dict[str, date] = {}
    async for document in _unhurried(read.documents):
        subject = document["_id"]
        versions[subject] = document["version"]
        waits = WAITS.validate_python(document["waits"])
        ready_since = next(wait.since for wait in waits if wait.programme == rules.name)
        waits_since = waiting_since(ready_since, read.over.get(subject))
        if waits_since is None:
            continue
        since[subject] = waits_since
        if document["side"] == "giving":
            guide = GIVING.validate_python(document["attributes"])
            giving.append(replace(guide, ready_since=waits_since))
        elif subject not in read.paired:
            party = RECEIVING.validate_python(document["attributes"])
            receiving.append(replace(party, ready_since=waits_since))
    guides = {guide.subject for guide in giving}
    pool = Pool(
        rules=rules,
        receiving=tuple(receiving),
        giving=tuple(giving),
        today=today,
        excluded=read.excluded,
        taken={guide: slots for guide, slots in read.taken.items() if guide in guides},
        favoured=favoured,
    )
    return LoadedPool(pool, versions, since)


async def _unhurried(documents: Sequence[Document]) -> AsyncIterator[Document]:
    for place, document in enumerate(documents):
        if place % AT_ONCE == 0:
            await asyncio.sleep(0)
        yield document
