"""Rebuilds notifications' database from topics: what was sent before, then what there would be to send.

Nothing is sent in between: due rows run when all is read, and a pair that was created and is over by then has
no message left.
"""

from collections.abc import Sequence

from services.notifications import wire
from services.notifications.readers import PairRead
from services.notifications.service import Notifications
from services.notifications.store import Ended, Messages
from shared.contracts import topics
from shared.contracts.notifications.events import NotificationFailed, NotificationSent
from shared.messaging.reading.records import Readable, Received
from shared.messaging.rebuild import Recipe, Source
from shared.messaging.work import Work


class Rebuilding:
    """What notifications takes from topics."""

    def __init__(self, messages: Messages, notifications: Notifications) -> None:
        self._messages = messages
        self._notifications = notifications

    @property
    def recipe(self) -> Recipe:
        """Its own output first: what stands there has ended, and is not planned again."""
        return Recipe(
            (
                Source(topics.NOTIFICATIONS, self.take_ended),
                Source(topics.CONTACT_CARDS, self._notifications.apply_cards),
                Source(topics.PAIRS, self._notifications.apply_pairs, PairRead),
            )
        )

    async def take_ended(self, records: Sequence[Readable], work: Work) -> None:
        """Keeps the messages that were sent, or given up."""
        ended: list[Ended] = []
        for record in records:
            if isinstance(record, Received) and isinstance(
                record.data, NotificationSent | NotificationFailed
            ):
                message, code = wire.ended(record.key, record.data, record.envelope.time)
                ended.append(Ended(message, code, record.raw.broker_time))
        await self._messages.restore(ended, work.session)
