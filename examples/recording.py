"""Writing records that look sent: what the generators of all examples share."""

import json
import random
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TypeVar
from uuid import UUID

from shared.contracts.catalogue import BY_NAME, BY_TYPE
from shared.contracts.envelope import Envelope
from shared.contracts.fields import Contract

HOLIDAYS_2016 = {
    date(2016, month, day) for month, day in ((3, 24), (3, 25), (3, 28), (5, 5), (5, 16), (5, 17))
}
"""Norway's, as far as they fall on weekdays between February and June."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Sent:
    """A record and when it goes out: for a late or repeated one that is after its envelope's `time`."""

    at: datetime
    line: str


class Draws:
    """All randomness, from one seed and in a fixed order."""

    def __init__(self, seed: str) -> None:
        self._random = random.Random(seed)  # noqa: S311 (must be the same each time; guards nothing)

    def record_id(self) -> str:
        """A random UUID."""
        return _first_without_number(lambda: str(UUID(int=self._random.getrandbits(128), version=4)))

    def reference(self, prefix: str) -> str:
        """`prefix` and 24 characters of base 32: 120 random bits."""
        alphabet = "abcdefghijklmnopqrstuvwxyz234567"
        return prefix + _first_without_number(
            lambda: "".join(alphabet[self._random.getrandbits(5)] for _ in range(24))
        )

    def below(self, bound: int) -> int:
        """A whole number from 0 to `bound` - 1."""
        return self._random.getrandbits(32) % bound

    def one(self, options: Sequence[T]) -> T:
        """One of the options."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[str], count: int) -> list[str]:
        """`count` different options in alphabetical order."""
        rest = sorted(options)
        for _ in range(len(rest) - count):
            rest.pop(self.below(len(rest)))
        return rest


def _first_without_number(draw: Callable[[], str]) -> str:
    """Draws again while ten digits stand in a row, which could pass for a personal number."""
    while re.search(r"\d{10}", (drawn := draw()).replace("-", "")):
        pass
    return drawn


@dataclass(frozen=True, slots=True)
class Writer:
    """Somebody outside Kobling who writes records; `source` is what their envelopes say."""

    draws: Draws
    source: str

    def record(self, name: str, subject: str, at: datetime, data: Contract) -> Sent:
        """One record of the message type `name`; pydantic's ValidationError where its contract refuses it."""
        message = BY_NAME[name]
        event = {
            "specversion": "1.0",
            "id": self.draws.record_id(),
            "source": self.source,
            "type": message.type,
            "subject": subject,
            "time": at.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "datacontenttype": "application/json",
            "dataschema": message.dataschema,
            "data": data.model_dump(mode="json", by_alias=True, exclude_unset=True),
        }
        line = json.dumps(event, ensure_ascii=False, separators=(",", ":"))
        envelope = Envelope.model_validate_json(line)
        BY_TYPE[envelope.type].model.model_validate(envelope.data)
        return Sent(at, line)


def office_day(day: date) -> date:
    """That day, or the next on which offices are open."""
    while day.weekday() > 4 or day in HOLIDAYS_2016:  # noqa: PLR2004 (Friday)
        day += timedelta(days=1)
    return day


def office_time(day: date, slot: int) -> datetime:
    """A time within Bergen's office hours in summer and winter; each slot of a day has its own."""
    return datetime.combine(day, time(7, 0), UTC) + timedelta(minutes=5 * (slot % 73))


def days_after(day: date, days: int) -> date:
    """The first office day at least `days` later."""
    return office_day(day + timedelta(days=days))
