"""Commands that wait for their subject: each is kept in a due row, and run again from it."""

import hashlib
from datetime import datetime, timedelta

from shared.messaging.at_rest import RecordCipher, restored, stored
from shared.messaging.reading.records import Raw, Received
from shared.messaging.work import DueRow

UNKNOWN_SUBJECT_RETRY = timedelta(seconds=2)
RETRY_KIND = "command"


def retry_row(record: Received, now: datetime, deadline: datetime, cipher: RecordCipher | None) -> DueRow:
    """The row that runs a command again. With a cipher nothing of the command can be read from it."""
    raw = record.raw
    row_id = f"{RETRY_KIND}/{raw.topic}/{record.envelope.id}"

    def encrypted(content: bytes | None) -> bytes | None:
        return stored(cipher, content, row_id)

    return DueRow(
        id=row_id,
        kind=RETRY_KIND,
        due_at=min(now + UNKNOWN_SUBJECT_RETRY, deadline),
        subject=record.key if cipher is None else hashlib.sha256(row_id.encode()).hexdigest(),
        data={
            "topic": raw.topic,
            "partition": raw.partition,
            "offset": raw.offset,
            "timestamp": raw.timestamp,
            "key": encrypted(raw.key),
            "value": encrypted(raw.value),
            "headers": [[encrypted(name.encode()), encrypted(content)] for name, content in raw.headers],
            "deadline": deadline,
            **record.cause.for_later,
        },
    )


def stored_raw(row: DueRow, cipher: RecordCipher | None) -> Raw:
    """The record that a row holds."""
    data = row.data

    def decrypted(content: bytes | None) -> bytes | None:
        return restored(cipher, content, row.id)

    return Raw(
        data["topic"],
        data["partition"],
        data["offset"],
        data["timestamp"],
        decrypted(data["key"]),
        decrypted(data["value"]),
        tuple(((decrypted(name) or b"").decode(), decrypted(content)) for name, content in data["headers"]),
    )
