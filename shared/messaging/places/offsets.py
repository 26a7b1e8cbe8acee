"""What a group's committed offset says, held against what the database has stored: pure judgement.

Kobling never commits an offset that its database has not stored before, durably: `positions.next_offset` is
at or beyond every offset that it committed. So a committed offset beyond the stored one was put there by
somebody else, or the database is older than it was. Each commit of Kobling's carries a stamp, and Kafka's own
tools write none: that tells the two apart.
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
    """How far a database says that a partition was handled, and the newest broker timestamp met there."""

    next_offset: int
    newest: int


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
