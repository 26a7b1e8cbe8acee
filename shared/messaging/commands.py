"""Operators' commands: who may, what came of it, and one final reply each, however often it is asked."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from shared.contracts import commands as contract
from shared.contracts.administrators import Role
from shared.contracts.topics import COMMANDS, Service
from shared.messaging.answers import (
    Answer,
    CommandRef,
    Decide,
    Pending,
    Rejected,
    Request,
    UnknownSubject,
    rejected_elsewhere,
)
from shared.messaging.desk import ROLE, DeadLetterCommand, DeadLetterDesk
from shared.messaging.due import Task
from shared.messaging.outcome import Applied, Dead, Duplicate, Outcome
from shared.messaging.parsing import Parser
from shared.messaging.records import Handled, Raw, Readable, Received, Unreadable
from shared.messaging.replies import Replies
from shared.messaging.tables import Operators
from shared.messaging.work import DueRow, Work

UNKNOWN_SUBJECT_WAIT = timedelta(seconds=30)
"""How long a command on a subject that isn't here yet waits: topics overtake each other."""
UNKNOWN_SUBJECT_RETRY = timedelta(seconds=2)
RETRY_KIND = "command"


@dataclass(frozen=True, slots=True)
class Decisions:
    """A service's own commands: which role each asks for, and how they are decided."""

    roles: Mapping[type[contract.Command], Role]
    decide: Decide


async def _decide_nothing(_: Sequence[Request], __: Work) -> Sequence[Answer]:
    return []


NO_COMMANDS = Decisions({}, _decide_nothing)
"""Of services whose only commands are those on dead letters."""


@dataclass(slots=True)
class Commands:
    """One service's commands: its own, and those on its dead letters."""

    service: Service
    prefix: str
    operators: Operators
    decisions: Decisions
    desk: DeadLetterDesk
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
                rejected = Rejected(item.outcome.code, _remedy(item), item.outcome.field)
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
                    "unknown_subject",
                    "There is no such subject here: check the reference and send again under a new id.",
                )
            replies.send(_ref(parsed), parsed.cause, answer, dry_run=parsed.envelope.dryrun)

        await task.finish(again)

    async def _answers(self, records: Sequence[Received], work: Work) -> list[Answer]:
        """One answer a record: who may not is rejected, the rest is decided at once, in order."""
        checked = [self._authorise(record, work.now) for record in records]
        own = [item for item in checked if isinstance(item, Request) and not _is_on_letter(item)]
        decided = iter(await self.decisions.decide(own, work) if own else [])
        answers: list[Answer] = []
        for item in checked:
            if isinstance(item, Rejected):
                answers.append(item)
            elif _is_on_letter(item):
                answers.append(await self.desk.decide(item, work))
            else:
                answers.append(next(decided))
        return answers

    def _authorise(self, record: Received, now: datetime) -> Request | Rejected:
        command = record.data
        if not isinstance(command, contract.Command):
            raise TypeError(f"{record.message.name} is no command")
        operator = self.operators.find(record.owner or "", now)
        if operator is None:
            return Rejected("unknown_operator", "This operator isn't registered, or no longer valid.")
        role = ROLE if isinstance(command, DeadLetterCommand) else self.decisions.roles[type(command)]
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


def _is_on_letter(request: Request) -> bool:
    return isinstance(request.command, DeadLetterCommand)


def _ref(record: Received) -> CommandRef:
    return CommandRef(record.owner or "", record.envelope.id, record.key, record.cause.correlation)


def _readable_ref(record: object) -> CommandRef | None:
    """Whom to tell that a record was refused; None where its id can't be told."""
    match record:
        case Received():
            return _ref(record)
        case Unreadable(envelope={"id": str(id_)}, owner=str(owner)) if 0 < len(id_) <= 200:  # noqa: PLR2004
            about = (record.raw.key or b"").decode(errors="replace")[:200] or "unreadable"
            return CommandRef(owner, id_, about, id_)
        case _:
            return None


_REMEDIES = {
    "unknown_field": "The command has no such field: leave it out, or spell it as its schema does.",
    "field_missing": "The command needs this field: its schema says in which form.",
    "field_invalid": "The field's value has not the form that the command's schema gives for it.",
    "unknown_type": "There is no such command on this service's topic.",
    "unknown_version": "This version of the command is not known here.",
    "key_mismatch": "The record's key must be the same as its subject.",
    "id_collision": "Another command of yours has this id already.",
    "unhandled_exception": "The service failed on this command; it is kept and can be run again.",
}


def _remedy(item: Handled) -> str:
    """What would help, for a command that was refused unread."""
    code = item.outcome.code if isinstance(item.outcome, Dead) else ""
    said = _REMEDIES.get(code, "The record is no command that can be read.")
    return f"{said} Send it again under a new id."


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
