"""Keeps the parties as the state topics tell them, and has their pairs follow."""

import itertools
from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

from services.matching import wire
from services.matching.domain.pair import EndReason, Side
from services.matching.domain.presence import follow, has_moved, look_after
from services.matching.domain.waiting import Party, presence_of
from services.matching.publish import Publisher
from services.matching.readers import PersonRead, RefugeeRead, VolunteerRead
from services.matching.store import Known, Pairs, Parties, StoredPair
from shared.clock import local_time
from shared.messaging.reading.outcome import Applied, Outcome, Stale
from shared.messaging.reading.records import Cause, Erased, Readable, Received
from shared.messaging.work import Work


class Why(NamedTuple):
    """Why the pairs of who takes no part any more end, by what record, and where it says that they are: by
    the municipality's codes, the one now first.
    """

    reason: EndReason
    cause: Cause
    where: tuple[str, ...] = ()


class States:
    """Applies refugees' and volunteers' states: one query and one bulk write a batch."""

    def __init__(self, parties: Parties, pairs: Pairs, publisher: Publisher) -> None:
        self._parties = parties
        self._pairs = pairs
        self._publisher = publisher

    async def refugees(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Applies records of `refugees.v1`."""
        return await self._apply(records, work, _refugee)

    async def volunteers(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Applies records of `volunteers.v1`."""
        return await self._apply(records, work, _volunteer)

    async def _apply(
        self, records: Sequence[Readable], work: Work, party_of: Callable[[Received], Party | None]
    ) -> list[Outcome]:
        known = await self._parties.known((record.key for record in records), work.session)
        stored = frozenset(known)
        changed: dict[str, tuple[Known, Party | None]] = {}
        causes: dict[str, Why] = {}
        gone: list[str] = []
        outcomes: list[Outcome] = []
        for record in records:
            subject = record.key
            before = known.get(subject, Known())
            if before.erased:
                # A batch that a paused replica held meanwhile must not bring anybody back.
                outcomes.append(Stale())
                continue
            if isinstance(record, Erased):
                known[subject] = before.gone()
                changed[subject] = known[subject], None
                # A pair ends as it does with whoever leaves: nobody shall learn why this one is gone.
                causes.setdefault(subject, Why(EndReason.WITHDRAWN, record.cause))
                gone.append(subject)
                outcomes.append(Applied())
                continue
            revision = record.envelope.revision or 0
            if revision <= before.revision:
                outcomes.append(Stale())
                continue
            party, coordinator = party_of(record), getattr(record.data, "coordinator", None)
            known[subject] = before.changed(revision, coordinator, record.cause.kept, left=party is None)
            changed[subject] = known[subject], party
            causes[subject] = Why(_reason(record), record.cause, _where(record))
            outcomes.append(Applied())
        await self._parties.save(changed, stored, work.session)
        # Who is new here has no pair.
        followed = {subject: changed[subject][1] for subject in changed.keys() & stored}
        await self._follow(followed, causes, work)
        if gone:
            await self._publisher.forget(self._pairs, gone, causes[gone[0]].cause, work)
        return outcomes

    async def _follow(
        self, parties: Mapping[str, Party | None], causes: Mapping[str, Why], work: Work
    ) -> None:
        """Has open pairs do as their people's new states say: end, pause, or go on."""
        open_pairs = await self._pairs.open_of(parties.keys(), work.session)
        followed = {stored.pair.subject: stored for stored in open_pairs}
        sides: tuple[Side, ...] = ("receiving", "giving")
        for subject, side in itertools.product(tuple(followed), sides):
            stored = followed[subject]
            pair, person = stored.pair, getattr(stored.pair, side)
            if person not in parties or not pair.is_open:
                continue
            why, now = causes[person], local_time(work.now, pair.municipality)
            moved = bool(why.where) and has_moved(pair, why.where[0], why.where[1:])
            reason = EndReason.MOVED if moved else why.reason
            after, facts = follow(pair, side, presence_of(parties[person]), reason, now)
            followed[subject] = self._publisher.publish(stored, after, facts, why.cause, work)
        await self._look_after(followed, causes, work)
        changed = [followed[stored.pair.subject] for stored in open_pairs]
        await self._pairs.save(
            [new for new, old in zip(changed, open_pairs, strict=True) if new != old], work.session
        )

    async def _look_after(self, pairs: dict[str, StoredPair], causes: Mapping[str, Why], work: Work) -> None:
        """Gives open pairs the coordinators of their people."""
        people = {person for item in pairs.values() for person in (item.pair.receiving, item.pair.giving)}
        known = await self._parties.known(people, work.session) if people else {}
        for subject, stored in pairs.items():
            both = [known.get(person, Known()) for person in (stored.pair.receiving, stored.pair.giving)]
            pair, facts = look_after(stored.pair, *(person.coordinator for person in both))
            cause = next(causes[person].cause for person in (pair.receiving, pair.giving) if person in causes)
            pairs[subject] = self._publisher.publish(stored, pair, facts, cause, work)


def _refugee(record: Received) -> Party | None:
    state = record.data
    return wire.receiving(record.key, state) if isinstance(state, RefugeeRead) else None


def _volunteer(record: Received) -> Party | None:
    state = record.data
    return wire.giving(record.key, state) if isinstance(state, VolunteerRead) else None


def _where(record: Received) -> tuple[str, ...]:
    state = record.data
    return (state.municipality, *(state.former_codes or ())) if isinstance(state, PersonRead) else ()


def _reason(record: Received) -> EndReason:
    """Why the pairs of who takes no part any more end."""
    match getattr(record.data, "status", None):
        case "moved":
            return EndReason.MOVED
        case "restricted":
            return EndReason.RESTRICTED
        case _:
            return EndReason.WITHDRAWN
