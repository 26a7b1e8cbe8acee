"""The clock that services are given, in UTC, and days as a municipality counts them."""

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

ZONES = {"no": ZoneInfo("Europe/Oslo"), "dk": ZoneInfo("Europe/Copenhagen")}
"""By the country that a municipality's name begins with."""

COMMON = ZONES["no"]
"""Where no municipality is to be had, or one of no known country: both have kept the same time since 1980."""

FUTURE_TOLERANCE = timedelta(minutes=5)
"""How far past the broker's timestamp an event's time may lie: clocks differ, typing errors differ more."""

SPAN = TypeAdapter(timedelta)
"""Spans as settings and clock files have them, in ISO 8601: `P30D`, `-P10Y`."""

_QUARTER = 15 * 60


def local_time(moment: datetime, municipality: str | None = None) -> datetime:
    """The same moment by a municipality's clock: its `date()` is the day there."""
    return moment.astimezone(COMMON if municipality is None else ZONES.get(municipality[:2], COMMON))


def local_day(moment: datetime, municipality: str | None = None) -> date:
    """The day in a municipality: a day that has begun there does not lie ahead."""
    return _day_of(int(moment.timestamp() // _QUARTER), municipality and municipality[:2])


def local_day_of(milliseconds: int, municipality: str | None = None) -> date:
    """The same of a moment in milliseconds since 1970, as brokers give it."""
    return _day_of(milliseconds // 1000 // _QUARTER, municipality and municipality[:2])


# What arrives together is of a few quarters of an hour.
@lru_cache(maxsize=1024)
def _day_of(quarter: int, country: str | None) -> date:
    """By quarters of an hour since 1970: at no other moment has a day begun in either country since 1900."""
    return local_time(datetime.fromtimestamp(quarter * _QUARTER, UTC), country).date()


def local_midnight(day: date, municipality: str | None = None) -> datetime:
    """The moment (UTC) at which a day begins there. No clock changes at midnight in either country."""
    return local_moment(day, time(), municipality)


def local_moment(day: date, at: time, municipality: str | None = None) -> datetime:
    """The moment (UTC) at which a clock there shows this time: the first of two where the hour comes twice,
    and where it is left out the moment that lies as far behind the change.
    """
    zone = COMMON if municipality is None else ZONES.get(municipality[:2], COMMON)
    return datetime.combine(day, at, zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Says what time it is. `offset` shifts business time alone: leases and claims use MongoDB's time."""

    offset: timedelta = timedelta()
    source: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> datetime:
        """The moment in UTC, cut to milliseconds: what MongoDB stores and returns unchanged."""
        moment = self.source() + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)


def read_offset(file: Path) -> timedelta:
    """The span that a clock file holds; raises ValueError where it holds none, or OSError."""
    return SPAN.validate_python(file.read_text(encoding="utf-8").strip())


@dataclass(slots=True)
class FileTime:
    """The machine's time and what a file says to add, for a `Clock`'s source: read anew whenever the file is
    another, so that whoever replaces it moves services on while they run.

    Time goes forward alone: an offset less than the one before, or none, changes nothing.
    """

    file: Path
    machine: Callable[[], datetime] = lambda: datetime.now(UTC)
    offset: timedelta = field(init=False)
    _seen: tuple[int, int] = field(init=False)

    def __post_init__(self) -> None:
        self._seen = self._mark()
        self.offset = read_offset(self.file)

    def __call__(self) -> datetime:
        """The moment in UTC."""
        # Gone or half written: whoever moves the clock is not done yet.
        with suppress(OSError, ValueError):
            mark = self._mark()
            if mark != self._seen:
                self.offset = max(self.offset, read_offset(self.file))
                self._seen = mark
        return self.machine() + self.offset

    def _mark(self) -> tuple[int, int]:
        """What is another once the file was replaced or written to."""
        found = self.file.stat()
        return found.st_ino, found.st_mtime_ns


def move_clock(file: Path, offset: timedelta) -> None:
    """Has a clock file hold an offset from now on; a reader finds all of it or what was there before."""
    partial = file.with_suffix(".partial")
    partial.write_text(f"{SPAN.dump_python(offset, mode='json')}\n", encoding="utf-8")
    partial.replace(file)
