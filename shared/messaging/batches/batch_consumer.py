"""aiokafka's consumer as Kobling needs it: it waits, looks at what it is assigned, and commits when idle."""

import asyncio
import gc
import time
from collections.abc import Mapping, Sequence, Set
from datetime import timedelta
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from aiokafka.errors import (
    ConsumerStoppedError,
    KafkaError,
    NoOffsetForPartitionError,
    OffsetOutOfRangeError,
)
from pymongo.errors import PyMongoError

from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.messaging.batches.committing import CommittingConsumer
from shared.messaging.batches.examining import Found, look_up, unless_lost
from shared.messaging.bootstrap import finding_again, keep_pattern, stop_whole, tell_doubts
from shared.messaging.places.guard import DatabaseBehind, OffsetGuard
from shared.messaging.reading.bounded import one_poll
from shared.messaging.reading.records import FaultyRecord
from shared.retry import cause_of
from shared.servers import broker_cause

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


class BatchConsumer(CommittingConsumer):
    """aiokafka's consumer, waiting in `getmany` and committing idle positions there.

    Whatever is newly assigned is held against the database before its first record is handed out. It needs
    `auto_offset_reset="none"`: where reading begins is decided here, so that no jump goes unseen.
    """

    def __init__(self, *topics: str, name: str, health: Health, guard: OffsetGuard, **options: Any) -> None:
        super().__init__(*topics, guard=guard, **options)
        finding_again(self)
        keep_pattern(self._client)
        given = options["bootstrap_servers"]
        self.servers = given if isinstance(given, str) else ",".join(given)
        self._name = name
        self._health = health
        self._out_of_range: set[TopicPartition] = set()
        self._idle_commit_at = time.monotonic()
        # What a second request failed with; the next poll begins with it.
        self._late: Exception | None = None
        self._doubts = 0
        tell_doubts(self._client, self._doubt)

    def _doubt(self) -> None:
        self._doubts += 1
        self._examined = None

    async def stop(self) -> None:
        """Leaves the group and closes all connections."""
        await stop_whole(super().stop(), self._client)

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
            self._health.note(self._name, self._long_held())
            self._idle_commit_at = time.monotonic()
        records = await self._decoded(partitions, max(timeout_ms, POLL_MS), max_records)
        if records is None:
            return {}
        self._others_first(records)
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

    async def _decoded(
        self, partitions: Sequence[TopicPartition], timeout_ms: int, max_records: int | None
    ) -> "dict[TopicPartition, list[ConsumerRecord[Any, Any]]] | None":
        """The next records, one that can't be decoded among them; None where positions are to be examined."""
        positions = self._positions()
        try:
            with one_poll():
                return await self._next(partitions, timeout_ms, max_records)
        except (ConsumerStoppedError, asyncio.CancelledError):
            raise
        except (NoOffsetForPartitionError, OffsetOutOfRangeError) as error:
            self._begin_anew(error)
            return None
        except KafkaError as error:
            self._health.degraded(self._name, broker_cause(error, self.servers))
            self._rewind(positions)
            raise
        except Exception as error:  # noqa: BLE001 (aiokafka drops what it had taken from other partitions)
            log.error("records_not_decoded", subscription=self._name, **describe_error(error))  # noqa: TRY400
            positions |= await self._committed_positions(self.assignment() - positions.keys())
            self._rewind(positions)
            return await self._one_by_one(positions)

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
            return dict(await super().getmany(*partitions, timeout_ms=timeout_ms, max_records=max_records))
        count = sum(map(len, records.values()))
        if max_records is not None and count * SMALL < max_records:
            positions = self._positions()
            try:
                await asyncio.sleep(GATHER_MS / 1000)
                newer = await super().getmany(*partitions, max_records=max_records - count)
            except (ConsumerStoppedError, asyncio.CancelledError):
                self._rewind(_first_offsets(records))
                raise
            except Exception as error:  # noqa: BLE001 (what is in hand is sound: it goes first)
                self._late, newer = error, {}
                self._rewind(positions)
            for partition, batch in newer.items():
                records.setdefault(partition, []).extend(batch)
        return records

    async def _examine(self) -> bool:
        """Holds a new assignment against the database; whether reading may go on.

        Raises ConsumerStoppedError, having left the group, where the database is behind the group.
        """
        assignment = self._assignment()
        if assignment is None or assignment is self._examined:
            return True
        doubts = self._doubts
        try:
            looking = look_up(self, self._guard, list(assignment.tps), self._out_of_range)
            found = await unless_lost(assignment, looking, SILENCE)
        except DatabaseBehind as behind:
            self._health.halted(self._name, str(behind))
            log.critical("database_behind_group", subscription=self._name, cause=str(behind))
            await self.stop()
            raise ConsumerStoppedError from None
        except (KafkaError, PyMongoError, TimeoutError) as error:
            self._health.degraded(self._name, cause_of(error, self._guard.database, self.servers))
            log.warning("assignment_waits", subscription=self._name, **describe_error(error))
            return False
        if found is None or assignment is not self._assignment() or doubts != self._doubts:
            return False
        self._take_over(found)
        self._examined = assignment
        # What was fetched for the last assignment hangs together in cycles, of megabytes but few objects.
        gc.collect()
        return True

    def _take_over(self, found: Found) -> None:
        """Goes to where reading begins, and keeps what is committed to each partition."""
        begin = {TopicPartition(*place): to for place, to in found.examined.begin.items()}
        for partition, committed in found.committed.items():
            # What somebody else committed, or stands elsewhere, is committed once more, with the stamp.
            stamped = committed is not None and committed.newest is not None
            stays = committed is not None and committed.offset == begin[partition]
            self._committed[partition] = begin[partition] if stamped and stays else -1
            newest = found.examined.newest.get(partition, 0)
            self._newest[partition] = max(self._newest.get(partition, 0), newest)
            self._handled.pop(partition, None)
        self._rewind(begin)
        self._out_of_range.clear()

    def _begin_anew(self, error: NoOffsetForPartitionError | OffsetOutOfRangeError) -> None:
        """Has the assignment examined again: a position isn't in the log, or there is none."""
        out_of_log = error.args[0]
        if isinstance(out_of_log, dict):
            # One that was moved since is right already.
            self._out_of_range |= {
                partition for partition, offset in out_of_log.items() if self._position(partition) == offset
            }
        self._examined = None

    async def _one_by_one(
        self, positions: Mapping[TopicPartition, int]
    ) -> dict[TopicPartition, list["ConsumerRecord[Any, Any]"]]:
        """The records of one partition up to and with the first that can't be decoded, which is marked."""
        for partition in positions:
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
                self.seek(partition, positions[partition])
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
                self._health.degraded(self._name, f"{self.servers}: no group coordinator")
            return
        answered = [self.last_poll_timestamp(partition) or 0 for partition in assigned]
        silent = time.time() - max(answered) / 1000 > SILENCE.total_seconds() if any(answered) else False
        if silent:
            self._health.degraded(self._name, f"{self.servers}: the broker does not answer")
        else:
            self._health.working(self._name)


def _first_offsets(
    records: "Mapping[TopicPartition, Sequence[ConsumerRecord[Any, Any]]]",
) -> dict[TopicPartition, int]:
    """Where to read records again; a partition that was lost and regained meanwhile has them out of order."""
    return {partition: min(record.offset for record in batch) for partition, batch in records.items()}
