"""Which messages a pair's state calls for."""

import hashlib
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Literal

from services.notifications.domain.pairs import Pair, Side
from services.notifications.domain.triggers import TRIGGERS, Trigger
from shared.values import value

Status = Literal["pending", "sent", "failed", "cancelled"]

PREFIX = "message-"
DIGITS = 32
"""Hexadecimal digits of a message's id."""


@value
class Message:
    """One message to one person. `handovers` counts the times that a mail server may have accepted it.

    `id` names the message for ever, for the world to see: it leads neither to pair nor person. `recipient`
    is empty where what was sent is known from its event alone. `correlation` is the first event of the chain
    that called for it, and `trace` names the span of it that was recorded, if any was.
    """

    id: str
    pair: str
    template: str
    recipient: str
    side: Side
    created_at: datetime
    correlation: str
    status: Status = "pending"
    handovers: int = 0
    trace: str | None = None

    @property
    def place(self) -> tuple[str, str]:
        """What makes it one message of its pair, under whatever id it is stored."""
        return self.template, self.recipient

    @property
    def mail_id(self) -> str:
        """What stands before the @ of the mail's Message-ID."""
        return self.id.removeprefix(PREFIX)


def new_message(
    pair: str, template: str, recipient: str, side: Side, created_at: datetime, correlation: str
) -> Message:
    """A new message: the same pair, template and recipient are the same message."""
    digest = hashlib.sha256(f"{pair}/{template}/{recipient}".encode()).hexdigest()[:DIGITS]
    return Message(f"{PREFIX}{digest}", pair, template, recipient, side, created_at, correlation)


@value
class Plan:
    """What to change: messages to send, and messages that nobody should get any more."""

    new: tuple[Message, ...] = ()
    cancelled: tuple[Message, ...] = ()


def plan(
    pair: Pair, known: Mapping[str, Message], now: datetime, within: timedelta, correlation: str
) -> Plan:
    """Holds a pair's state against its known messages, by id. `now` is by the local clock.

    New messages are for what came about no longer than `within` ago: a service that was set up anew reads
    years of states, and must not write to everybody again.
    """
    lasting = [trigger for trigger in TRIGGERS if pair.status in trigger.lasts]
    fresh = [
        trigger for trigger in lasting if pair.status in trigger.at and _is_fresh(pair, trigger, now, within)
    ]
    wanted = {message.place for trigger in lasting for message in _messages(pair, trigger, now, correlation)}
    places = {message.place for message in known.values()}
    return Plan(
        new=tuple(
            message
            for trigger in fresh
            for message in _messages(pair, trigger, now, correlation)
            if message.id not in known and message.place not in places
        ),
        cancelled=tuple(
            message
            for message in known.values()
            if message.status == "pending" and message.place not in wanted
        ),
    )


def _is_fresh(pair: Pair, trigger: Trigger, now: datetime, within: timedelta) -> bool:
    day = trigger.day(pair)
    return day is not None and now.date() - day <= within


def _messages(pair: Pair, trigger: Trigger, now: datetime, correlation: str) -> list[Message]:
    return [
        new_message(pair.subject, trigger.template, pair.party(side), side, now, correlation)
        for side in trigger.sides
    ]
