"""What notifications publishes: that a message went out, or could not."""

from typing import Literal

from shared.contracts import topics
from shared.contracts.example import MESSAGE, PAIR, example
from shared.contracts.fields import Code, Contract, Side, Subject
from shared.contracts.message import event


class NotificationSent(Contract):
    """A message, the subject, was handed to the mail server. No address, no text, nobody's reference.

    Without `side` it is a record of the release before, whose subject is the recipient.
    """

    model_config = example(
        {"about": PAIR, "template": "pair_created", "side": "giving", "channel": "email"}, subject=MESSAGE
    )

    about: Subject
    template: Code
    side: Side | None = None
    channel: Literal["email"]


class NotificationFailed(Contract):
    """A message could not be sent and will not be tried again."""

    model_config = example(
        {
            "about": PAIR,
            "template": "pair_created",
            "side": "giving",
            "channel": "email",
            "code": "recipient_refused",
        },
        subject=MESSAGE,
    )

    about: Subject
    template: Code
    side: Side | None = None
    channel: Literal["email"]
    code: Code


NOTIFICATION_SENT = event(topics.NOTIFICATIONS, NotificationSent)
NOTIFICATION_FAILED = event(topics.NOTIFICATIONS, NotificationFailed)
