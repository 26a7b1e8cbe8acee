"""One batch of records, one transaction: load, decide in offset order, store, send, count; then commit."""

import asyncio
import random
from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from pymongo import UpdateOne
from pymongo.errors import DuplicateKeyError

from shared.clock import Clock
from shared.logging import describe_error, get_logger
from shared.messaging import retry
from shared.messaging.dead_letters import DeadLetters, dead_letter_id
from shared.messaging.health import Health
from shared.messaging.inbox import Inbox
from shared.messaging.outcome import Dead, Duplicate, Outcome, counter
from shared.messaging.parsing import Parser
from shared.messaging.positions import Partition, Positions
from shared.messaging.records import (
    Erased,
    Handled,
    Parsed,
    Raw,
    Readable,
    Received,
    Tick,
    Unreadable,
)
from shared.messaging.subscription import Subscription
from shared.messaging.work import OutgoingTooLarge, Work
from shared.mongo import Database, Session

log = get_logger(__name__)

Commit = Callable[[Mapping[Partition, int]], Awaitable[None]]
"""Commits each partition's next offset to the group."""


class Halted(RuntimeError):
    """Too many records died of unknown exceptions: this release must not go on."""


@dataclass(slots=True)
class BatchProcessor:
    """Handles the batches of one subscription.

    Infrastructure that is down is waited for, for ever. An unknown exception bisects the batch down to the
    record that raises it, which is tried `retry.TRIES` times and then quarantined.
    """

    subscription: Subscription
    database: Database
    service: str
    prefix: str
    clock: Clock
    dead_letters: DeadLetters
    health: Health
    wake_relay: Callable[[], None]
    batch_records: int
    batch_bytes: int
    backoff: retry.Backoff = field(default_factory=retry.Backoff)
    budget: retry.FailureBudget = field(default_factory=retry.FailureBudget)
    _parser: Parser = field(init=False)

    def __post_init__(self) -> None:
        self._parser = Parser(self.subscription.topic, self.prefix)

    async def process(self, records: Sequence[Raw], commit: Commit) -> None:
        """Handles records of any partitions, in the order given; commits what was stored.

        Raises Halted, having committed what was stored before.
        """
        parsed = [self._parser.parse(record) for record in records]
        for chunk in self._chunks(parsed):
            await self._handle(chunk)
            await commit(_next_offsets(chunk))

    def _chunks(self, parsed: Sequence[Parsed]) -> Iterator[list[Parsed]]:
        chunk: list[Parsed] = []
        size = 0
        for record in parsed:
            if chunk and (len(chunk) >= self.batch_records or size + record.raw.size > self.batch_bytes):
                yield chunk
                chunk, size = [], 0
            chunk.append(record)
            size += record.raw.size
        if chunk:
            yield chunk

    async def _handle(self, chunk: list[Parsed]) -> None:
        """Stores the chunk, whole or bisected."""
        failure = await self._attempt(chunk)
        if failure is None:
            self.budget.succeeded(len(chunk))
        elif len(chunk) > 1:
            middle = len(chunk) // 2
            await self._handle(chunk[:middle])
            await self._handle(chunk[middle:])
        else:
            await self._give_up(chunk[0], failure)

    async def _attempt(self, chunk: list[Parsed]) -> Exception | None:
        """Tries until the chunk is stored; returns the exception that is the records' own fault."""
        attempt = tries = 0
        while True:
            try:
                await self._store(chunk)
            except Exception as error:  # noqa: BLE001 (whatever it is, the records must not be lost)
                if retry.is_infrastructure(error):
                    self.health.degraded(self.subscription.name, type(error).__name__)
                    log.warning("batch_waits", subscription=self.subscription.name, **describe_error(error))
                else:
                    tries += 1
                    log.error("batch_failed", subscription=self.subscription.name, **describe_error(error))  # noqa: TRY400 (texts may quote a record)
                    if tries >= self._patience(chunk, error):
                        return error
                # Jitter needs no secrecy.
                delay = self.backoff.delay(attempt, random.random())  # noqa: S311
                attempt += 1
                await asyncio.sleep(delay.total_seconds())
            else:
                self.health.working(self.subscription.name)
                return None

    @staticmethod
    def _patience(chunk: list[Parsed], error: Exception) -> int:
        """How many tries an unknown exception deserves before the chunk is split or given up."""
        if isinstance(error, OutgoingTooLarge):
            return 1
        # Two replicas that insert the same document at once: a try later the loser reads the winner's.
        if isinstance(error, DuplicateKeyError):
            return retry.TRIES
        return 1 if len(chunk) > 1 else retry.TRIES

    async def _give_up(self, record: Parsed, failure: Exception) -> None:
        if isinstance(record, Tick):
            return
        code = "outgoing_too_large" if isinstance(failure, OutgoingTooLarge) else "unhandled_exception"
        if self.budget.failed():
            self.health.halted(self.subscription.name, "too many unknown exceptions")
            raise Halted(self.subscription.name)
        await self._attempt([Unreadable(record.raw, code)])

    async def _store(self, chunk: list[Parsed]) -> None:
        sends = await self.database.transact(lambda session: self._transaction(chunk, session))
        if sends:
            self.wake_relay()

    async def _transaction(self, chunk: list[Parsed], session: Session) -> bool:
        work = Work(session, self.database, self.service, self.prefix, self.clock.now())
        positions = await Positions.load(self.database, {_partition(record.raw) for record in chunk}, session)
        received = [record for record in chunk if isinstance(record, Received)]
        inbox = await Inbox.load(self.database, received if self.subscription.uses_inbox else [], session)
        outcomes = await self._outcomes(chunk, inbox, work)
        handled = self._count(chunk, outcomes, positions)
        if self.subscription.report is not None and handled:
            await self.subscription.report(handled, work)
        await self._quarantine(chunk, outcomes, work)
        if self.subscription.uses_inbox:
            await inbox.save(self.database, session)
        await positions.save(self.database, session)
        await work.flush()
        return work.sends

    async def _outcomes(self, chunk: list[Parsed], inbox: Inbox, work: Work) -> dict[int, Outcome]:
        """Each record's outcome by its index; a tick and a record handled before at this place have none."""
        outcomes: dict[int, Outcome] = {}
        fresh: list[tuple[int, Readable]] = []
        for index, record in enumerate(chunk):
            match record:
                case Unreadable():
                    outcomes[index] = Dead(record.code, record.field)
                case Erased():
                    fresh.append((index, record))
                case Received() if not self.subscription.uses_inbox:
                    fresh.append((index, record))
                case Received():
                    seen = inbox.find(record)
                    if seen is None:
                        inbox.expect(record)
                        fresh.append((index, record))
                    elif seen.place != (record.raw.partition, record.raw.offset):
                        same = seen.fingerprint == record.fingerprint
                        outcomes[index] = Duplicate() if same else Dead("id_collision", "id")
                case Tick():
                    pass
        decided = await self.subscription.apply([record for _, record in fresh], work) if fresh else []
        for (index, record), outcome in zip(fresh, decided, strict=True):
            outcomes[index] = outcome
            if (
                isinstance(record, Received)
                and self.subscription.uses_inbox
                and not isinstance(outcome, Dead)
            ):
                inbox.store(record)
        return outcomes

    def _count(
        self, chunk: list[Parsed], outcomes: Mapping[int, Outcome], positions: Positions
    ) -> list[Handled]:
        """Moves the positions; returns the first deliveries, which are the ones to count and to answer."""
        handled: list[Handled] = []
        for index, record in enumerate(chunk):
            partition = _partition(record.raw)
            outcome = outcomes.get(index)
            first = not positions.is_redelivery(partition, record.raw.offset)
            if first and outcome is not None and not isinstance(record, Tick):
                handled.append(Handled(record, outcome))
                positions.passed(partition, record.raw.offset, counter(outcome))
            else:
                positions.passed(partition, record.raw.offset, None)
        return handled

    async def _quarantine(self, chunk: list[Parsed], outcomes: Mapping[int, Outcome], work: Work) -> None:
        dead = [
            (chunk[index].raw, outcome) for index, outcome in outcomes.items() if isinstance(outcome, Dead)
        ]
        if not dead:
            return
        known = await self.dead_letters.known(
            self.database, [dead_letter_id(raw) for raw, _ in dead], work.session
        )
        writes: list[UpdateOne] = [
            self.dead_letters.refuse(raw, outcome, work, self._attempts(outcome))
            for raw, outcome in dead
            if dead_letter_id(raw) not in known
        ]
        if writes:
            await self.database["quarantine"].bulk_write(writes, ordered=False, session=work.session)

    @staticmethod
    def _attempts(outcome: Dead) -> int:
        return retry.TRIES if outcome.code == "unhandled_exception" else 1


def _partition(raw: Raw) -> Partition:
    return raw.topic, raw.partition


def _next_offsets(chunk: Sequence[Parsed]) -> dict[Partition, int]:
    offsets: dict[Partition, int] = {}
    for record in chunk:
        partition = _partition(record.raw)
        offsets[partition] = max(offsets.get(partition, 0), record.raw.offset + 1)
    return offsets
