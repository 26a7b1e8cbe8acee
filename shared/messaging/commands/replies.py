"""Replies to commands: one final each, kept, so that the same command again gets the same answer."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import orjson
from pymongo import IndexModel, ReplaceOne

from shared.contracts import replies as contract
from shared.contracts.faults import Fault
from shared.contracts.fields import Contract
from shared.contracts.message import Message
from shared.messaging.at_rest import RecordCipher
from shared.messaging.commands.answers import (
    WITHHELD,
    Accepted,
    Answer,
    CommandRef,
    Pending,
    Rejected,
    UnknownSubject,
)
from shared.messaging.reading.records import Cause
from shared.messaging.reading.sentences import told
from shared.messaging.work import KEPT, Revision, Work
from shared.mongo import Document

INDEXES = [
    IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds())),
    IndexModel("subject", sparse=True),
]


@dataclass(slots=True)
class Replies:
    """Sends replies, numbered 1, 2, … for each command, and remembers the latest to each.

    `cipher` is for the service whose replies lead from a case to a subject: what it stores of them is
    then cipher text. `at_once`: `save` writes them, so that whatever else runs in this transaction reads
    them; otherwise the transaction's end does.
    """

    work: Work
    cipher: RecordCipher | None = None
    at_once: bool = False
    _known: dict[str, Document] = field(default_factory=dict, init=False)
    _unsaved: dict[str, Document] = field(default_factory=dict, init=False)

    @classmethod
    async def load(
        cls,
        work: Work,
        refs: Sequence[CommandRef],
        cipher: RecordCipher | None = None,
        *,
        at_once: bool = False,
    ) -> "Replies":
        """Reads what these commands were told before."""
        replies = cls(work, cipher, at_once)
        if refs:
            ids = list({ref.reply_id for ref in refs})
            cursor = work.database["replies"].find({"_id": {"$in": ids}}, session=work.session)
            replies._known = {document["_id"]: document async for document in cursor}
        return replies

    def send(self, ref: CommandRef, cause: Cause, answer: Answer, *, dry_run: bool = False) -> None:
        """Replies to a command and remembers the reply."""
        message, data = _reply(ref, answer, dry_run=dry_run)
        revision = self._next(ref)
        content = {"name": message.name, "data": self._stored(ref, data), "subject": _subjects(ref, answer)}
        self._keep(ref, revision, content)
        self._emit(ref, cause, message, data, revision)

    def refuse(self, ref: CommandRef, cause: Cause, rejected: Rejected) -> None:
        """Says that a record was refused unread; this is numbered and not remembered.

        Where another command has had a reply under this id, that one is sent again behind the refusal, under
        the next number: what is latest under an id, and all that compaction may leave, stays the answer to
        the command that was carried out.
        """
        known = self._known.get(ref.reply_id)
        answered = known if known is not None and known["name"] is not None else None
        message, data = _reply(ref, rejected, dry_run=False)
        revision = self._next(ref)
        self._keep(ref, revision, _content(answered))
        self._emit(ref, cause, message, data, revision)
        if answered is not None:
            revision = self._next(ref)
            self._keep(ref, revision, _content(answered))
            self.repeat(ref, cause)

    def repeat(self, ref: CommandRef, cause: Cause) -> None:
        """Sends the latest reply once more; nothing where there is none, or it had to be forgotten."""
        document = self._known.get(ref.reply_id)
        if document is not None and document["name"] is not None:
            message = _REPLIES[document["name"]]
            data = message.model.model_validate(self._back(ref, document["data"]))
            self._emit(ref, cause, message, data, Revision(document["revision"], document["order"]))

    async def save(self) -> None:
        """Writes what was sent since the last time, where `at_once` says so."""
        if self._unsaved:
            writes = [ReplaceOne({"_id": id_}, kept, upsert=True) for id_, kept in self._unsaved.items()]
            await self.work.database["replies"].bulk_write(writes, ordered=False, session=self.work.session)
            self._unsaved.clear()

    def _next(self, ref: CommandRef) -> Revision:
        known = self._known.get(ref.reply_id, {"revision": 0, "order": 0})
        return Revision(known["revision"], known["order"]).next(self.work.now)

    def _keep(self, ref: CommandRef, revision: Revision, content: Document) -> None:
        document = {
            "_id": ref.reply_id,
            **content,
            "revision": revision.number,
            "order": revision.order,
            "at": datetime.now(UTC),
        }
        self._known[ref.reply_id] = document
        if self.at_once:
            self._unsaved[ref.reply_id] = document
        else:
            self.work.remember_reply(document)

    def _stored(self, ref: CommandRef, data: Contract) -> Any:
        plain = data.model_dump(mode="json", by_alias=True, exclude_none=True)
        if self.cipher is None:
            return plain
        return self.cipher.encrypt(orjson.dumps(plain), _context(ref))

    def _back(self, ref: CommandRef, stored: Any) -> Any:
        if self.cipher is None:
            return stored
        return orjson.loads(self.cipher.decrypt(stored, _context(ref)))

    def _emit(
        self, ref: CommandRef, cause: Cause, message: Message, data: Contract, revision: Revision
    ) -> None:
        answers = Cause(cause.id, ref.id, cause.traceparent)
        self.work.emit(
            message, subject=ref.id, data=data, cause=answers, owner=ref.operator, revision=revision
        )


async def forget(work: Work, subjects: Iterable[str]) -> None:
    """Empties the replies that hold anything of these subjects: a repeated command then gets none. Their
    numbers stay, so that no later reply to such a command has one that was used.
    """
    gone = list(subjects)
    if gone:
        await work.database["replies"].update_many(
            {"subject": {"$in": gone}}, {"$set": _content(None)}, session=work.session
        )


def _subjects(ref: CommandRef, answer: Answer) -> list[str]:
    """All whom a reply holds anything of: what its command is about stands in every one."""
    of_answer = answer.subject if isinstance(answer, Accepted | Rejected) else None
    named = (of_answer,) if isinstance(of_answer, str) else of_answer or ()
    return sorted({ref.about, *named} - {WITHHELD})


def _context(ref: CommandRef) -> str:
    """What a stored reply's cipher text is bound to."""
    return f"reply/{ref.reply_id}"


