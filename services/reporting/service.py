"""Records in: projections by revision for state topics, counters for log topics."""

from collections import Counter
from collections.abc import Sequence
from typing import assert_never

from services.reporting import wire
from services.reporting.documents import Projection
from services.reporting.domain.figures import ALL, NOTIFICATIONS_SENT
from services.reporting.domain.projection import Counts, Rebuilt
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
        """Keeps what the figures need of a state topic's subjects: one query and one bulk write a batch."""

        async def apply(records: Sequence[Readable], work: Work) -> list[Outcome]:
            known = await self._repository.projections(kind, (record.key for record in records), work.session)
            rebuilt = await self._repository.rebuilt(work.session)
            stored = frozenset(known)
            changed: dict[str, Projection] = {}
            outcomes: list[Outcome] = []
            for record in records:
                outcome, after = _stepped(known.get(record.key, Projection()), record, rebuilt)
                outcomes.append(outcome)
                if after is not None:
                    known[record.key] = changed[record.key] = after
            await self._repository.save(kind, changed, stored, work.session)
            return outcomes

        return apply

    async def rounds(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Counts rounds; the inbox has taken out those met before."""
        by_partition: dict[str, Counts] = {}
        rebuilt = await self._repository.rebuilt(work.session)
        for record in records:
            occurrence = wire.round_run(record) if isinstance(record, Received) else None
            if occurrence is not None and not rebuilt.counted(occurrence.month, record.raw.timestamp):
                counts = by_partition.setdefault(_partition(record), Counter())
                counts[
                    (occurrence.municipality, occurrence.programme), occurrence.figure, occurrence.month
                ] += 1
        await self._tally(by_partition, work)
        return [Applied() for _ in records]

    async def notifications(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Counts messages that were sent, in the municipality of whom or what they are about."""
        rebuilt = await self._repository.rebuilt(work.session)
        sent = [
            (_partition(record), about)
            for record in records
            if isinstance(record, Received)
            and (about := wire.sent_about(record)) is not None
            and not rebuilt.counted(about[1], record.raw.timestamp)
        ]
        homes = await self._repository.homes((subject for _, (subject, _) in sent), work.session)
        by_partition: dict[str, Counts] = {}
        unplaced: Counter[tuple[str, str]] = Counter()
        for partition, (subject, month) in sent:
            if subject in homes:
                counts = by_partition.setdefault(partition, Counter())
                counts[(homes[subject], ALL), NOTIFICATIONS_SENT.name, month] += 1
            else:
                unplaced[subject, month] += 1
        await self._tally(by_partition, work)
        await self._repository.hold(unplaced, work.session)
        return [Applied() for _ in records]

    async def _tally(self, by_partition: dict[str, Counts], work: Work) -> None:
        for partition, counts in by_partition.items():
            await self._repository.tally(counts, partition, work.session)


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
                occurrence for occurrence in found if rebuilt.counted(occurrence.month, record.raw.timestamp)
            ]
            occurrences = known.occurrences.with_counted(counted).with_new(found)
            return Applied(), Projection(revision, live, occurrences)
        case _:
            assert_never(record)


def _partition(record: Readable) -> str:
    return str(record.raw.partition)
