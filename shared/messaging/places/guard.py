"""Holds a database's positions and its groups' offsets against each other; `offsets` has the rules."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from pymongo import UpdateOne

from shared.logging import get_logger
from shared.messaging.places.offsets import (
    Behind,
    Committed,
    Expired,
    Log,
    OtherLog,
    Skipped,
    Sound,
    Stored,
    judge,
    reading_begins,
)
from shared.messaging.places.positions import Partition, key
from shared.messaging.reading.outcome import COUNTERS
from shared.mongo import Database, Document

log = get_logger(__name__)

REBUILD = "rebuild"
"""The collection that says whether the database was built, or is being emptied."""
EMPTYING = "emptying"
SHOWN = 3
"""How many partitions a cause names."""


class DatabaseBehind(RuntimeError):
    """The database lacks what the groups have committed: an older one was restored, or it was emptied."""


@dataclass(frozen=True, slots=True)
class Examined:
    """What became of an assignment: where to read each partition, and the newest broker timestamp stored."""

    begin: dict[Partition, int]
    newest: dict[Partition, int]


@dataclass(frozen=True, slots=True)
class OffsetGuard:
    """Reads and moves positions outside of batches: for offsets that no record of a batch stands at."""

    database: Database

    async def stored(self, partitions: Iterable[Partition]) -> dict[Partition, Stored]:
        """What is stored of these partitions; one never met is left out."""
        partition_of_id = {key(partition): partition for partition in partitions}
        fields = {"next_offset": 1, "newest": 1, "skipped_from": 1}
        cursor = self.database["positions"].find({"_id": {"$in": list(partition_of_id)}}, fields)
        return {
            partition_of_id[document["_id"]]: Stored(
                document["next_offset"], document["newest"], document.get("skipped_from")
            )
            async for document in cursor
        }

    async def examine(
        self,
        committed: Mapping[Partition, Committed | None],
        stored: Mapping[Partition, Stored],
        logs: Mapping[Partition, Log],
    ) -> Examined:
        """Judges newly assigned partitions and raises the alarms there are; raises DatabaseBehind."""
        begin: dict[Partition, int] = {}
        for partition, found in committed.items():
            known, its_log = stored.get(partition), logs[partition]
            where = {"topic": partition[0], "partition": partition[1]}
            match verdict := judge(found, known, its_log.start):
                case Skipped():
                    await self.skipped(partition, verdict)
                case Expired():
                    await self.expired(partition, verdict)
                case OtherLog(offset=offset):
                    log.info("commit_of_former_log", offset=offset, **where)
                case Behind():
                    raise DatabaseBehind(cause_of_behind({partition: verdict}))
                case Sound():
                    pass
            begin[partition] = reading_begins(found, known, its_log)
            if known is not None and its_log.end is not None and its_log.end < known.next_offset:
                _alarm("log_ends_early", partition, its_log.end, known.next_offset)
        return Examined(begin, {partition: known.newest for partition, known in stored.items()})

    async def passed(self, offsets: Mapping[Partition, int]) -> None:
        """Moves partitions past offsets that hold nothing to handle: markers, aborted and compacted records.

        Called before such an offset is committed, so that nothing is ever committed that is not stored.
        """
        moves = [_moved(partition, offset) for partition, offset in offsets.items()]
        if moves:
            await self.database["positions"].bulk_write(moves, ordered=False)

    async def skipped(self, partition: Partition, skip: Skipped) -> None:
        """Raises the alarm of a jump forward and obeys it.

        The line comes first: killed in between, it comes again. The count is stored once.
        """
        _alarm("offsets_skipped", partition, skip.start, skip.stop)
        await self._jump(partition, skip, {"skipped": skip.stop - skip.start}, {"skipped_from": skip.start})

    async def expired(self, partition: Partition, expiry: Expired) -> None:
        """Raises the alarm of records that were deleted unread; it stands until somebody acknowledges it."""
        _alarm("offsets_expired", partition, expiry.start, expiry.stop)
        lost = expiry.stop - expiry.start
        await self._jump(partition, expiry, {"expired": lost, "unacknowledged": lost})

    async def _jump(
        self,
        partition: Partition,
        gap: Skipped | Expired,
        counted: dict[str, int],
        lowered: Mapping[str, int] | None = None,
    ) -> None:
        # Conditional, so that of two replicas that saw the same gap one counts it.
        moved = await self.database["positions"].update_one(
            {"_id": key(partition), "next_offset": gap.start},
            {"$set": {"next_offset": gap.stop}, "$inc": counted, **({"$min": lowered} if lowered else {})},
        )
        if not moved.matched_count:
            # Never met, or moved by somebody else meanwhile; then an upsert finds nothing to move.
            first = {**counted, **(lowered or {})}
            await self.database["positions"].bulk_write([_moved(partition, gap.stop, first=first)])

    async def is_empty(self) -> bool:
        """Whether the database has not handled a single record."""
        return await self.database["positions"].find_one({}, {"_id": 1}) is None

    async def is_being_emptied(self) -> bool:
        """Whether somebody began to empty the database, so as to have it built anew, and was cut off."""
        return await self.database[REBUILD].find_one({"_id": EMPTYING}, {"_id": 1}) is not None

    async def unacknowledged(self) -> dict[str, int]:
        """How many records expired unread, by partition, that nobody has acknowledged yet."""
        cursor = self.database["positions"].find({"unacknowledged": {"$gt": 0}}, {"unacknowledged": 1})
        return {document["_id"]: document["unacknowledged"] async for document in cursor}

    async def acknowledge(self) -> dict[str, int]:
        """Acknowledges what expired; returns what was acknowledged, by partition."""
        standing = await self.unacknowledged()
        for place, count in standing.items():
            await self.database["positions"].update_one(
                {"_id": place, "unacknowledged": {"$gte": count}}, {"$inc": {"unacknowledged": -count}}
            )
        return standing


def _moved(partition: Partition, offset: int, first: Mapping[str, int] | None = None) -> UpdateOne:
    """Moves a position forward, never back; makes the document where there is none."""
    new: Document = {"topic": partition[0], "partition": partition[1], **dict.fromkeys(COUNTERS, 0)}
    return UpdateOne(
        {"_id": key(partition)},
        {"$max": {"next_offset": offset, "newest": 0}, "$setOnInsert": {**new, **(first or {})}},
        upsert=True,
    )


def _alarm(event: str, partition: Partition, start: int, stop: int) -> None:
    between = {"from": start, "to": stop, "count": stop - start}
    log.error(event, topic=partition[0], partition=partition[1], **between)


def cause_of_behind(found: Mapping[Partition, Behind]) -> str:
    """The cause in words, with the remedy."""
    places = sorted(f"{key(partition)} {gap.start} < {gap.stop}" for partition, gap in found.items())
    remaining = f" and {len(places) - SHOWN} more" if len(places) > SHOWN else ""
    return (
        f"the database is older than what its groups have committed ({', '.join(places[:SHOWN])}{remaining})"
        ": it was restored; run `kobling restore-done`"
    )
