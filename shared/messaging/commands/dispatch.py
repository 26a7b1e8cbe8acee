"""Operators' commands: who may, what came of it, and one final reply each, however often it is asked."""

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.contracts import commands as contract
from shared.contracts.administrators import Operator, Role
from shared.contracts.topics import COMMANDS, Service
from shared.messaging.at_rest import RecordCipher, restored, stored
from shared.messaging.commands.answers import (
    WITHHELD,
    Accepted,
    Answer,
    CommandRef,
    Decide,
    Pending,
    Rejected,
    Request,
    UnknownSubject,
    rejected_elsewhere,
    shown_subject,
)
from shared.messaging.commands.desk import ROLE, DeadLetterCommand, DeadLetterDesk
from shared.messaging.commands.refusals import number_instead, refused_unread
from shared.messaging.commands.registry import CommandSpec, require_all
from shared.messaging.commands.replies import Replies
from shared.messaging.due import Task
from shared.messaging.reading.outcome import Applied, Dead, Duplicate, Fault, Outcome, Stale
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import (
    Handled,
    Raw,
    Readable,
    Received,
    Unreadable,
    shown_id,
)
from shared.messaging.rebuild import Past
from shared.messaging.tables import Operators
from shared.messaging.work import DueRow, Work
from shared.personal_numbers import reads_as_personal_number
from shared.programmes.successors import Successors
from shared.published import refusal, refusals

UNKNOWN_SUBJECT_WAIT = timedelta(seconds=30)
"""How long a command on a subject that isn't here yet waits: topics overtake each other."""
UNKNOWN_SUBJECT_RETRY = timedelta(seconds=2)
RETRY_KIND = "command"


@dataclass(frozen=True, slots=True)
class Decisions:
    """A service's own commands: their specifications, and how a batch of them is decided."""

    specs: Iterable[CommandSpec[object]]
    decide: Decide


async def _decide_nothing(_: Sequence[Request], __: Work) -> Sequence[Answer]:
    return []


NO_COMMANDS = Decisions((), _decide_nothing)
"""Of services whose only commands are those on dead letters."""


