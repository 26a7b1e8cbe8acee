"""Documents ↔ domain. Cards are stored sealed, as they came; nothing here is personal in the clear."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from pymongo import ReplaceOne, UpdateOne

from services.notifications.domain.messages import Message, Status
from shared.contracts.sealed import Sealed
from shared.mongo import Collection, Database, Document, Session


@dataclass(frozen=True, slots=True)
class Card:
    """A contact card at its latest revision; without `sealed` it was withdrawn, or the person was erased."""

    revision: int
    sealed: Sealed | None
    withdrawn: bool = False

    @property
    def erased(self) -> bool:
        """Whether the person was erased."""
        return self.sealed is None and not self.withdrawn


@dataclass(frozen=True, slots=True)
class SeenPair:
    """The latest revision of a pair that was handled, or that it was erased after it."""

    revision: int
    erased: bool = False


@dataclass(frozen=True, slots=True)
class Ended:
    """A message that has ended, with the reason if it failed, and when by the broker's clock."""

    message: Message
    code: str | None
    at: datetime


class Cards:
    """Contact cards by subject."""

    def __init__(self, database: Database) -> None:
        self._collection = database["cards"]

    async def find(self, subject: str, session: Session | None = None) -> Card | None:
        """One person's card."""
        document = await self._collection.find_one({"_id": subject}, session=session)
        return None if document is None else self._card(document)

    async def load(self, subjects: Iterable[str], session: Session) -> dict[str, Card]:
        """Cards by subject, those of the erased and withdrawn ones included."""
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, session=session)
        return {document["_id"]: self._card(document) async for document in cursor}

    @staticmethod
    def _card(document: Document) -> Card:
        sealed = None if document["sealed"] is None else Sealed.model_validate(document["sealed"])
        return Card(document["revision"], sealed, withdrawn=document.get("withdrawn", False))

    async def save(self, cards: Mapping[str, Card], session: Session) -> None:
        """Writes cards by subject."""
        await _replace(
            self._collection,
            [
                {
                    "_id": subject,
                    "revision": card.revision,
                    "sealed": None if card.sealed is None else card.sealed.model_dump(mode="json"),
                    **({"withdrawn": True} if card.withdrawn else {}),
                }
                for subject, card in cards.items()
            ],
            session,
        )

    async def forget(self, subject: str, session: Session) -> bool:
        """Removes an erased person's place; False where there is a card again."""
        erased = {"_id": subject, "sealed": None, "withdrawn": {"$exists": False}}
        deleted = await self._collection.delete_one(erased, session=session)
        return bool(deleted.deleted_count)


class Pairs:
    """How far each pair's states were handled."""

    def __init__(self, database: Database) -> None:
        self._collection = database["pairs"]

    async def load(self, subjects: Iterable[str], session: Session) -> dict[str, SeenPair]:
        """Places by pair."""
        cursor = self._collection.find({"_id": {"$in": list(set(subjects))}}, session=session)
        return {
            document["_id"]: SeenPair(document["revision"], document["erased"]) async for document in cursor
        }

    async def save(self, pairs: Mapping[str, SeenPair], session: Session) -> None:
        """Writes places by pair."""
        await _replace(
            self._collection,
            [
                {"_id": subject, "revision": seen.revision, "erased": seen.erased}
                for subject, seen in pairs.items()
            ],
            session,
        )

    async def forget(self, subject: str, session: Session) -> bool:
        """Removes an erased pair's place; False where the pair is there again."""
        deleted = await self._collection.delete_one({"_id": subject, "erased": True}, session=session)
        return bool(deleted.deleted_count)