def _content(document: Document | None) -> Document:
    """What is remembered of a reply but its place: of none, that there is none."""
    if document is None:
        return {"name": None, "data": None, "subject": None}
    return {name: document[name] for name in ("name", "data", "subject")}


_REPLIES: dict[str, Message] = {
    message.name: message
    for message in (contract.ACCEPTED, contract.PREVIEWED, contract.PENDING, contract.REJECTED)
}


def _reply(ref: CommandRef, answer: Answer, *, dry_run: bool) -> tuple[Message, Contract]:
    match answer:
        case Accepted(result=result):
            if dry_run:
                preview = contract.CommandPreviewed(command=ref.id, about=ref.about, result=result)
                return contract.PREVIEWED, preview
            return contract.ACCEPTED, contract.CommandAccepted(command=ref.id, about=ref.about, result=result)
        case Pending(waits_for):
            pending = contract.CommandPending(command=ref.id, about=ref.about, waits_for=list(waits_for))
            return contract.PENDING, pending
        case Rejected():
            return contract.REJECTED, _rejected(ref, answer)
        case UnknownSubject():
            return _reply(ref, Pending(("subject",)), dry_run=dry_run)


def _rejected(ref: CommandRef, answer: Rejected) -> contract.CommandRejected:
    faults = [Fault.model_validate(fault) for fault in told(answer.faults)]
    partition, offset = answer.place or (None, None)
    return contract.CommandRejected(
        command=ref.id,
        about=ref.about,
        code=answer.code,
        message=answer.message,
        field=answer.field,
        state=answer.state,
        faults=faults or None,
        partition=partition,
        offset=offset,
    )
