"""Operators' commands: who may, what came of it, and one final reply each, however often it is asked."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from pymongo import IndexModel

from shared.contracts import commands as contract
from shared.contracts.administrators import Operator, Role
from shared.contracts.fields import Contract
from shared.contracts.topics import COMMANDS, Service
from shared.messaging.due import Task
from shared.messaging.outcome import Applied, Dead, Duplicate, Outcome
from shared.messaging.parsing import Parser
from shared.messaging.records import Cause, Handled, Raw, Readable, Received, Unreadable
from shared.messaging.tables import Operators
from shared.messaging.work import DueRow, Version, Work
from shared.mongo import Database, Document

UNKNOWN_SUBJECT_WAIT = timedelta(seconds=30)
"""How long a command on a subject that isn't here yet waits: topics overtake each other."""
UNKNOWN_SUBJECT_RETRY = timedelta(seconds=2)
RETRY_KIND = "command"

REPLIES_KEPT = timedelta(days=90)
INDEXES = [IndexModel("at", expireAfterSeconds=int(REPLIES_KEPT.total_seconds()))]


@dataclass(frozen=True, slots=True)
class Accepted:
    """Done; `result` is the resulting public state, or the answer asked for."""

    result: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Pending:
    """Not decided yet; a final answer follows."""

    waits_for: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Rejected:
    """Not done; `message` says what would help and quotes nothing personal."""

    code: str
    message: str
    field: str | None = None
    state: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class UnknownSubject:
    """There is no such subject here, yet."""


Answer = Accepted | Pending | Rejected | UnknownSubject


@dataclass(frozen=True, slots=True)
class CommandRef:
    """A command by operator and id, what it is about, and its chain: all that a later reply needs."""

    operator: str
    id: str
    about: str
    correlation: str

    @property
    def reply_id(self) -> str:
        """The id under which its latest reply is kept: operators choose ids, each for themselves."""
        return f"{self.operator}/{self.id}"

    def document(self) -> Document:
        """The reference as it is stored."""
        return {
            "operator": self.operator,
            "id": self.id,
            "about": self.about,
            "correlation": self.correlation,
        }

    @classmethod
    def of(cls, document: Mapping[str, Any]) -> "CommandRef":
        """The reference that a document holds."""
        return cls(document["operator"], document["id"], document["about"], document["correlation"])


@dataclass(frozen=True, slots=True)
class Request:
    """A command that its operator may give. `command` is its data."""

    ref: CommandRef
    operator: Operator
    command: contract.Command
    subject: str
    dry_run: bool
    expected_revision: int | None
    cause: Cause

    def may_act_in(self, municipality: str) -> bool:
        """Whether the operator works there."""
        return municipality in self.operator.municipalities


Decide = Callable[[Sequence[Request], Work], Awaitable[Sequence[Answer]]]
"""Decides commands in order and stores what follows; for a dry run it stores nothing."""


def rejected_elsewhere() -> Rejected:
    """The answer for a subject in a municipality that isn't the operator's."""
    return Rejected("not_your_municipality", "This operator has no access to the subject's municipality.")


def stale_revision(expected: int | None, revision: int, state: dict[str, Any]) -> Rejected | None:
    """The answer where someone else was faster; None where the command may go on."""
    if expected is None or expected == revision:
        return None
    return Rejected(
        "stale_revision",
        f"The subject is at revision {revision}: read its state and decide again.",
        "expectedrevision",
        state,
    )


