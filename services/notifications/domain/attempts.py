"""What an attempt to send a message leads to: done, given up, or another attempt, and when."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from services.notifications.domain.messages import Message

HANDOVERS = 2
"""How often a message may be handed over with no answer seen: an e-mail repeats at most once."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The mail server took it."""


@dataclass(frozen=True, slots=True)
class Deferred:
    """The mail server did not take it, for now or because it could not be asked."""

    code: str


@dataclass(frozen=True, slots=True)
class Refused:
    """It can't be sent to this recipient, today or later."""

    code: str


@dataclass(frozen=True, slots=True)
class Unconfirmed:
    """It was handed over and no answer came: the mail server may have taken it."""


@dataclass(frozen=True, slots=True)
class Unready:
    """There is no card to send it by, yet."""

    code: str


@dataclass(frozen=True, slots=True)
class Unwanted:
    """The recipient was erased."""


Outcome = Delivered | Deferred | Refused | Unconfirmed | Unready | Unwanted


@dataclass(frozen=True, slots=True)
class Sent:
    """Mark it sent."""


@dataclass(frozen=True, slots=True)
class Failed:
    """Give it up, for the reason `code`."""

    code: str


@dataclass(frozen=True, slots=True)
class Cancelled:
    """Drop it and say nothing."""


@dataclass(frozen=True, slots=True)
class Again:
    """Try again at `due_at`. `handovers` is what the message's count is to be."""

    due_at: datetime
    handovers: int


Next = Sent | Failed | Cancelled | Again


def after(
    message: Message, outcome: Outcome, now: datetime, *, wait: timedelta, card_wait: timedelta
) -> Next:
    """Decides on a message as it was before the attempt.

    `wait` is how long until another attempt, `card_wait` for how long a missing card is waited for in all.
    """
    again = now + wait
    match outcome:
        case Delivered():
            return Sent()
        case Refused(code):
            return Failed(code)
        case Unwanted():
            return Cancelled()
        case Deferred():
            return Again(again, message.handovers)
        case Unconfirmed():
            counted = message.handovers + 1
            return Failed("delivery_unconfirmed") if counted >= HANDOVERS else Again(again, counted)
        case Unready(code):
            deadline = message.created_at + card_wait
            return Failed(code) if now >= deadline else Again(min(again, deadline), message.handovers)
