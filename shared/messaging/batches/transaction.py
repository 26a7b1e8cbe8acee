"""What one transaction does with a batch: load, decide in offset order, store, send, count."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass, field

from pymongo import UpdateOne

from shared import retry
from shared.clock import Clock
from shared.contracts.topics import COMMANDS
from shared.messaging.batches.dead_letters import DeadLetters, dead_letter_id
from shared.messaging.batches.inbox import Inbox
from shared.messaging.places.positions import Partition, Positions
from shared.messaging.reading.outcome import Dead, Duplicate, Fault, Outcome, counter
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import (
    Erased,
    Handled,
    Parsed,
    Raw,
    Readable,
    Received,
    Tick,
    Unreadable,
)
from shared.messaging.refused import Refusal
from shared.messaging.subscription import HandledBefore, Hearing, Subscription
from shared.messaging.tracing.spans import Span, Tracer
from shared.messaging.work import Work
from shared.mongo import Database, Session

Place = tuple[str, int, int]
"""Topic, partition and offset."""


@dataclass(frozen=True, slots=True)
class Stored:
    """What a transaction leaves: whether there is anything for the relay, whether a row is due already, its
    outcomes by partition, the records that it refused for the first time, the commands that it rejected; the
    first deliveries with their outcomes, and the spans to end besides those of records.
    """

    sends: bool
    falls_due: bool
    counted: Mapping[Partition, Counter[str]]
    refused: Sequence[Refusal]
    rejected: Sequence[Refusal]
    handled: Sequence[Handled]
    spans: Sequence[Span]


@dataclass(slots=True)
class _Batch:
    """The outcomes of a batch by the indexes of its records, those that are to be applied yet, and those
    refused meanwhile of which the subscription is to hear.
    """

    subscription: Subscription
    inbox: Inbox
    work: Work
    handled_before: HandledBefore
    outcomes: dict[int, Outcome] = field(default_factory=dict)
    fresh: dict[int, Readable] = field(default_factory=dict)
    refused: dict[int, Handled] = field(default_factory=dict)

    def refuse(self, index: int, record: Received | Unreadable, outcome: Dead) -> None:
        """A record that is dead whatever the subscription says."""
        self.outcomes[index] = outcome
        if isinstance(self.subscription.apply, Hearing):
            self.refused[index] = Handled(record, outcome)

    async def apply(self) -> None:
        """Applies what is fresh, in order, and takes it off the list."""
        if self.fresh or self.refused:
            for (index, record), outcome in zip(self.fresh.items(), await self._decided(), strict=True):
                self.outcomes[index] = outcome
                if isinstance(record, Received) and self.subscription.uses_inbox:
                    if isinstance(outcome, Dead):
                        self.inbox.release(record)
                    else:
                        self.inbox.store(record)
            self.fresh.clear()
            self.refused.clear()

    async def _decided(self) -> Sequence[Outcome]:
        """The outcome of each fresh record."""
        apply = self.subscription.apply
        if not isinstance(apply, Hearing):
            return await apply(list(self.fresh.values()), self.work)
        if not self.refused:
            return await apply.apply(list(self.fresh.values()), self.work, self.handled_before)
        records: dict[int, Readable | Handled] = {**self.fresh, **self.refused}
        places = sorted(records)
        decided = await apply.apply([records[index] for index in places], self.work, self.handled_before)
        return [outcome for index, outcome in zip(places, decided, strict=True) if index in self.fresh]


@dataclass(frozen=True, slots=True)
class BatchTransaction:
    """The transaction of one subscription's batches. It may run any number of times with the same records."""

    subscription: Subscription
    database: Database
    service: str
    prefix: str
    clock: Clock
    dead_letters: DeadLetters
    tracer: Tracer | None = None
    parser: Parser = field(init=False)

    def __post_init__(self) -> None:
        subscription = self.subscription
        parser = Parser(subscription.topic, self.prefix, subscription.reader)
        object.__setattr__(self, "parser", parser)

    def reads(self, topic: str) -> bool:
        """Whether a topic is this subscription's, or one of its family."""
        family = self.subscription.topic
        if family.is_family:
            return re.fullmatch(family.pattern(self.prefix), topic) is not None
        return topic == self.prefix + family.name

    async def run_again(self, raw: Raw, work: Work) -> Outcome:
        """Handles a refused record once more, inside another transaction; counts and answers nothing."""
        record = self.parser.parse(raw)
        if isinstance(record, Tick):
            return Duplicate()
        fresh = [record] if isinstance(record, Received) and self.subscription.uses_inbox else []
        inbox = await Inbox.load(self.database, fresh, work.session)
        outcomes = await self._outcomes([record], inbox, work, lambda _: True)
        await inbox.save(self.database, work.session)
        return outcomes.get(0, Duplicate())

    async def run(self, chunk: Sequence[Parsed], session: Session) -> Stored:
        """Handles records in the order given."""
        work = Work(session, self.database, self.service, self.prefix, self.clock.now(), self.tracer)
        positions = await Positions.load(
            self.database, {partition_of(record.raw) for record in chunk}, session
        )
        received = [record for record in chunk if isinstance(record, Received)]
        inbox = await Inbox.load(self.database, received if self.subscription.uses_inbox else [], session)

        # In the order of their offsets, before anybody asks: that a log lost its end shows at its first newer
        # record.
        again = {place_of(record.raw) for record in chunk if _is_again(record.raw, positions)}
        outcomes = await self._outcomes(chunk, inbox, work, lambda raw: place_of(raw) in again)
        handled = self._count(chunk, outcomes, positions, again)
        if self.subscription.report is not None and handled:
            await self.subscription.report(handled, work)
        await self._quarantine(chunk, outcomes, work)
        if self.subscription.uses_inbox:
            await inbox.save(self.database, session)
        await positions.save(self.database, session)
        await work.flush()
        refused = [
            Refusal.of(item.record.raw, item.outcome.code)
            for item in handled
            if isinstance(item.outcome, Dead)
        ]
        return Stored(
            work.sends, work.falls_due, positions.counted, refused, work.rejected, handled, work.spans
        )

    async def _outcomes(
        self, chunk: Sequence[Parsed], inbox: Inbox, work: Work, handled_before: HandledBefore
    ) -> dict[int, Outcome]:
        """Each record's outcome by its index; a tick and a record handled before at this place have none."""
        batch = _Batch(self.subscription, inbox, work, handled_before)
        for index, record in enumerate(chunk):
            match record:
                case Unreadable():
                    batch.refuse(index, record, Dead(record.code, record.field, record.faults))
                case Received() if self.subscription.uses_inbox:
                    if inbox.awaits(record):
                        # A second record of an id: what it is depends on what became of the first.
                        await batch.apply()
                    judged = self._judged(record, inbox, handled_before)
                    if judged is None:
                        inbox.expect(record)
                        batch.fresh[index] = record
                    elif isinstance(judged, Dead):
                        batch.refuse(index, record, judged)
                    elif not isinstance(judged, Tick):
                        batch.outcomes[index] = judged
                case Received() | Erased():
                    batch.fresh[index] = record
                case Tick():
                    pass
        await batch.apply()
        return batch.outcomes

    @staticmethod
    def _judged(record: Received, inbox: Inbox, handled_before: HandledBefore) -> Outcome | Tick | None:
        """What the inbox says of a record: None where it is new, a Tick where it is this very one again."""
        seen = inbox.find(record)
        if seen is None:
            return None
        same, raw = seen.fingerprint == record.fingerprint, record.raw
        # The place alone would do, did no log ever lose its end, or begin anew.
        if seen.place == (raw.partition, raw.offset) and handled_before(raw):
            return Tick(raw)
        if same:
            return Duplicate()
        return Dead.of([Fault("id_collision", "id", "envelope")])

    def _count(
        self,
        chunk: Sequence[Parsed],
        outcomes: Mapping[int, Outcome],
        positions: Positions,
        again: Set[Place],
    ) -> list[Handled]:
        """Moves the positions; returns the first deliveries, which are the ones to count and to answer: those
        that are not there `again`.
        """
        handled: list[Handled] = []
        for index, record in enumerate(chunk):
            raw = record.raw
            partition, outcome = partition_of(raw), outcomes.get(index)
            is_first = not again or place_of(raw) not in again
            if is_first and outcome is not None and not isinstance(record, Tick):
                handled.append(Handled(record, outcome))
                positions.passed(partition, raw.offset, raw.timestamp, counter(outcome))
            else:
                positions.passed(partition, raw.offset, raw.timestamp, None)
        return handled

    async def _quarantine(self, chunk: Sequence[Parsed], outcomes: Mapping[int, Outcome], work: Work) -> None:
        dead = [(chunk[index], outcome) for index, outcome in outcomes.items() if isinstance(outcome, Dead)]
        if not dead:
            return
        known = await self.dead_letters.known(
            self.database, [dead_letter_id(record.raw) for record, _ in dead], work.session
        )
        writes: list[UpdateOne] = [
            self.dead_letters.refuse(
                record.raw,
                outcome,
                work,
                self._attempts(outcome),
                command=self.subscription.topic in COMMANDS.values(),
            )
            for record, outcome in dead
            if dead_letter_id(record.raw) not in known
        ]
        if writes:
            await self.database["quarantine"].bulk_write(writes, ordered=False, session=work.session)

    @staticmethod
    def _attempts(outcome: Dead) -> int:
        return retry.TRIES if outcome.code == "unhandled_exception" else 1


def partition_of(raw: Raw) -> Partition:
    """The partition in which a record stands."""
    return raw.topic, raw.partition


def place_of(raw: Raw) -> Place:
    """Where a record stands."""
    return raw.topic, raw.partition, raw.offset


def _is_again(raw: Raw, positions: Positions) -> bool:
    return positions.is_redelivery(partition_of(raw), raw.offset, raw.timestamp)
