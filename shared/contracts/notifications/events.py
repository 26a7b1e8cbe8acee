"""What notifications publishes: that a message went out, or could not."""

from typing import Literal

from shared.contracts import topics
from shared.contracts.example import PAIR, VOLUNTEER, example
from shared.contracts.fields import Code, Contract, Subject
from shared.contracts.message import event


class NotificationSent(Contract):
    """A message was handed to the mail server. No address, no text."""

    model_config = example({"about": PAIR, "template": "pair_created", "channel": "email"})

    about: Subject
    template: Code
    channel: Literal["email"]


class NotificationFailed(Contract):
    """A message could not be sent and will not be tried again."""

    model_config = example(
        {"about": PAIR, "template": "pair_created", "channel": "email", "code": "recipient_refused"},
        subject=VOLUNTEER,
    )

    about: Subject
    template: Code
    channel: Literal["email"]
    code: Code


NOTIFICATION_SENT = event(topics.NOTIFICATIONS, NotificationSent)
NOTIFICATION_FAILED = event(topics.NOTIFICATIONS, NotificationFailed)
