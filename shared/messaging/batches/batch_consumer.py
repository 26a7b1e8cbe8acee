"""aiokafka's consumer as Kobling needs it: it waits, looks at what it is assigned, and commits when idle."""

import asyncio
import gc
import time
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import (
    CommitFailedError,
    ConsumerStoppedError,
    IllegalGenerationError,
    IllegalStateError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
    UnknownMemberIdError,
)
from pymongo.errors import PyMongoError

from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.places.guard import DatabaseBehind, OffsetGuard
from shared.messaging.places.offsets import Committed, stamp
from shared.messaging.places.positions import Partition
from shared.messaging.reading.records import FaultyRecord, Raw

log = get_logger(__name__)

IDLE_COMMIT = timedelta(seconds=1)
POLL_MS = 500
GATHER_MS = 5
"""How long a small batch waits for what came while the last one was handled."""
SMALL = 10
"""A batch is small that is less than the tenth part of a full one."""
SILENCE = timedelta(seconds=15)
"""A broker answers each fetch within half a second; one that is silent for so long is not there."""
UNDECODABLE = "header_not_utf8"
"""aiokafka decodes names of headers itself, as UTF-8; it knows no other record that it can't decode."""
ONE_BY_ONE = 1000

_LOST = (CommitFailedError, IllegalGenerationError, IllegalStateError, UnknownMemberIdError)


