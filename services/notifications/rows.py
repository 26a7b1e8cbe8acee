"""Due rows of notifications: messages to send, and what is forgotten in the end."""

from datetime import datetime, timedelta
from typing import Literal

from services.notifications.domain.messages import Message
from shared.messaging.reading.records import TRACEPARENT
from shared.messaging.work import DueRow

SEND_KIND = "send_message"
FORGET_KIND = "forget"

KEPT = timedelta(days=90)
"""How long places of the erased are kept: longer than a state topic may still hold what came before the
erasure (compaction within 20 days, tombstones 30 days more), which read again would be sent again."""

Erasable = Literal["person", "pair"]


def send_row(message: Message, due_at: datetime, tries: int = 0) -> DueRow:
    """The row that sends a message; `tries` counts attempts since the message or its card was new."""
    trace = {} if message.trace is None else {TRACEPARENT: message.trace}
    return DueRow(
        id=message.id,
        kind=SEND_KIND,
        due_at=due_at,
        subject=message.recipient,
        data={"tries": tries, "correlation": message.correlation, **trace},
    )


def forget_row(what: Erasable, subject: str, now: datetime) -> DueRow:
    """The row that removes the last traces of an erased person or pair."""
    return DueRow(
        id=f"{FORGET_KIND}/{what}/{subject}",
        kind=FORGET_KIND,
        due_at=now + KEPT,
        subject=subject,
        data={"what": what},
    )
