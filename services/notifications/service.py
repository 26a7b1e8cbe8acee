"""Cards and pairs as they come in: keep the newest, and see to the messages that they call for."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import timedelta

from services.notifications import wire
from services.notifications.domain.messages import Message, plan
from services.notifications.readers import PairRead
from services.notifications.rows import forget_row, send_row
from services.notifications.store import Card, Cards, Messages, Pairs, SeenPair
from shared.clock import local_time
from shared.contracts.intake.cards import ContactCard, NoContactCard
from shared.messaging.reading.outcome import Applied, Dead, Outcome, Stale
from shared.messaging.reading.records import Erased, Readable
from shared.messaging.work import Work


class Notifications:
    """Applies states. What is not above the stored revision is stale, so a replay does nothing."""

    def __init__(self, cards: Cards, pairs: Pairs, messages: Messages, welcome_within: timedelta) -> None:
        self._cards = cards
        self._pairs = pairs
        self._messages = messages
        self._welcome_within = welcome_within

    async def apply_cards(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Keeps the newest cards, sealed; messages that waited for one are due now, and those to people who
        are not to be written to any more are taken back.
        """
        known = await self._cards.load((record.key for record in records), work.session)
        changed: dict[str, Card] = {}
        outcomes: list[Outcome] = []
        for record in records:
            card = _next_card(record, changed.get(record.key) or known.get(record.key))
            if isinstance(card, Card):
                changed[record.key] = card
                outcomes.append(Applied())
            else:
                outcomes.append(card)
        if changed:
            await self._cards.save(changed, work.session)
            await self._see_to_messages(changed, work)
        return outcomes

    async def _see_to_messages(self, changed: Mapping[str, Card], work: Work) -> None:
        for subject, card in changed.items():
            if card.erased:
                work.schedule(forget_row("person", subject, work.now))
        pending = await self._messages.pending_to(changed, work.session)
        nobody = {subject for subject, card in changed.items() if card.sealed is None}
        await self._cancel([message for message in pending if message.recipient in nobody], work)
        for message in pending:
            # One that may have been handed over keeps its time: woken, it would repeat for no reason.
            if message.recipient not in nobody and message.handovers == 0:
                work.schedule(send_row(message, work.now))

    async def apply_pairs(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Decides on each pair's newest state: its messages to send, and those to take back."""
        known = await self._pairs.load((record.key for record in records), work.session)
        changed: dict[str, SeenPair] = {}
        newest: dict[str, Readable] = {}
        outcomes: list[Outcome] = []
        for record in records:
            pair = _next_pair(record, changed.get(record.key) or known.get(record.key))
            if isinstance(pair, SeenPair):
                changed[record.key] = pair
                newest[record.key] = record
                outcomes.append(Applied())
            else:
                outcomes.append(pair)
        if newest:
            await self._pairs.save(changed, work.session)
            await self._plan(newest, work)
        return outcomes

    async def _plan(self, newest: Mapping[str, Readable], work: Work) -> None:
        known = await self._messages.of_pairs(newest, work.session)
        new: list[Message] = []
        cancelled: list[Message] = []
        for subject, record in newest.items():
            mine = {id_: message for id_, message in known.items() if message.pair == subject}
            if isinstance(record, Erased):
                cancelled += [message for message in mine.values() if message.status == "pending"]
                work.schedule(forget_row("pair", subject, work.now))
                continue
            if not isinstance(record.data, PairRead):
                raise TypeError(f"{record.message.name} is no state of a pair")
            pair = wire.pair(subject, record.data)
            now = local_time(work.now)
            steps = plan(pair, mine, now, self._welcome_within, record.cause.correlation)
            new += [replace(message, trace=record.cause.kept) for message in steps.new]
            cancelled += steps.cancelled
        await self._messages.add(new, work.session)
        for message in new:
            work.schedule(send_row(message, work.now))
        await self._cancel(cancelled, work)

    async def _cancel(self, messages: Sequence[Message], work: Work) -> None:
        await self._messages.cancel(messages, work.session)
        for message in messages:
            work.cancel(message.id)


def _next_card(record: Readable, before: Card | None) -> Card | Stale | Dead:
    """The card after a record, or why it stays as it is."""
    if isinstance(record, Erased):
        # A person never heard of is noted too: their messages may be waiting for a card.
        if before is not None and before.erased:
            return Stale()
        return Card(before.revision if before is not None else 0, None)
    revision = wire.revision(record)
    if isinstance(revision, Dead):
        return revision
    if before is not None and revision <= before.revision:
        return Stale()
    match record.data:
        case ContactCard(card=sealed):
            return Card(revision, sealed)
        case NoContactCard():
            return Card(revision, None, withdrawn=True)
        case _:
            raise TypeError(f"{record.message.name} is no contact card")


def _next_pair(record: Readable, before: SeenPair | None) -> SeenPair | Stale | Dead:
    """How far the pair was handled after a record, or why nothing changes."""
    if isinstance(record, Erased):
        if before is not None and before.erased:
            return Stale()
        return SeenPair(before.revision if before is not None else 0, erased=True)
    revision = wire.revision(record)
    if isinstance(revision, Dead):
        return revision
    return Stale() if before is not None and revision <= before.revision else SeenPair(revision)
