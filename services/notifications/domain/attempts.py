"""What an attempt to send a message leads to: done, given up, or another attempt, and when."""

from datetime import datetime, timedelta

from services.notifications.domain.messages import Message
from shared.values import value

HANDOVERS = 2
"""How often a message may be handed over with no answer seen: an e-mail repeats at most once."""


@value
class Delivered:
    """The mail server took it."""


@value
class Deferred:
    """The mail server did not take it, for now or because it could not be asked."""

    code: str


@value
class Refused:
    """It can't be sent to this recipient, today or later."""

    code: str


@value
class Unconfirmed:
    """It was handed over and no answer came: the mail server may have taken it."""


@value
class Unready:
    """It could not be sent to this recipient yet: there is no card to send it by, or the mail server does not
    take such an address.
    """

    code: str


@value
class Unwanted:
    """The recipient was erased, or is not to be written to any more."""


Outcome = Delivered | Deferred | Refused | Unconfirmed | Unready | Unwanted


@value
class Sent:
    """Mark it sent."""


@value
class Failed:
    """Give it up, for the reason `code`."""

    code: str


@value
class Cancelled:
    """Drop it and say nothing."""


@value
class Again:
    """Try again at `due_at`. `handovers` is what the message's count is to be."""

    due_at: datetime
    handovers: int


Next = Sent | Failed | Cancelled | Again


def after(
    message: Message, outcome: Outcome, now: datetime, *, wait: timedelta, card_wait: timedelta
) -> Next:
    """Decides on a message as it was before the attempt.

    `wait` is how long until another attempt, `card_wait` for how long a card, or a server that takes the
    address, is waited for in all.
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
