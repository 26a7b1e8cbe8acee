"""What became of a delivered record: exactly one of four."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Applied:
    """Decided and stored, whatever the decision was. The fields are what a receipt says of it."""

    receipt: str = "accepted"
    code: str | None = None
    field: str | None = None


@dataclass(frozen=True, slots=True)
class Duplicate:
    """The same record was handled before."""


@dataclass(frozen=True, slots=True)
class Stale:
    """A newer one of the same subject was handled before; `newer` is its time, where it has one."""

    newer: datetime | None = None


@dataclass(frozen=True, slots=True)
class Dead:
    """Refused and kept in quarantine: `code` says why, `field` where. Neither quotes the record."""

    code: str
    field: str | None = None


Outcome = Applied | Duplicate | Stale | Dead
COUNTERS = ("applied", "duplicate", "stale", "dead")


def counter(outcome: Outcome) -> str:
    """The counter that an outcome adds to."""
    match outcome:
        case Applied():
            return "applied"
        case Duplicate():
            return "duplicate"
        case Stale():
            return "stale"
        case Dead():
            return "dead"
