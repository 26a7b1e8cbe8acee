"""What a group's committed offset says, held against what the database has stored: pure judgement.

Kobling never commits an offset that its database has not stored before, durably: `positions.next_offset` is
at or beyond every offset that it committed. So a committed offset beyond the stored one was put there by
somebody else, or the database is older than it was. Each commit of Kobling's carries a stamp, and Kafka's own
tools write none: that tells the two apart.

A log may also lose its end: its topic is made again, a replica that lagged becomes leader, a broker comes
back from a backup. Then other records stand at offsets that were handled. aiokafka reads neither topic ids
nor leader epochs, so the newest broker timestamp that was handled tells: what is newer was not.
"""

import re
from dataclasses import dataclass

_STAMP = re.compile(r"kobling newest=(\d{1,15})", re.ASCII)


@dataclass(frozen=True, slots=True)
class Committed:
    """What a group has committed for a partition.

    `newest` is the newest broker timestamp (ms since 1970) that Kobling had met when it committed; None where
    somebody else did.
    """

    offset: int
    newest: int | None

    @classmethod
    def of(cls, offset: int, metadata: str) -> "Committed | None":
        """Reads what Kafka keeps; None where nothing was committed."""
        if offset < 0:
            return None
        stamp = _STAMP.fullmatch(metadata)
        return cls(offset, int(stamp[1]) if stamp else None)


def stamp(newest: int) -> str:
    """The metadata of a commit."""
    return f"kobling newest={newest}"


@dataclass(frozen=True, slots=True)
class Stored:
    """How far a database says that a partition was handled, and the newest broker timestamp met there.

    From `skipped_from` on records are newer because somebody moved the group past them, and nothing that
    stands behind them was handled since; None where nobody did.
    """

    next_offset: int
    newest: int
    skipped_from: int | None = None

    def first_unmet(self, newer: int | None) -> int | None:
        """Where the log holds something else than what was handled: `newer` is its first newer offset."""
        handled = self.next_offset if self.skipped_from is None else self.skipped_from
        return newer if newer is not None and newer < handled else None


@dataclass(frozen=True, slots=True)
class Log:
    """A partition's log as its broker has it.

    `start` is its first offset; `newer` the first whose broker timestamp is later than the newest stored,
    None where there is none; `end` the offset that comes next, asked where a position lies outside the log.
    """

    start: int
    newer: int | None = None
    end: int | None = None


@dataclass(frozen=True, slots=True)
class Sound:
    """Nothing is amiss: go on where the group says."""


@dataclass(frozen=True, slots=True)
class Skipped:
    """Somebody moved the group past records that this database has not handled. It is obeyed."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Expired:
    """Retention has deleted records that this database has not handled."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Behind:
    """The database has lost what it had stored: an older one was restored."""

    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class OtherLog:
    """The commit is of a topic that has been deleted and created again since: the database knows better."""

    offset: int


Verdict = Sound | Skipped | Expired | Behind | OtherLog


def reading_begins(committed: Committed | None, stored: Stored | None, log: Log) -> int:
    """Where a partition is to be read from, in offsets.

    Never behind a record that is newer than all that was handled. What stands there may be a transaction's
    marker, which is nobody's to handle: so beginning too early costs a request, and no alarm.
    """
    place = log.start if committed is None else committed.offset
    if isinstance(verdict := judge(committed, stored, log.start), OtherLog):
        place = verdict.offset
    unmet = stored.first_unmet(log.newer) if stored is not None else None
    bounds = (place, unmet, log.end)
    return max(log.start, min(bound for bound in bounds if bound is not None))


def judge(committed: Committed | None, stored: Stored | None, log_start: int) -> Verdict:
    """Compares a partition's committed offset and its log's first offset with what is stored.

    A partition that the database has never met is read from the log's start without a word: what had
    expired by then was never its own.
    """
    known = stored if stored is not None else Stored(0, 0)
    offset = committed.offset if committed is not None else 0
    if committed is not None and offset > known.next_offset:
        if committed.newest is None:
            start = known.next_offset if stored is not None else log_start
            return Skipped(start, offset) if offset > start else Sound()
        if stored is not None and known.newest > committed.newest:
            return OtherLog(known.next_offset)
        return Behind(known.next_offset, offset)
    if stored is not None and log_start > known.next_offset:
        return Expired(known.next_offset, log_start)
    return Sound()