@dataclass(slots=True)
class Commands:
    """One service's commands: its own, and those on its dead letters."""

    service: Service
    prefix: str
    operators: Operators
    decisions: Decisions
    desk: DeadLetterDesk
    past: Past = field(default_factory=Past)
    successors: Callable[[], Successors] = Successors
    """Which codes of municipalities have successors now."""
    _parser: Parser = field(init=False)
    _roles: Mapping[type[contract.Command], Role] = field(init=False)

    def __post_init__(self) -> None:
        self._parser = Parser(COMMANDS[self.service], self.prefix)
        self._roles = {spec.model: spec.role for spec in self.decisions.specs}
        require_all(self.service, list(self._roles))

    @property
    def _cipher(self) -> RecordCipher | None:
        """What keeps commands and replies unreadable where they are stored."""
        return self.desk.letters.cipher

    async def apply(self, records: Sequence[Readable], work: Work) -> list[Outcome]:
        """Decides fresh commands and answers them.

        Those that a lost database had decided are stale, and answered no more: their effects are in what was
        rebuilt, and a final answer was given.
        """
        fresh = [record for record in records if not self.past.holds(record.raw)]
        await self._run([record for record in fresh if isinstance(record, Received)], work)
        return [Stale() if self.past.holds(record.raw) else Applied() for record in records]

    async def report(self, handled: Sequence[Handled], work: Work) -> None:
        """Repeats the reply to a repeated command, and refuses what was readable enough to be answered."""
        repeated: list[tuple[CommandRef, Received]] = []
        refused: list[tuple[CommandRef, Handled, Rejected]] = []
        for item in handled:
            if isinstance(item.outcome, Duplicate) and isinstance(item.record, Received):
                if (number := number_instead(item.record)) is not None and number.place is not None:
                    # Each record with such an id is answered under one of its own.
                    refused.append((self._ref(item.record), item, number))
                else:
                    repeated.append((self._ref(item.record), item.record))
            elif isinstance(item.outcome, Dead) and (ref := self._readable_ref(item.record)) is not None:
                refused.append((ref, item, refused_unread(item)))
        refs = [ref for ref, _ in repeated] + [ref for ref, *_ in refused]
        replies = await Replies.load(work, refs, self._cipher, at_once=True)
        for ref, record in repeated:
            replies.repeat(ref, record.cause)
        for ref, item, why in refused:
            replies.refuse(ref, item.record.cause, why)
        await replies.save()

    async def retry(self, task: Task) -> None:
        """Runs a command again whose subject was unknown: the due rows' handler."""
        data = task.row.data
        parsed = self._parser.parse(_stored_raw(task.row, self._cipher))

        async def again(work: Work) -> None:
            if isinstance(parsed, Received):
                await self._run([parsed], work, data["deadline"])

        await task.finish(again)

    async def _run(self, records: Sequence[Received], work: Work, deadline: datetime | None = None) -> None:
        """Decides and answers: first the service's own commands, at once and in order, then the others.

        `deadline` is until when commands that wait already may wait for their subject.
        """
        checked = [(record, self._authorise(record, work.now)) for record in records]
        own = [item for _, item in checked if isinstance(item, Request) and not _is_on_letter(item)]
        decided = iter(await self.decisions.decide(own, work) if own else [])
        answers: list[tuple[Received, Answer]] = []
        on_letters: list[tuple[Received, Request]] = []
        for record, item in checked:
            if isinstance(item, Rejected):
                answers.append((record, item))
            elif _is_on_letter(item):
                on_letters.append((record, item))
            else:
                answers.append((record, next(decided)))
        refs = [self._ref(record) for record in records]
        refs += [ref for _, answer in answers if isinstance(answer, Accepted) for ref in answer.awaited_by]
        replies = await Replies.load(work, refs, self._cipher, at_once=True)
        for record, answer in answers:
            self._tell(record, answer, replies, deadline)
        # A command that is run again from quarantine may complete one of these: it must find its reply.
        await replies.save()
        for record, request in on_letters:
            self._tell(record, await self.desk.decide(request, work), replies, deadline)
        await replies.save()

    def _tell(self, record: Received, answer: Answer, replies: Replies, deadline: datetime | None) -> None:
        """Replies to a command, and to those that waited for it; lets it wait for an unknown subject.

        Without a cipher none waits, since the row that runs it again would show what an operator wrote. Such
        services make all their subjects themselves, and nobody hears of one before it is there.
        """
        now, ref = replies.work.now, self._ref(record)
        if isinstance(answer, UnknownSubject):
            if self._cipher is not None and (deadline is None or now < deadline):
                until = deadline or now + UNKNOWN_SUBJECT_WAIT
                replies.work.schedule(_retry_row(record, now, until, self._cipher))
                if deadline is None:
                    replies.send(ref, record.cause, Pending(("subject",)))
                return
            answer = Rejected(
                "unknown_subject",
                "There is no such subject here: check the reference and send again under a new id.",
            )
        for waiting in answer.awaited_by if isinstance(answer, Accepted) else ():
            replies.send(waiting, record.cause, answer)
        replies.send(ref, record.cause, answer, dry_run=record.envelope.dryrun)

    def _authorise(self, record: Received, now: datetime) -> Request | Rejected:
        command = record.data
        if not isinstance(command, contract.Command):
            raise TypeError(f"{record.message.name} is no command")
        envelope = record.envelope
        if (number := number_instead(record)) is not None:
            return number
        operator = self.operators.find(record.owner or "", now)
        if operator is None:
            return Rejected("unknown_operator", "This operator isn't registered, or no longer valid.")
        role = ROLE if isinstance(command, DeadLetterCommand) else self._roles[type(command)]
        if role not in operator.roles:
            return Rejected("role_missing", f"This command needs the role {role}.")
        municipality = getattr(command, "municipality", None)
        if municipality is not None and (elsewhere := self._elsewhere(municipality, operator)) is not None:
            return elsewhere
        if (refused := refusal(command)) is not None:
            faults = tuple(Fault(one.code, one.field, "data") for one in refusals(command))
            return Rejected(*refused, faults=faults)
        return Request(
            self._ref(record),
            operator,
            command,
            envelope.subject,
            envelope.dryrun,
            envelope.expectedrevision,
            record.cause,
        )

    def _elsewhere(self, municipality: str, operator: Operator) -> Rejected | None:
        """Why an operator sends no command about a municipality: it isn't theirs, or has another code now."""
        successors = self.successors()
        if municipality not in operator.municipalities:
            before = [code for code in operator.municipalities if successors.current(code) == municipality]
            return rejected_elsewhere(municipality, before)
        if (now_is := successors.current(municipality)) == municipality:
            return None
        message = f"{municipality} has become {now_is}: send the command about {now_is}."
        return Rejected("municipality_renamed", message, "municipality")

    def _ref(self, record: Received) -> CommandRef:
        id_, _ = shown_id(record.envelope.id, record.raw)
        return CommandRef(record.owner or "", id_, self._about(record.key), record.cause.correlation)

    def _readable_ref(self, record: object) -> CommandRef | None:
        """Whom to tell that a record was refused; None where its id can't be told."""
        match record:
            case Received():
                return self._ref(record)
            case Unreadable(envelope={"id": str(id_)}, owner=str(owner)) if 0 < len(id_) <= 200:  # noqa: PLR2004
                key = (record.raw.key or b"").decode(errors="replace")
                shown, _ = shown_id(id_, record.raw)
                return CommandRef(owner, shown, self._about(key) if key else "unreadable", shown)
            case _:
                return None

    def _about(self, subject: str) -> str:
        return WITHHELD if reads_as_personal_number(subject) else shown_subject(subject)


def _is_on_letter(request: Request) -> bool:
    return isinstance(request.command, DeadLetterCommand)


def _retry_row(record: Received, now: datetime, deadline: datetime, cipher: RecordCipher | None) -> DueRow:
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
        },
    )


def _stored_raw(row: DueRow, cipher: RecordCipher | None) -> Raw:
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
