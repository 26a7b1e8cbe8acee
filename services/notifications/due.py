"""What notifications does when its time has come: messages to send, the erased to forget."""

from collections.abc import Mapping

from services.notifications.delivery import Delivery
from services.notifications.rows import FORGET_KIND, SEND_KIND
from services.notifications.store import Cards, Messages, Pairs
from shared.messaging.due import DueHandler, Task
from shared.messaging.work import Work


def due_handlers(delivery: Delivery, retention: "Retention") -> Mapping[str, DueHandler]:
    """What runs for each kind of due row."""
    return {SEND_KIND: delivery.send, FORGET_KIND: retention.forget}


class Retention:
    """Forgets places and messages of erased people and pairs once no topic can bring them back."""

    def __init__(self, cards: Cards, pairs: Pairs, messages: Messages) -> None:
        self._cards = cards
        self._pairs = pairs
        self._messages = messages

    async def forget(self, task: Task) -> None:
        """Runs one row; whoever came back meanwhile is kept."""
        subject = task.row.subject
        is_person = task.row.data["what"] == "person"
        place = self._cards if is_person else self._pairs

        async def remove(work: Work) -> None:
            if await place.forget(subject, work.session):
                await self._messages.forget("recipient" if is_person else "pair", subject, work.session)

        await task.finish(remove)
