"""The clock that services are given, in UTC, and days as a municipality counts them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

ZONES = {"no": ZoneInfo("Europe/Oslo"), "dk": ZoneInfo("Europe/Copenhagen")}
"""By the country that a municipality's name begins with."""

COMMON = ZONES["no"]
"""Where no municipality is to be had: both countries have kept the same time since 1980."""


def local_time(moment: datetime, municipality: str | None = None) -> datetime:
    """The same moment by a municipality's clock: its `date()` is the day there."""
    return moment.astimezone(COMMON if municipality is None else ZONES[municipality[:2]])


def local_day(moment: datetime, municipality: str | None = None) -> date:
    """The day in a municipality: a day that has begun there does not lie ahead."""
    return local_time(moment, municipality).date()


def local_midnight(day: date, municipality: str | None = None) -> datetime:
    """The moment (UTC) at which a day begins there. No clock changes at midnight in either country."""
    zone = COMMON if municipality is None else ZONES[municipality[:2]]
    return datetime.combine(day, time(), zone).astimezone(UTC)


@dataclass(frozen=True, slots=True)
class Clock:
    """Says what time it is. `offset` shifts business time alone: leases and claims use MongoDB's time."""

    offset: timedelta = timedelta()
    source: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> datetime:
        """The moment in UTC, cut to milliseconds: what MongoDB stores and returns unchanged."""
        moment = self.source() + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