class BatchConsumer(AIOKafkaConsumer):  # type: ignore[misc]
    """aiokafka's consumer, waiting in `getmany` and committing idle positions there.

    Whatever is newly assigned is held against the database before its first record is handed out. It needs
    `auto_offset_reset="none"`: where reading begins is decided here, so that no jump goes unseen.

    Markers of transactions and a batch of exactly `max_records` leave the position ahead of the committed
    offset, and lag above 0, until somebody commits. A position is committed only where everything that was
    handed out before it has been handled; whatever goes wrong in between is read again.
    """

    def __init__(self, *topics: str, name: str, health: Health, guard: OffsetGuard, **options: Any) -> None:
        super().__init__(*topics, **options)
        self._name = name
        self._health = health
        self._guard = guard
        self._examined: Any = None
        self._out_of_range: set[TopicPartition] = set()
        self._newest: dict[TopicPartition, int] = {}
        self._idle_commit_at = time.monotonic()
        self._committed: dict[TopicPartition, int] = {}
        self._begun: dict[TopicPartition, int] = {}
        self._handed: dict[TopicPartition, int] = {}
        self._handled: dict[TopicPartition, int] = {}
        # What a second request failed with; the next poll begins with it.
        self._late: Exception | None = None

    async def getmany(
        self, *partitions: TopicPartition, timeout_ms: int = 0, max_records: int | None = None
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The next records of any partition; waits up to `POLL_MS` for them."""
        if self._closed:
            raise ConsumerStoppedError
        self._health.alive(self._name)
        if not await self._examine():
            await asyncio.sleep(POLL_MS / 1000)
            return {}
        if time.monotonic() - self._idle_commit_at > IDLE_COMMIT.total_seconds():
            await self._commit_idle()
            self._idle_commit_at = time.monotonic()
        begun = self._positions()
        records: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]
        try:
            records = await self._next(partitions, max(timeout_ms, POLL_MS), max_records)
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
            self._begin_anew(error)
            return {}
        except KafkaError as error:
            self._health.degraded(self._name, type(error).__name__)
            self._rewind(begun)
            raise
        except Exception as error:  # noqa: BLE001 (aiokafka drops what it had taken from other partitions)
            log.error("records_not_decoded", subscription=self._name, **describe_error(error))  # noqa: TRY400
            begun |= await self._committed_positions(self.assignment() - begun.keys())
            self._rewind(begun)
            records = await self._one_by_one(begun)
        self._look_at_broker()
        if self._assignment() is not self._examined:
            # Assigned while it waited: to be examined first.
            self._rewind(_first_offsets(records))
            return {}
        for partition, batch in records.items():
            self._begun[partition], self._handed[partition] = batch[0].offset, batch[-1].offset + 1
            newest = max(record.timestamp for record in batch)
            self._newest[partition] = max(self._newest.get(partition, 0), newest)
        return records

    async def _next(
        self, partitions: Sequence[TopicPartition], timeout_ms: int, max_records: int | None
    ) -> "dict[TopicPartition, list[ConsumerRecord[Any, Any]]]":
        """Records as aiokafka has them, with those that came while the last batch was handled.

        It asks for no more while it has any, so what it has then is the first that came. Taken, it asks.
        """
        if self._late is not None:
            late, self._late = self._late, None
            raise late
        records: dict[TopicPartition, list[ConsumerRecord[Any, Any]]]
        records = await super().getmany(*partitions, max_records=max_records)
        if not records:
            records = await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records)
            return records
        count = sum(len(batch) for batch in records.values())
        if max_records is not None and count * SMALL < max_records:
            begun = self._positions()
            try:
                await asyncio.sleep(GATHER_MS / 1000)
                more = await super().getmany(*partitions, max_records=max_records - count)
            except (ConsumerStoppedError, asyncio.CancelledError):
                self._rewind(_first_offsets(records))
                raise
            except Exception as error:  # noqa: BLE001 (what is in hand is sound: it goes first)
                self._late, more = error, {}
                self._rewind(begun)
            for partition, batch in more.items():
                records.setdefault(partition, []).extend(batch)
        return records

    def _assignment(self) -> Any:
        """aiokafka's assignment: another object after each rebalance."""
        subscription = self._subscription.subscription
        return None if subscription is None else subscription.assignment

    async def _examine(self) -> bool:
        """Holds a new assignment against the database; whether reading may go on.

        Raises ConsumerStoppedError, having left the group, where the database is behind the group.
        """
        assignment = self._assignment()
        if assignment is None or assignment is self._examined:
            return True
        partitions = list(assignment.tps)
        try:
            async with asyncio.timeout(SILENCE.total_seconds()):
                known = await self._coordinator.fetch_committed_offsets(partitions)
                committed = {
                    partition: Committed.of(found.offset, found.metadata)
                    for partition, found in known.items()
                }
                starts = await self.beginning_offsets(partitions) if partitions else {}
                examined = await self._guard.examine(
                    {partition: committed.get(partition) for partition in partitions}, starts
                )
        except DatabaseBehind as behind:
            self._health.halted(self._name, str(behind))
            log.critical("database_behind_group", subscription=self._name, cause=str(behind))
            await self.stop()
            raise ConsumerStoppedError from None
        except (KafkaError, PyMongoError, TimeoutError) as error:
            self._health.degraded(self._name, type(error).__name__)
            log.warning("assignment_waits", subscription=self._name, **describe_error(error))
            return False
        if assignment is not self._assignment():
            return False
        lost = {partition: starts[partition] for partition in self._out_of_range & starts.keys()}
        begin = {**{TopicPartition(*where): to for where, to in examined.begin.items()}, **lost}
        for partition in partitions:
            found = committed.get(partition)
            # What somebody else committed, or stands elsewhere, is committed once more, with the stamp.
            keeps = found is not None and found.newest is not None and partition not in begin
            self._committed[partition] = found.offset if found is not None and keeps else -1
            newest = examined.newest.get(partition, 0)
            self._newest[partition] = max(self._newest.get(partition, 0), newest)
        for partition in begin:
            self._handled.pop(partition, None)
        self._rewind(begin)
        self._out_of_range.clear()
        self._examined = assignment
        # What was fetched for the last assignment hangs together in cycles, of megabytes but few objects.
        gc.collect()
        return True

    def _begin_anew(self, error: NoOffsetForPartitionError | OffsetOutOfRangeError) -> None:
        """Has the assignment examined again: a position isn't in the log, or there is none."""
        gone = error.args[0]
        if isinstance(gone, dict):
            # One that was moved since is right already.
            self._out_of_range |= {
                partition for partition, offset in gone.items() if self._position(partition) == offset
            }
        self._examined = None

    async def _one_by_one(
        self, begun: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The records of one partition up to and with the first that can't be decoded, which is marked."""
        for partition in begun:
            records: list[Any] = []
            while len(records) < ONE_BY_ONE:
                position = self._position(partition)
                if position is None:
                    break
                try:
                    # A request in flight without this partition may take as long as a poll.
                    batch = await super().getmany(partition, timeout_ms=2 * POLL_MS, max_records=1)
                except (KafkaError, ConsumerStoppedError):
                    raise
                except Exception:  # noqa: BLE001 (the record at this position is the one)
                    self.seek(partition, position + 1)
                    faulty = FaultyRecord(partition.topic, partition.partition, position, UNDECODABLE)
                    return {partition: [*records, faulty]}
                if not batch:
                    break
                records += batch[partition]
            if records:
                self.seek(partition, begun[partition])
        return {}

    async def _committed_positions(self, partitions: Set[TopicPartition]) -> dict[TopicPartition, int]:
        """Where partitions began that had no position yet when the poll did."""
        beginnings = await self.beginning_offsets(list(partitions)) if partitions else {}
        return {
            partition: beginning if (committed := await self.committed(partition)) is None else committed
            for partition, beginning in beginnings.items()
        }

    def _look_at_broker(self) -> None:
        """Says whether the broker answers: an empty poll looks the same with it and without."""
        assigned = self.assignment()
        if not assigned:
            if self._coordinator.coordinator_id is None:
                self._health.degraded(self._name, "no group coordinator")
            return
        answered = [self.last_poll_timestamp(partition) or 0 for partition in assigned]
        silent = time.time() - max(answered) / 1000 > SILENCE.total_seconds() if any(answered) else False
        if silent:
            self._health.degraded(self._name, "the broker does not answer")
        else:
            self._health.working(self._name)

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
        found = {}
        for partition, position in self._positions().items():
            last = self.last_stable_offset(partition)
            in_hand = self._begun.get(partition, 0) if self._waits(partition) else position
            if last is not None and last >= 0:
                found[partition] = max(0, last - max(in_hand, self._handled.get(partition, 0)))
        return found

    def _waits(self, partition: TopicPartition) -> bool:
        """Whether records were handed out that aren't handled yet."""
        return self._handled.get(partition, -1) < self._handed.get(partition, -1)


def _first_offsets(
    records: "Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]",
) -> dict[TopicPartition, int]:
    """Where to read records again; a partition that was lost and regained meanwhile has them out of order."""
    return {partition: min(record.offset for record in batch) for partition, batch in records.items()}
