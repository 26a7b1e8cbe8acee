"""The pairs and people that a batch of commands is about: read once, and written once.

Decisions look at what is known of their people, and a pair that takes a place moves its people's versions on:
a round, or another replica, that has read them before is in conflict.
"""

from collections.abc import Iterable

from services.matching.domain.couple import Surroundings
from services.matching.domain.pair import Pair
from services.matching.domain.waiting import Party
from services.matching.store import Pairs, Parties, StoredPair
from shared.mongo import Session


class Around:
    """Pairs as they stand after each command of a batch, and the parties of the people whom commands need."""

    def __init__(self, pairs: Pairs, parties: Parties, session: Session) -> None:
        self._pairs = pairs
        self._parties = parties
        self._session = session
        self._stored: dict[str, StoredPair] = {}
        self._changed: set[str] = set()
        self._new: set[str] = set()
        self._moved: set[str] = set()
        self._has_left_places = False
        self._people: dict[str, Party] = {}
        self._traces: dict[str, str] = {}

    async def load_pairs(self, subjects: Iterable[str]) -> None:
        """Reads pairs by their own subject."""
        self._stored |= await self._pairs.by_subject(subjects, self._session)

    async def load_people(self, people: set[str], *, traced: bool) -> None:
        """Reads people's parties, and all pairs that they take or took part in; their traces, where any are
        recorded.
        """
        if not people:
            return
        self._people = await self._parties.by_subject(people, self._session)
        if traced:
            self._traces = await self._parties.traces(people, self._session)
        theirs = await self._pairs.of_parties(people, self._session)
        self._stored = {stored.pair.subject: stored for stored in theirs} | self._stored

    def find(self, subject: str) -> StoredPair | None:
        """A pair as it stands now."""
        return self._stored.get(subject)

    def trace_of(self, person: str) -> str | None:
        """The recorded trace that somebody came in."""
        return self._traces.get(person)

    def of(self, people: Iterable[str]) -> Surroundings:
        """What is known of people."""
        wanted = set(people)
        if not wanted:
            return Surroundings()
        return Surroundings(
            {subject: party for subject, party in self._people.items() if subject in wanted},
            tuple(
                stored.pair
                for stored in self._stored.values()
                if not wanted.isdisjoint((stored.pair.receiving, stored.pair.giving))
            ),
        )

    def put(self, stored: StoredPair) -> None:
        """Takes over a pair that is new or has changed."""
        pair = stored.pair
        before = self._stored.get(pair.subject)
        had, has = None if before is None else _place(before.pair), _place(pair)
        if has != had:
            self._moved |= {pair.receiving, pair.giving} if has else set()
            self._has_left_places |= had is not None
        (self._new if before is None else self._changed).add(pair.subject)
        self._stored[pair.subject] = stored

    async def leave_places(self) -> None:
        """Writes that pairs have left their places, before others may take them: no two hold one at once."""
        if self._has_left_places:
            await self.save()

    async def save(self) -> None:
        """Writes what is new and what has changed since the last time."""
        await self._parties.touch(self._moved, self._session)
        await self._pairs.insert([self._stored[subject] for subject in sorted(self._new)], self._session)
        changed = sorted(self._changed - self._new)
        await self._pairs.save([self._stored[subject] for subject in changed], self._session)
        self._new, self._changed, self._moved, self._has_left_places = set(), set(), set(), False


def _place(pair: Pair) -> tuple[str, int] | None:
    """The guide's slot that a pair holds; None of one that is over."""
    return (pair.giving, pair.slot) if pair.is_open else None
