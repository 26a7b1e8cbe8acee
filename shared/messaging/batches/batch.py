"""Batches: one transaction each, then the commit; retries, and what to do with records that raise."""

from collections.abc import Awaitable, Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from pymongo.errors import BulkWriteError, DuplicateKeyError

from shared import retry
from shared.contracts.commands import RunBatch
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.batches.traced import ended, with_spans
from shared.messaging.batches.transaction import BatchTransaction, partition_of
from shared.messaging.metrics import Metrics
from shared.messaging.places.positions import Partition
from shared.messaging.reading.records import Parsed, Raw, Received, Unreadable
from shared.messaging.refused import tell_refused
from shared.messaging.work import OutgoingTooLarge
from shared.mongo import Session

log = get_logger(__name__)

Commit = Callable[[Mapping[Partition, int]], Awaitable[None]]
"""Commits each partition's next offset to the group."""

DUPLICATE_KEY = 11000
UNHANDLED = "unhandled_exception"

Step = Callable[[Sequence[Parsed]], Awaitable[None]]


class Halted(RuntimeError):
    """Too many records died of unknown exceptions: this release must not go on."""


class _RolledBack(Exception):
    """Ends a trial, so that it leaves nothing."""


class _TooMuch(Exception):
    """Several records at once are more than the server bears in one transaction, in bytes or in seconds."""


@dataclass(slots=True)
class BatchProcessor:
    """Handles the batches of one subscription.

    Infrastructure that is down is waited for, for ever. After an unknown exception the records that raise it
    are found by bisecting in transactions that are rolled back; each is tried `retry.TRIES` times. Then the
    batch is stored with those in quarantine, or, where they are more than a sound release could have,
    nothing is stored and the subscription halts.
    """

    transaction: BatchTransaction
    health: Health
    wake_relay: Callable[[], None]
    wake_due: Callable[[], None]
    batch_records: int
    batch_bytes: int
    backoff: retry.Backoff = field(default_factory=retry.Backoff)
    budget: retry.FailureBudget = field(default_factory=retry.FailureBudget)
    metrics: Metrics = field(default_factory=Metrics)

    @property
    def name(self) -> str:
        """The subscription's name."""
        return self.transaction.subscription.name

    async def process(self, records: Sequence[Raw], commit: Commit) -> None:
        """Handles records of any partitions, in the order given; commits what was stored.

        Raises Halted, having committed what was stored before.
        """
        parsed = [self.transaction.parser.parse(record) for record in records]
        for chunk in self._chunks(parsed):
            with self.metrics.batch_time(self.name).time():
                await self._handle(with_spans(chunk, self.transaction))
                await commit(_next_offsets(chunk))

    def _chunks(self, parsed: Sequence[Parsed]) -> Iterator[list[Parsed]]:
        chunk: list[Parsed] = []
        count = size = 0
        for record in parsed:
            more = _count(record)
            is_full = count + more > self.batch_records or size + record.raw.size > self.batch_bytes
            if chunk and is_full:
                yield chunk
                chunk, count, size = [], 0, 0
            chunk.append(record)
            count += more
            size += record.raw.size
        if chunk:
            yield chunk

    async def _handle(self, chunk: Sequence[Parsed]) -> None:
        """Stores the chunk, or each half of it where it is too much for one transaction."""
        try:
            await self._handle_whole(chunk)
        except _TooMuch:
            await self._halve(chunk)

    async def _halve(self, chunk: Sequence[Parsed]) -> None:
        middle = len(chunk) // 2
        await self._handle(chunk[:middle])
        await self._handle(chunk[middle:])

    async def _handle_whole(self, chunk: Sequence[Parsed]) -> None:
        """Stores the chunk, with the records that can't be handled in quarantine. Raises _TooMuch."""
        if await self._attempt(chunk, self._store, tries=1) is None:
            self.budget.succeeded(len(chunk))
            return
        poison: dict[int, str] = {}
        await self._find_poison(chunk, 0, len(chunk), poison)
        if not poison and len(chunk) > 1:
            # Each record is sound, and all together are not.
            await self._halve(chunk)
            return
        sound = [
            _refused(record, poison[index]) if index in poison else record
            for index, record in enumerate(chunk)
        ]
        if await self._attempt(sound, self._store, tries=retry.TRIES) is not None:
            self._halt("a batch can't be stored, and no record of it is at fault")
        self.budget.count(failures=_failures(poison), records=len(chunk))

    async def _find_poison(
        self, chunk: Sequence[Parsed], start: int, stop: int, poison: dict[int, str]
    ) -> None:
        """Adds each record from `start` to `stop` that can't be handled, by its index, with a code.

        Raises Halted as soon as there are too many.
        """
        single = stop - start == 1
        failure = await self._attempt(chunk[start:stop], self._try, tries=retry.TRIES if single else 1)
        if failure is None:
            return
        if not single:
            middle = (start + stop) // 2
            await self._find_poison(chunk, start, middle, poison)
            await self._find_poison(chunk, middle, stop, poison)
            return
        # It may be sound after those before it, whose effects a trial of its own does not see.
        before = [record for index, record in enumerate(chunk[:start]) if index not in poison]
        if before and await self._attempt([*before, chunk[start]], self._try, tries=1) is None:
            return
        too_large = isinstance(failure, OutgoingTooLarge)
        poison[start] = "outgoing_too_large" if too_large else UNHANDLED
        if not self.budget.allows(_failures(poison)):
            self._halt("too many records died of unknown exceptions")

    def _halt(self, cause: str) -> None:
        self.health.halted(self.name, cause)
        raise Halted(f"{self.name}: {cause}")

    async def _attempt(self, chunk: Sequence[Parsed], step: Step, tries: int) -> Exception | None:
        """Runs a step until it succeeds; after `tries`, returns an exception that is the records' fault.

        Raises _TooMuch where there are several, and half of them may succeed.
        """
        waits = retry.Waits(self.backoff)
        failed = 0
        while True:
            try:
                await step(chunk)
            except Exception as error:  # noqa: BLE001 (whatever it is, the records must not be lost)
                if len(chunk) > 1 and retry.is_too_much(error):
                    log.warning("batch_halved", subscription=self.name, **describe_error(error))
                    raise _TooMuch from None
                if retry.is_infrastructure(error):
                    self.health.degraded(self.name, retry.cause_of(error, self.transaction.database))
                    log.warning("batch_waits", subscription=self.name, **describe_error(error))
                else:
                    # Their texts may quote a record.
                    log.error("batch_failed", subscription=self.name, **describe_error(error))  # noqa: TRY400
                    failed += 1
                    if failed >= _patience(error, tries):
                        return error
                await waits.sleep()
            else:
                self.health.working(self.name)
                return None

    async def _store(self, chunk: Sequence[Parsed]) -> None:
        stored = await self.transaction.database.transact(
            lambda session: self.transaction.run(chunk, session)
        )
        self.metrics.stored(stored.counted)
        self.metrics.count_refused(stored.refused)
        tell_refused("records_refused", stored.refused)
        self.metrics.count_rejected(stored.rejected)
        tell_refused("commands_rejected", stored.rejected)
        if self.transaction.tracer is not None:
            ended(chunk, stored)
        if stored.sends:
            self.wake_relay()
        if stored.falls_due:
            self.wake_due()

    async def _try(self, chunk: Sequence[Parsed]) -> None:
        """Does everything that storing does, and leaves nothing."""

        async def trial(session: Session) -> None:
            await self.transaction.run(chunk, session)
            raise _RolledBack

        try:
            await self.transaction.database.transact(trial)
        except _RolledBack:
            return