class Messages:
    """Messages, kept after sending: that one is here is why it is not sent again."""

    def __init__(self, database: Database) -> None:
        self._collection = database["messages"]

    async def find(self, message_id: str) -> Message | None:
        """A message by id."""
        document = await self._collection.find_one({"_id": message_id})
        return None if document is None else _message(document)

    async def of_pairs(self, pairs: Iterable[str], session: Session) -> dict[str, Message]:
        """All messages of these pairs, by id."""
        cursor = self._collection.find({"pair": {"$in": list(set(pairs))}}, session=session)
        return {document["_id"]: _message(document) async for document in cursor}

    async def pending_to(self, recipients: Iterable[str], session: Session) -> list[Message]:
        """Unsent messages to these people."""
        wanted = {"recipient": {"$in": list(set(recipients))}, "status": "pending"}
        return [_message(document) async for document in self._collection.find(wanted, session=session)]

    async def add(self, messages: Sequence[Message], session: Session) -> None:
        """Stores new messages; one that is there already is a DuplicateKeyError, and the batch runs again."""
        if messages:
            await self._collection.insert_many([_document(message) for message in messages], session=session)

    async def cancel(self, messages: Sequence[Message], session: Session) -> None:
        """Marks messages that nobody should get any more."""
        if messages:
            wanted = {"_id": {"$in": [message.id for message in messages]}, "status": "pending"}
            change = {"status": "cancelled", "ended_at": datetime.now(UTC)}
            await self._collection.update_many(wanted, {"$set": change}, session=session)

    async def count_handover(self, message: Message, session: Session) -> None:
        """Counts that a mail server may have the message from now on."""
        await self._collection.update_one({"_id": message.id}, {"$inc": {"handovers": 1}}, session=session)

    async def set_handovers(self, message: Message, handovers: int, session: Session) -> None:
        """Sets the count to what is known after an attempt."""
        await self._collection.update_one(
            {"_id": message.id, "status": "pending"}, {"$set": {"handovers": handovers}}, session=session
        )

    async def end(self, message: Message, status: Status, code: str | None, session: Session) -> bool:
        """Ends a message; False where it had ended that way. A cancelled one may turn out to be sent."""
        before = ["pending", "cancelled"] if status == "sent" else ["pending"]
        # The machine's own time, since MongoDB expires by its own.
        change = {"status": status, "code": code, "ended_at": datetime.now(UTC)}
        updated = await self._collection.update_one(
            {"_id": message.id, "status": {"$in": before}},
            {"$set": change},
            session=session,
        )
        return bool(updated.matched_count)

    async def restore(self, ended: Sequence[Ended], session: Session) -> None:
        """Stores ended messages that aren't here."""
        writes = [
            UpdateOne(
                {"_id": end.message.id},
                {"$setOnInsert": {**_content(end.message), "code": end.code, "ended_at": end.at}},
                upsert=True,
            )
            for end in ended
        ]
        if writes:
            await self._collection.bulk_write(writes, ordered=False, session=session)

    async def forget(self, field: str, subject: str, session: Session) -> None:
        """Removes all messages of a pair (`pair`) or to a person (`recipient`)."""
        await self._collection.delete_many({field: subject}, session=session)


async def _replace(collection: Collection, documents: Sequence[Document], session: Session) -> None:
    if documents:
        writes = [ReplaceOne({"_id": document["_id"]}, document, upsert=True) for document in documents]
        await collection.bulk_write(writes, ordered=False, session=session)


def _document(message: Message) -> Document:
    return {"_id": message.id, **_content(message), "code": None}


def _content(message: Message) -> Document:
    return {
        "pair": message.pair,
        "template": message.template,
        "recipient": message.recipient,
        "side": message.side,
        "created_at": message.created_at,
        "correlation": message.correlation,
        "status": message.status,
        "handovers": message.handovers,
        **({} if message.trace is None else {"trace": message.trace}),
    }


def _message(document: Document) -> Message:
    return Message(
        id=document["_id"],
        pair=document["pair"],
        template=document["template"],
        recipient=document["recipient"],
        side=document["side"],
        created_at=document["created_at"],
        correlation=document["correlation"],
        status=document["status"],
        handovers=document["handovers"],
        trace=document.get("trace"),
    )
