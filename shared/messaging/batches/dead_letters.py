"""Refused records: the original stays in `quarantine` for 30 days, a notice goes to the dead-letter topic."""

import hashlib
import uuid
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel, UpdateOne

from shared.contracts.fields import format_instant
from shared.contracts.topics import Topic
from shared.messaging.at_rest import RecordCipher, restored, stored
from shared.messaging.reading.outcome import Dead
from shared.messaging.reading.records import Raw
from shared.messaging.work import HEADROOM, Work
from shared.mongo import Database, Document, Session

KEPT = timedelta(days=30)
INDEXES = [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))]
LARGEST_KEPT = 4 * 1024 * 1024
"""Bytes of key, value and headers that the quarantine keeps. A broker's limit is on compressed batches, so a
record may be far beyond it; then a digest and the size stand for it.
"""
LARGEST_KEY = 4096
"""Bytes of the key that a notice carries: partitioners read keys byte by byte."""
NAMESPACE = uuid.uuid5(uuid.NAMESPACE_URL, "urn:kobling:dead-letter")


def dead_letter_id(raw: Raw) -> str:
    """The same id whenever and by whomever the record is refused: made from its place and broker time."""
    return str(uuid.uuid5(NAMESPACE, f"{raw.topic}/{raw.partition}/{raw.offset}/{raw.timestamp}"))


@dataclass(frozen=True, slots=True)
class DeadLetters:
    """One service's quarantine and dead-letter topic.

    `cipher` is for the service whose refused records may hold personal data: its dead letters then have
    no key and no payload, and the quarantine holds cipher text. Without it nothing of a refused command is
    kept or announced, only its place, its size and a digest: operators may have written anything into it, a
    name too.
    """

    topic: Topic
    service: str
    cipher: RecordCipher | None = None

    def refuse(
        self, raw: Raw, dead: Dead, work: Work, attempts: int = 1, *, command: bool = False
    ) -> UpdateOne:
        """Announces a refused record; returns the write that quarantines it."""
        letter = dead_letter_id(raw)
        private = self.cipher is not None
        kept = raw if (private or not command) and raw.size <= LARGEST_KEPT else _bare(raw)
        headers: dict[str, str | None] = {
            "dlq-id": letter,
            "dlq-reason": dead.code,
            "dlq-field": dead.field,
            "dlq-topic": raw.topic,
            "dlq-partition": str(raw.partition),
            "dlq-offset": str(raw.offset),
            "dlq-attempts": str(attempts),
            "dlq-time": format_instant(work.now),
            "dlq-service": self.service,
        }
        key, value = _carried(kept, self.topic)
        if len(value or b"") < len(raw.value or b""):
            headers |= _digest(raw)
        work.send(
            self.topic,
            key=None if private else key,
            # Empty, since aiokafka refuses a record with neither key nor value.
            value=b"" if private or (key is None and value is None) else value,
            headers=tuple((name, text.encode()) for name, text in headers.items() if text is not None),
        )
        return UpdateOne(
            {"_id": letter}, {"$setOnInsert": self._document(kept, dead, letter, attempts)}, upsert=True
        )

    def _document(self, raw: Raw, dead: Dead, letter: str, attempts: int) -> Document:
        return {
            "topic": raw.topic,
            "partition": raw.partition,
            "offset": raw.offset,
            "timestamp": raw.timestamp,
            "key": self._stored(raw.key, letter),
            "value": self._stored(raw.value, letter),
            # Names too may hold anything.
            "headers": [
                (self._stored(name.encode(), letter), self._stored(content, letter))
                for name, content in raw.headers
            ],
            "kept": raw.size > 0,
            "code": dead.code,
            "field": dead.field,
            "attempts": attempts,
            "at": datetime.now(UTC),
        }

    def _stored(self, content: bytes | None, letter: str) -> bytes | None:
        return stored(self.cipher, content, letter)

    def original(self, document: Document) -> Raw:
        """The refused record of a quarantined document, as it came."""
        letter = document["_id"]
        return Raw(
            document["topic"],
            document["partition"],
            document["offset"],
            document["timestamp"],
            self._restored(document["key"], letter),
            self._restored(document["value"], letter),
            tuple(
                ((self._restored(name, letter) or b"").decode(), self._restored(content, letter))
                for name, content in document["headers"]
            ),
        )

    def _restored(self, content: bytes | None, letter: str) -> bytes | None:
        return restored(self.cipher, content, letter)

    async def known(self, database: Database, letters: list[str], session: Session) -> set[str]:
        """Which of these dead letters are in quarantine already."""
        cursor = database["quarantine"].find({"_id": {"$in": letters}}, {"_id": 1}, session=session)
        return {document["_id"] async for document in cursor}


def _bare(raw: Raw) -> Raw:
    """The record's place alone."""
    return raw._replace(key=None, value=None, headers=())


def _carried(raw: Raw, topic: Topic) -> tuple[bytes | None, bytes | None]:
    """Key and value as far as the dead-letter topic takes them."""
    room = topic.max_message_bytes - 2 * HEADROOM
    key = raw.key if len(raw.key or b"") <= LARGEST_KEY else None
    value = raw.value if len(raw.value or b"") + len(key or b"") <= room else b""
    return key, value


def _digest(raw: Raw) -> dict[str, str | None]:
    value = raw.value or b""
    return {"dlq-size": str(len(value)), "dlq-sha256": hashlib.sha256(value).hexdigest()}
