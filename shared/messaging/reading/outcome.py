"""What became of a delivered record: exactly one of four."""

from collections.abc import Sequence
from dataclasses import field as field_of
from datetime import datetime

from shared.contracts.faults import MOST_FAULTS, Where
from shared.values import value


@value
class Fault:
    """One thing that is wrong with a record. Nothing in it quotes the record.

    `detail` says in words what the field should have been, `allowed` which values it may have, and `nearest`
    is the known name or value that comes closest to what was sent.
    """

    code: str
    field: str | None = None
    where: Where | None = None
    detail: str | None = None
    allowed: tuple[str, ...] = ()
    nearest: str | None = None


@value
class Applied:
    """Decided and stored, whatever the decision was. The fields are what a receipt says of it: `notes`
    what was left out, or would help.
    """

    receipt: str = "accepted"
    notes: tuple[Fault, ...] = ()


@value
class Duplicate:
    """The same record was handled before."""


@value
class Stale:
    """A newer one of the same subject was handled before; `newer` is its time, where it has one."""

    newer: datetime | None = None


@value
class Dead:
    """Refused and kept in quarantine: `code` says why, `field` where. Neither quotes the record.

    `faults` are all that were found, the one that `code` and `field` name first.
    """

    code: str
    field: str | None = None
    faults: tuple[Fault, ...] = field_of(default=(), compare=False)

    @classmethod
    def of(cls, faults: Sequence[Fault]) -> "Dead":
        """Refused for these, of which there is one at least."""
        return cls(faults[0].code, faults[0].field, tuple(faults[:MOST_FAULTS]))

    @property
    def told(self) -> tuple[Fault, ...]:
        """The faults to tell: one at least."""
        return self.faults or (Fault(self.code, self.field),)


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
