"""Keeps the parties as the state topics tell them, and ends what a departure makes impossible."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from services.matching import wire
from services.matching.domain.course import end_because
from services.matching.domain.pair import EndReason
from services.matching.domain.waiting import Party
from services.matching.publish import forget, publish
from services.matching.readers import RefugeeRead, VolunteerRead
from services.matching.store import Known, Pairs, Parties, StoredPair
from shared.clock import local_time
from shared.messaging.reading.outcome import Applied, Outcome, Stale
from shared.messaging.reading.records import Cause, Erased, Readable, Received
from shared.messaging.work import Work


class States:
    """Applies refugees' and volunteers' states: one query and one bulk write a batch."""

    def __init__(self, parties: Parties, pairs: Pairs) -> None:
        self._parties = parties
        self._pairs = pairs

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
        left: dict[str, tuple[EndReason, Cause]] = {}
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
                left.setdefault(subject, (EndReason.WITHDRAWN, record.cause))
                gone.append(subject)
                outcomes.append(Applied())
                continue
            revision = record.envelope.revision or 0
            if revision <= before.revision:
                outcomes.append(Stale())
                continue
            known[subject] = before.changed(revision)
            party = party_of(record)
            changed[subject] = known[subject], party
            left.pop(subject, None)
            if party is None or _is_elsewhere(before, party.attributes.municipality):
                left[subject] = _reason(before, record), record.cause
            outcomes.append(Applied())
        await self._parties.save(changed, stored, work.session)
        await self._end_pairs(left, work)
        await forget(self._pairs, gone, work)
        return outcomes

    async def _end_pairs(self, left: dict[str, tuple[EndReason, Cause]], work: Work) -> None:
        """Ends the open pairs of those who left: the other side waits again with its seniority."""
        open_pairs = await self._pairs.open_of(left.keys(), work.session)
        ended: list[StoredPair] = []
        for stored in open_pairs:
            pair = stored.pair
            reason, cause = left[pair.receiving] if pair.receiving in left else left[pair.giving]
            after, facts = end_because(pair, reason, local_time(work.now, pair.municipality))
            ended.append(publish(replace(stored, pair=after), facts, cause, work))
        await self._pairs.save(ended, work.session)


def _refugee(record: Received) -> Party | None:
    state = record.data
    return wire.receiving(record.key, state) if isinstance(state, RefugeeRead) else None


def _volunteer(record: Received) -> Party | None:
    state = record.data
    return wire.giving(record.key, state) if isinstance(state, VolunteerRead) else None


def _is_elsewhere(stored: Known, municipality: str | None) -> bool:
    """Whether a municipality is another than that in which somebody is matched, if they are."""
    return None not in {stored.municipality, municipality} and stored.municipality != municipality


def _reason(stored: Known, record: Received) -> EndReason:
    if _is_elsewhere(stored, getattr(record.data, "municipality", None)):
        return EndReason.MOVED
    match getattr(record.data, "status", None):
        case "moved":
            return EndReason.MOVED
        case "restricted":
            return EndReason.RESTRICTED
        case _:
            return EndReason.WITHDRAWN
