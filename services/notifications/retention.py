"""Forgets the erased once no topic can bring them back: the due rows' handler."""

from services.notifications.store import Cards, Messages, Pairs
from shared.messaging.due import Task
from shared.messaging.work import Work


class Retention:
    """Removes places and messages of erased people and pairs."""

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
