"""Records in: projections by revision for state topics, counters for rounds."""

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

from services.reporting import wire
from services.reporting.documents import EVER_SETTLED, REFUGEES, Projection
from services.reporting.domain.occurrences import Counts, Rebuilt, summed
from services.reporting.readers import PairRead, RefugeeRead, VolunteerRead
from services.reporting.store import Repository
from shared.messaging.reading.outcome import Applied, Dead, Outcome, Stale
from shared.messaging.reading.records import Erased, Readable, Received
from shared.messaging.subscription import Apply
from shared.messaging.work import Work


class Reporting:
    """Applies what the other services publish."""

    def __init__(self, repository: Repository) -> None:
        self._repository = repository

    def states(self, kind: str) -> Apply:
        """Keeps what the figures need of a state topic's subjects: one query and one bulk write a batch.

        What occurred stays counted when its subject is erased, without the subject: a count that fell would
        tell the hour at which somebody was taken back.
        """

        async def apply(records: Sequence[Readable], work: Work) -> list[Outcome]:
            known = await self._repository.projections(kind, (record.key for record in records), work.session)
            rebuilt = await self._repository.rebuilt(work.session)
            stored = frozenset(known)
            changed: dict[str, Projection] = {}
            outlived: dict[str, Counts] = {}
            settled = _Settled()
            outcomes: list[Outcome] = []
            traces: list[str] = []
            for record in records:
                before = known.get(record.key, Projection())
                outcome, after = _stepped(before, record, rebuilt)
                outcomes.append(outcome)
                if after is not None:
                    traces += () if (trace := record.cause.kept) is None else (trace,)
                    known[record.key] = changed[record.key] = after
                    if kind == REFUGEES:
                        settled.add(before, after, _partition(record))
                    if after.erased:
                        counts = outlived.setdefault(f"{kind}-{_partition(record)}", Counter())
                        counts.update(summed(before.occurrences.open))
            await self._repository.save(kind, changed, stored, work.session)
            await self._tally(outlived, work)
            await self._repository.settled.count(settled.by_partition, work.session)
            await self._repository.traces.add(traces, work.session)
            return outcomes

        return apply

    async def rounds(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Counts rounds; the inbox has taken out those met before."""
        by_partition: dict[str, Counts] = {}
        rebuilt = await self._repository.rebuilt(work.session)
        for record in records:
            occurrence = wire.round_run(record) if isinstance(record, Received) else None
            if occurrence is not None and not rebuilt.counted(occurrence, record.raw.timestamp):
                counts = by_partition.setdefault(_partition(record), Counter())
                counts.update(summed([occurrence]))
        await self._tally(by_partition, work)
        return [Applied() for _ in records]

    async def _tally(self, by_partition: dict[str, Counts], work: Work) -> None:
        for partition, counts in by_partition.items():
            await self._repository.tally(counts, partition, work.session)


class _Settled:
    """Who is settled for the first time, and who is erased, by partition and municipality."""

    def __init__(self) -> None:
        self.by_partition: dict[str, tuple[Counter[str], Counter[str]]] = {}

    def add(self, before: Projection, after: Projection, partition: str) -> None:
        """Counts what a record changed."""
        if len(after.occurrences.counted) == len(before.occurrences.counted):
            return
        there = before.occurrences.municipalities(EVER_SETTLED)
        now = after.occurrences.municipalities(EVER_SETTLED)
        new, erased = self.by_partition.setdefault(partition, (Counter(), Counter()))
        for municipality in now - there:
            new[municipality] += 1
        if after.erased:
            erased.update(there)


def _stepped(known: Projection, record: Readable, rebuilt: Rebuilt) -> tuple[Outcome, Projection | None]:
    match record:
        case Erased():
            return (Stale(), None) if known.erased else (Applied(), Projection(known.revision, erased=True))
        case Received():
            revision = record.envelope.revision
            if revision is None:
                return Dead("field_missing", "revision"), None
            # A batch that a paused replica held while the subject was erased must not bring it back.
            if known.erased or revision <= known.revision:
                return Stale(), None
            live, found = wire.projected(record)
            counted = [
                occurrence for occurrence in found if rebuilt.counted(occurrence, record.raw.timestamp)
            ]
            before = known.occurrences
            if isinstance(state := record.data, RefugeeRead | VolunteerRead | PairRead):
                before = before.under(state.municipality, state.former_codes or ())
            occurrences = before.with_counted(counted).with_new(found)
            return Applied(), Projection(revision, live, occurrences)
        case _:
            assert_never(record)


def _partition(record: Readable) -> str:
    return str(record.raw.partition)