def _patience(error: Exception, tries: int) -> int:
    """How many tries an exception deserves."""
    if isinstance(error, OutgoingTooLarge):
        return 1
    # Two replicas that insert the same document at once: a try later the loser reads the winner's.
    return retry.TRIES if _is_duplicate_key(error) else tries


def _failures(poison: Mapping[int, str]) -> int:
    """How many records a release is to blame for: a record's size is its sender's."""
    return sum(code == UNHANDLED for code in poison.values())


def _is_duplicate_key(error: Exception) -> bool:
    if isinstance(error, BulkWriteError):
        return any(
            fault.get("code") == DUPLICATE_KEY for fault in (error.details or {}).get("writeErrors", [])
        )
    return isinstance(error, DuplicateKeyError)


def _refused(record: Parsed, code: str) -> Unreadable:
    """A record that can't be handled, with what is needed to answer it."""
    if isinstance(record, Received):
        return Unreadable(record.raw, code, None, record.owner, {"id": record.envelope.id}, span=record.span)
    if isinstance(record, Unreadable):
        return replace(record, code=code, field=None, faults=())
    return Unreadable(record.raw, code)


def _next_offsets(chunk: Sequence[Parsed]) -> dict[Partition, int]:
    offsets: dict[Partition, int] = {}
    for record in chunk:
        partition = partition_of(record.raw)
        offsets[partition] = max(offsets.get(partition, 0), record.raw.offset + 1)
    return offsets


def _count(record: Parsed) -> int:
    """How many decisions a record asks for: a batch of commands holds several."""
    data = record.data if isinstance(record, Received) else None
    return len(data.commands) if isinstance(data, RunBatch) else 1
