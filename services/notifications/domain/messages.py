"""Which messages a pair's state calls for."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Literal

PAIR_CREATED = "pair_created"
"""The template that tells each side that the pair exists."""

Side = Literal["receiving", "giving"]
Status = Literal["pending", "sent", "failed", "cancelled"]

_LASTING = frozenset({"active", "paused"})


@dataclass(frozen=True, slots=True)
class Pair:
    """A pair's public state, as far as it calls for messages."""

    subject: str
    receiving: str
    giving: str
    status: str
    created_on: date | None


@dataclass(frozen=True, slots=True)
class Message:
    """One message to one person. `handovers` counts the times that a mail server may have accepted it.

    `correlation` is the first event of the chain that called for it.
    """

    pair: str
    template: str
    recipient: str
    side: Side
    created_at: datetime
    correlation: str
    status: Status = "pending"
    handovers: int = 0

    @property
    def id(self) -> str:
        """Names the message for ever: the same pair, template and recipient are the same message."""
        return f"{self.pair}/{self.template}/{self.recipient}"

    @property
    def reference(self) -> str:
        """A digest of the id, for the world to see: 32 hexadecimal digits that lead nowhere."""
        return hashlib.sha256(self.id.encode()).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Plan:
    """What to change: messages to send, and messages that nobody should get any more."""

    new: tuple[Message, ...] = ()
    cancelled: tuple[Message, ...] = ()


def plan(
    pair: Pair, known: Mapping[str, Message], now: datetime, within: timedelta, correlation: str
) -> Plan:
    """Holds a pair's state against its known messages, by id.

    New messages are for a pair that is active and was created no longer than `within` ago: a service that
    was set up anew reads years of states, and must not write to everybody again.
    """
    wanted = {
        message.id: message for message in _called_for(pair, now, correlation) if pair.status in _LASTING
    }
    fresh = pair.created_on is not None and now.date() - pair.created_on <= within
    return Plan(
        new=tuple(message for message in wanted.values() if message.id not in known)
        if fresh and pair.status == "active"
        else (),
        cancelled=tuple(
            message for message in known.values() if message.status == "pending" and message.id not in wanted
        ),
    )


def _called_for(pair: Pair, now: datetime, correlation: str) -> tuple[Message, ...]:
    return (
        Message(pair.subject, PAIR_CREATED, pair.receiving, "receiving", now, correlation),
        Message(pair.subject, PAIR_CREATED, pair.giving, "giving", now, correlation),
    )