@dataclass(slots=True)
class Commands:
    """One service's commands: `roles` says which role each command asks for."""

    service: Service
    database: Database
    prefix: str
    operators: Operators
    roles: Mapping[type[contract.Command], Role]
    decide: Decide
    _parser: Parser = field(init=False)

    def __post_init__(self) -> None:
        self._parser = Parser(COMMANDS[self.service], self.prefix)

    async def apply(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Decides fresh commands and answers them."""
        received = [record for record in records if isinstance(record, Received)]
        answers = await self._answers(received, work)
        replies = Replies(work)
        for record, answer in zip(received, answers, strict=True):
            if isinstance(answer, UnknownSubject):
                work.schedule(_retry_row(record, work.now, work.now + UNKNOWN_SUBJECT_WAIT))
                replies.send(_ref(record), record.cause, Pending(("subject",)))
            else:
                replies.send(_ref(record), record.cause, answer, dry_run=record.envelope.dryrun)
        return [Applied() for _ in records]

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        """Repeats the reply to a repeated command, and refuses what was readable enough to be answered."""
        repeated = [
            item.record
            for item in handled
            if isinstance(item.outcome, Duplicate) and isinstance(item.record, Received)
        ]
        replies = await Replies.load(work, [_ref(record) for record in repeated])
        for record in repeated:
            replies.repeat(_ref(record), record.cause)
        for item in handled:
            if isinstance(item.outcome, Dead) and (ref := _readable_ref(item.record)) is not None:
                message = (
                    "The command was not understood: mend the field that is named and send it under a new id."
                )
                rejected = Rejected(item.outcome.code, message, item.outcome.field)
                replies.send(ref, item.record.cause, rejected, remember=False)

    async def retry(self, task: Task) -> None:
        """Runs a command again whose subject was unknown: the due rows' handler."""
        data = task.row.data
        parsed = self._parser.parse(_stored_raw(data))

        async def again(work: Work) -> None:
            if not isinstance(parsed, Received):
                return
            (answer,) = await self._answers([parsed], work)
            replies = await Replies.load(work, [_ref(parsed)])
            if isinstance(answer, UnknownSubject):
                if work.now < data["deadline"]:
                    work.schedule(_retry_row(parsed, work.now, data["deadline"]))
                    return
                answer = Rejected(
                    "unknown_subject", "There is no such subject here: look the reference up and send again."
                )
            replies.send(_ref(parsed), parsed.cause, answer, dry_run=parsed.envelope.dryrun)

        await task.finish(again)

    async def _answers(self, records: Sequence[Received], work: Work) -> list[Answer]:
        """One answer a record: who may not is rejected, the rest is decided at once, in order."""
        checked = [self._authorise(record, work.now) for record in records]
        requests = [item for item in checked if isinstance(item, Request)]
        decided = iter(await self.decide(requests, work) if requests else [])
        return [next(decided) if isinstance(item, Request) else item for item in checked]

    def _authorise(self, record: Received, now: datetime) -> Request | Rejected:
        command = record.data
        if not isinstance(command, contract.Command):
            raise TypeError(f"{record.message.name} is no command")
        operator = self.operators.find(record.owner or "", now)
        if operator is None:
            return Rejected("unknown_operator", "This operator isn't registered, or no longer valid.")
        role = self.roles[type(command)]
        if role not in operator.roles:
            return Rejected("role_missing", f"This command needs the role {role}.")
        municipality = getattr(command, "municipality", None)
        if municipality is not None and municipality not in operator.municipalities:
            return rejected_elsewhere()
        envelope = record.envelope
        return Request(
            _ref(record),
            operator,
            command,
            envelope.subject,
            envelope.dryrun,
            envelope.expectedrevision,
            record.cause,
        )


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


def _ref(record: Received) -> CommandRef:
    return CommandRef(record.owner or "", record.envelope.id, record.key, record.cause.correlation)


def _readable_ref(record: object) -> CommandRef | None:
    """Whom to tell that a record was refused; None where its id can't be told."""
    match record:
        case Received():
            return _ref(record)
        case Unreadable(envelope={"id": str(id_)}, owner=str(owner)) if 0 < len(id_) <= 200:  # noqa: PLR2004
            return CommandRef(owner, id_, "unreadable", id_)
        case _:
            return None


def _retry_row(record: Received, now: datetime, deadline: datetime) -> DueRow:
    raw = record.raw
    return DueRow(
        id=f"{RETRY_KIND}/{raw.topic}/{record.envelope.id}",
        kind=RETRY_KIND,
        due_at=min(now + UNKNOWN_SUBJECT_RETRY, deadline),
        subject=record.key,
        data={
            "topic": raw.topic,
            "partition": raw.partition,
            "offset": raw.offset,
            "timestamp": raw.timestamp,
            "key": raw.key,
            "value": raw.value,
            "headers": [list(header) for header in raw.headers],
            "deadline": deadline,
        },
    )


def _stored_raw(data: Mapping[str, Any]) -> Raw:
    return Raw(
        data["topic"],
        data["partition"],
        data["offset"],
        data["timestamp"],
        data["key"],
        data["value"],
        tuple((name, content) for name, content in data["headers"]),
    )
