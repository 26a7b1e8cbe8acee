"""aiokafka's consumer that knows what it handed out of each partition, and commits what was handled."""

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    UnknownMemberIdError,
)
from pymongo.errors import PyMongoError

from shared.logging import describe_error, get_logger
from shared.messaging.places.guard import OffsetGuard
from shared.messaging.places.offsets import stamp
from shared.messaging.places.positions import Partition
from shared.messaging.reading.records import Raw

log = get_logger(__name__)

OPEN_LONG = timedelta(seconds=10)
"""From when on a transaction that is open is told of; Kobling's own take milliseconds."""
BEGINS_EVERY = timedelta(seconds=30)
"""How often it is asked where the logs begin: retention deletes whole segments, now and then."""
_LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class CommittingConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """Commits what was handled, and where nothing is in hand the position itself.

    Markers of transactions and a batch of exactly `max_records` leave the position ahead of the committed
    offset, and lag above 0, until somebody commits. A position is committed only where everything that was
    handed out before it has been handled; whatever goes wrong in between is read again.
    """

    def __init__(self, *topics: str, guard: OffsetGuard, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._guard = guard
        self._examined: Any = None
        """The assignment that was held against the database last; None where that is to be done again."""
        self._newest: dict[TopicPartition, int] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._begun: dict[TopicPartition, int] = {}
        self._handed: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        self._held: dict[TopicPartition, tuple[int, float]] = {}
        """Where the last stable offset stands still before the log's end, and since when (monotonic)."""
        self._begins: dict[TopicPartition, int] = {}
        """Where each log begins, as it was asked last."""
        self._asking: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Joins the group; asks for the logs' beginnings from then on, whatever is in hand meanwhile."""
        await super().start()
        self._asking = asyncio.create_task(self._ask_begins())

    async def stop(self) -> None:
        """Leaves the group."""
        if self._asking is not None:
            self._asking.cancel()
        await super().stop()

    async def _ask_begins(self) -> None:
        while True:
            with contextlib.suppress(KafkaError):
                self._begins = await self.beginning_offsets(list(self._positions()))
            await asyncio.sleep(BEGINS_EVERY.total_seconds())

    def _assignment(self) -> Any:
        """aiokafka's assignment: another object after each rebalance."""
        subscription = self._subscription.subscription
        return None if subscription is None else subscription.assignment

    def rewind(self, records: Sequence[Raw]) -> None:
        """Has unhandled records of a batch read again."""
        first: dict[TopicPartition, int] = {}
        for record in records:
            first.setdefault(TopicPartition(record.topic, record.partition), record.offset)
        self._rewind(
            {partition: max(offset, self._handled.get(partition, 0)) for partition, offset in first.items()}
        )

    def _rewind(self, positions: Mapping[TopicPartition, int]) -> None:
        assigned = self.assignment()
        for partition, offset in positions.items():
            if partition in assigned:
                self.seek(partition, offset)
                self._handed.pop(partition, None)

    def _others_first(self, records: "Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]") -> None:
        """aiokafka begins with the partition that it fetched first: one with a million records in a batch
        would keep all others waiting.
        """
        # It has no such step itself.
        fetched = self._fetcher._records  # noqa: SLF001
        for partition in records.keys() & fetched.keys():
            fetched.move_to_end(partition)

    async def commit_handled(self, offsets: Mapping[Partition, int]) -> None:
        """Commits what was stored. A partition that was lost meanwhile is its new owner's to commit."""
        handled = {TopicPartition(*partition): offset for partition, offset in offsets.items()}
        self._handled.update(handled)
        assigned = self.assignment()
        wanted = {partition: offset for partition, offset in handled.items() if partition in assigned}
        if not wanted or self._closed:
            return
        try:
            await self.commit(
                {
                    partition: (offset, stamp(self._newest.get(partition, 0)))
                    for partition, offset in wanted.items()
                }
            )
        except _LOST as error:
            log.info("commit_left_to_new_owner", **describe_error(error))
        except KafkaError as error:
            # Stored is stored: positions tell a redelivery, and the next commit covers this one.
            log.warning("commit_failed", **describe_error(error))
        else:
            self._committed.update(wanted)

    async def _commit_idle(self) -> None:
        ahead: dict[Partition, int] = {}
        if self._assignment() is not self._examined:
            return
        positions = self._positions()
        try:
            for partition, position in positions.items():
                if not self._waits(partition) and position > await self._known_committed(partition, position):
                    ahead[partition.topic, partition.partition] = position
            # Stored first: a committed offset beyond the stored one means that the database lost something.
            await self._guard.passed(ahead)
        except (KafkaError, PyMongoError) as error:
            log.info("idle_commit_skipped", **describe_error(error))
            return
        await self.commit_handled(ahead)

    def _positions(self) -> dict[TopicPartition, int]:
        found = {partition: self._position(partition) for partition in self.assignment()}
        return {partition: position for partition, position in found.items() if position is not None}

    def _position(self, partition: TopicPartition) -> int | None:
        # A partition without a position yet would make position() wait for its reset.
        subscription = self._subscription.subscription
        if subscription is None or subscription.assignment is None:
            return None
        state = subscription.assignment.state_value(partition)
        return int(state.position) if state is not None and state.has_valid_position else None

    async def _known_committed(self, partition: TopicPartition, position: int) -> int:
        known = self._committed.get(partition)
        if known is None or known > position:
            known = await self.committed(partition) or 0
            self._committed[partition] = known
        return known

    def lags(self) -> dict[TopicPartition, int]:
        """How much is committed to each polled partition beyond what was handled, in offsets."""
        return self._behind(self.last_stable_offset)

    def lags_to_end(self) -> dict[TopicPartition, int]:
        """How much each polled partition's log holds beyond what was handled, open transactions' with it."""
        return self._behind(self.highwater)

    def leads(self) -> dict[TopicPartition, int]:
        """How many offsets of each polled partition lie between its log's beginning, once that has moved, and
        what is to be handled next, where anything is.
        """
        return {
            partition: max(0, self.highwater(partition) - behind - begin)
            for partition, behind in self.lags_to_end().items()
            if behind and (begin := self._begins.get(partition, 0))
        }

    def held(self) -> dict[TopicPartition, float]:
        """For how many seconds an open transaction has held back what follows it, by partition; 0 where none
        does.
        """
        now = time.monotonic()
        return {
            partition: now - self._held[partition][1] if partition in self._held else 0.0
            for partition in self._positions()
        }

    def _long_held(self) -> str | None:
        """Names the transaction that has been open for the longest, where that is long."""
        self._look_at_stable()
        longest = max(self.held().items(), key=lambda one: one[1], default=None)
        if longest is None or longest[1] < OPEN_LONG.total_seconds():
            return None
        partition, seconds = longest
        return (
            f"{partition.topic}/{partition.partition}: a sender's transaction has been open for "
            f"{seconds:.0f} s, from offset {self._held[partition][0]} on; "
            f"what follows it waits for its end or its timeout"
        )

    def _look_at_stable(self) -> None:
        """Notes where the last stable offset stands still: an open transaction begins there."""
        now, held = time.monotonic(), {}
        for partition in self._positions():
            stable, end = self.last_stable_offset(partition), self.highwater(partition)
            if stable is not None and end is not None and 0 <= stable < end:
                known = self._held.get(partition)
                held[partition] = known if known is not None and known[0] == stable else (stable, now)
        self._held = held

    def _behind(self, end_of: Callable[[TopicPartition], int | None]) -> dict[TopicPartition, int]:
        found = {}
        for partition, position in self._positions().items():
            last = end_of(partition)
            in_hand = self._begun.get(partition, 0) if self._waits(partition) else position
            if last is not None and last >= 0:
                found[partition] = max(0, last - max(in_hand, self._handled.get(partition, 0)))
        return found

    def _waits(self, partition: TopicPartition) -> bool:
        """Whether records were handed out that aren't handled yet."""
        return self._handled.get(partition, -1) < self._handed.get(partition, -1)
