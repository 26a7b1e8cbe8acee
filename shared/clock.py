"""The clock that services are given: UTC, with an offset for demonstrations and for tests of skew."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

LOCAL_AHEAD = timedelta(hours=2)
"""Norway and Denmark are at most two hours ahead of UTC, and one in winter."""


def local_day(moment: datetime) -> date:
    """The day in Norway and Denmark: a day that has begun there does not lie ahead."""
    return (moment + LOCAL_AHEAD).date()


def local_midnight(day: date) -> datetime:
    """The moment at which a day begins there, by `local_day`."""
    return datetime.combine(day, time(), UTC) - LOCAL_AHEAD


@dataclass(frozen=True, slots=True)
class Clock:
    """Says what time it is. `offset` shifts business time alone: leases and claims use MongoDB's time."""

    offset: timedelta = timedelta()
    source: Callable[[], datetime] = lambda: datetime.now(UTC)

    def now(self) -> datetime:
        """The moment in UTC, cut to milliseconds: what MongoDB stores and returns unchanged."""
        moment = self.source() + self.offset
        return moment.replace(microsecond=moment.microsecond // 1000 * 1000)
