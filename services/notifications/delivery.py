"""Sends one message: the due rows' handler. Card and text are opened here, and nowhere kept."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import get_args

from services.notifications import wire
from services.notifications.domain.attempts import (
    HANDOVERS,
    Again,
    Cancelled,
    Deferred,
    Failed,
    Next,
    Outcome,
    Refused,
    Sent,
    Unconfirmed,
    Unready,
    Unwanted,
    after,
)
from services.notifications.domain.letters import Letter, compose
from services.notifications.domain.messages import Message
from services.notifications.domain.texts import Texts
from services.notifications.mailer import Mailer
from services.notifications.rows import send_row
from services.notifications.store import Card, Cards, Messages
from shared import retry
from shared.contracts.notifications.events import NOTIFICATION_FAILED, NOTIFICATION_SENT
from shared.contracts.sealed import Sealed
from shared.health import Health
from shared.logging import describe_error, get_logger
from shared.mail_addresses import Unaddressable
from shared.messaging.due import Task
from shared.messaging.metrics import Count
from shared.messaging.work import Work
from shared.mongo import Database
from shared.sealing import Opener, SealingError

log = get_logger(__name__)


def attempts() -> Count:
    """Attempts to send messages, by what came of them."""
    outcomes = tuple((kind.__name__.lower(),) for kind in get_args(Outcome))
    return Count(
        "kobling_message_attempts", "Attempts to send e-mails, by what came of them.", ("outcome",), outcomes
    )


def failures() -> Count:
    """Messages that were given up, by code."""
    return Count("kobling_messages_failed", "E-mails that were given up, by code.", ("code",))


class _CardChangedError(Exception):
    """The letter was written by a card that holds no more."""


class Delivery:
    """Loads a message, tries it, and stores what came of it with the event that says so."""

    def __init__(
        self,
        cards: Cards,
        messages: Messages,
        opener: Opener,
        mailer: Mailer,
        backoff: retry.Backoff,
        card_wait: timedelta,
        health: Health,
        texts: Texts,
        link_base: str,
    ) -> None:
        self._cards = cards
        self._messages = messages
        self._opener = opener
        self._mailer = mailer
        self._backoff = backoff
        self._card_wait = card_wait
        self._health = health
        self._texts = texts
        self._link_base = link_base
        self._attempts, self._failures = attempts(), failures()
        self.counts = (self._attempts, self._failures)
        """What Prometheus is told of all attempts."""

    async def send(self, task: Task) -> None:
        """Runs one row. Raises RowGone where the message was cancelled or taken over before it was sent."""
        message = await self._messages.find(task.row.id)
        if message is None or message.status != "pending":
            await task.finish(_nothing)
            return
        outcome = await self._attempt(message, task)
        tries: int = task.row.data["tries"]
        wait = self._backoff.delay(tries)
        decided = after(message, outcome, task.clock.now(), wait=wait, card_wait=self._card_wait)
        await self._store(message, decided, tries, task)
        self._attempts.add(type(outcome).__name__.lower())
        if isinstance(decided, Failed):
            self._failures.add(decided.code)
        log.info(
            "message_attempted",
            pair=message.pair,
            template=message.template,
            side=message.side,
            outcome=type(outcome).__name__,
            code=getattr(outcome, "code", None),
            next=type(decided).__name__,
        )

    async def _attempt(self, message: Message, task: Task) -> Outcome:
        if message.handovers >= HANDOVERS:
            return Unconfirmed()
        card = await self._cards.find(message.recipient)
        if card is None:
            return Unready("no_contact_card")
        if card.sealed is None:
            return Unwanted()
        try:
            letter = self._compose(message, card.sealed, task)
        except (SealingError, wire.CardUnreadable):
            return Unready("card_unreadable")
        except Unaddressable as refusal:
            return Refused(refusal.code)
        return await self._deliver(letter, message, card, task)

    async def _deliver(self, letter: Letter, message: Message, card: Card, task: Task) -> Outcome:
        try:
            return await self._mailer.deliver(letter, lambda: self._hand_over(message, card, task))
        except _CardChangedError:
            return Deferred("card_changed")

    def _compose(self, message: Message, sealed: Sealed, task: Task) -> Letter:
        recipient = wire.recipient(self._opener.open(sealed, message.recipient))
        return compose(
            message,
            recipient,
            self._texts,
            sender=self._mailer.sender,
            link_base=self._link_base,
            now=task.clock.now(),
        )

    async def _hand_over(self, message: Message, card: Card, task: Task) -> None:
        """The last look before the message leaves: still wanted, by the same card, still this run's, and now
        counted.

        Counted before it leaves, so that a crash after it can't repeat it more than once.
        """

        async def count(work: Work) -> None:
            # Whatever ends or wakes a message writes its row: at this moment it conflicts, and goes first.
            await task.keep(work.session)
            if await self._cards.find(message.recipient, work.session) != card:
                raise _CardChangedError
            await self._messages.count_handover(message, work.session)

        await task.step(count)

    async def _store(self, message: Message, decided: Next, tries: int, task: Task) -> None:
        async def sent(work: Work) -> None:
            if await self._messages.end(message, "sent", None, work.session):
                work.emit(
                    NOTIFICATION_SENT,
                    subject=message.id,
                    data=wire.sent(message),
                    cause=task.row.cause,
                )
            work.cancel(task.row.id)

        async def ended(work: Work) -> None:
            match decided:
                case Failed(code):
                    if await self._messages.end(message, "failed", code, work.session):
                        work.emit(
                            NOTIFICATION_FAILED,
                            subject=message.id,
                            data=wire.failed(message, code),
                            cause=task.row.cause,
                        )
                case Cancelled():
                    await self._messages.end(message, "cancelled", None, work.session)
                case Again(due_at, handovers):
                    await self._messages.set_handovers(message, handovers, work.session)
                    work.schedule(send_row(message, due_at, tries + 1))
                case Sent():
                    pass

        if isinstance(decided, Sent):
            # A step and not `finish`: the mail is out, whatever has become of the row meanwhile.
            await self._insist(task.database, lambda: task.step(sent))
        else:
            await task.finish(ended)

    async def _insist(self, database: Database, step: Callable[[], Awaitable[None]]) -> None:
        """Stores what can't be undone, waiting for a database that is down: forgotten, it would repeat."""
        waits = retry.Waits()
        while True:
            try:
                return await step()
            except Exception as error:
                if not retry.is_infrastructure(error):
                    raise
                self._health.degraded("due", retry.cause_of(error, database))
                log.warning("mark_waits", **describe_error(error))
                await waits.sleep()


async def _nothing(_: Work) -> None:
    """An obsolete row only goes away."""
