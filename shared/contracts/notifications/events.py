"""What notifications publishes: that a message went out, or could not."""

from typing import Literal

from shared.contracts import topics
from shared.contracts.fields import Code, Contract, Subject
from shared.contracts.message import event


class NotificationSent(Contract):
    """A message was handed to the mail server. No address, no text."""

    about: Subject
    template: Code
    channel: Literal["email"]


class NotificationFailed(Contract):
    """A message could not be sent and will not be tried again."""

    about: Subject
    template: Code
    channel: Literal["email"]
    code: Code


NOTIFICATION_SENT = event(topics.NOTIFICATIONS, NotificationSent)
NOTIFICATION_FAILED = event(topics.NOTIFICATIONS, NotificationFailed)
