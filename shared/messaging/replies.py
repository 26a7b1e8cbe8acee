"""Replies to commands: one final each, kept, so that the same command again gets the same answer."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from pymongo import IndexModel

from shared.contracts import commands as contract
from shared.contracts.fields import Contract
from shared.messaging.answers import Accepted, Answer, CommandRef, Pending, Rejected, UnknownSubject
from shared.messaging.records import Cause
from shared.messaging.work import Version, Work
from shared.mongo import Document

KEPT = timedelta(days=90)
INDEXES = [IndexModel("at", expireAfterSeconds=int(KEPT.total_seconds()))]


@dataclass(slots=True)
class Replies:
    """Sends replies and remembers the latest to each command."""

    work: Work
    _known: dict[str, Document] = field(default_factory=dict)

    @classmethod
    async def load(cls, work: Work, refs: Sequence[CommandRef]) -> "Replies":
        """Reads what these commands were told before."""
        known: dict[str, Document] = {}
        if refs:
            ids = [ref.reply_id for ref in refs]
            cursor = work.database["replies"].find({"_id": {"$in": ids}}, session=work.session)
            known = {document["_id"]: document async for document in cursor}
        return cls(work, known)

    def send(
        self, ref: CommandRef, cause: Cause, answer: Answer, *, dry_run: bool = False, remember: bool = True
    ) -> None:
        """Replies to a command."""
        name, data = _reply(ref, answer, dry_run=dry_run)
        before = self._known.get(ref.reply_id, {"revision": 0, "order": 0})
        version = Version(before["revision"], before["order"]).next(self.work.now)
        document = {
            "_id": ref.reply_id,
            "name": name,
            "data": data.model_dump(mode="json", by_alias=True, exclude_none=True),
            "revision": version.revision,
            "order": version.order,
            "at": datetime.now(UTC),
        }
        if remember:
            self._known[ref.reply_id] = document
            self.work.remember_reply(document)
        self._emit(ref, cause, name, data, version)

    def repeat(self, ref: CommandRef, cause: Cause) -> None:
        """Sends the latest reply once more; a command that has none yet will get its own."""
        document = self._known.get(ref.reply_id)
        if document is not None:
            data = _REPLIES[document["name"]].model_validate(document["data"])
            self._emit(ref, cause, document["name"], data, Version(document["revision"], document["order"]))

    def _emit(self, ref: CommandRef, cause: Cause, name: str, data: Contract, version: Version) -> None:
        answers = Cause(cause.id, ref.id, cause.traceparent)
        self.work.emit(name, subject=ref.id, data=data, cause=answers, owner=ref.operator, version=version)


_REPLIES: dict[str, type[Contract]] = {
    model.__name__: model
    for model in (
        contract.CommandAccepted,
        contract.CommandPreviewed,
        contract.CommandPending,
        contract.CommandRejected,
    )
}


def _reply(ref: CommandRef, answer: Answer, *, dry_run: bool) -> tuple[str, Contract]:
    match answer:
        case Accepted(result):
            model = contract.CommandPreviewed if dry_run else contract.CommandAccepted
            return model.__name__, model(command=ref.id, about=ref.about, result=result)
        case Pending(waits_for):
            pending = contract.CommandPending(command=ref.id, about=ref.about, waits_for=list(waits_for))
            return "CommandPending", pending
        case Rejected(code, message, field_, state):
            rejected = contract.CommandRejected(
                command=ref.id, about=ref.about, code=code, message=message, field=field_, state=state
            )
            return "CommandRejected", rejected
        case UnknownSubject():
            return _reply(ref, Pending(("subject",)), dry_run=dry_run)
