"""Operators' commands: who may, what came of it, and one final reply each, however often it is asked."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from shared.contracts import commands as contract
from shared.contracts.administrators import Operator, Role
from shared.contracts.topics import COMMANDS, Service
from shared.messaging.at_rest import RecordCipher
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
from shared.messaging.commands.batched import commands_in, summary
from shared.messaging.commands.desk import ROLE, DeadLetterCommand, DeadLetterDesk
from shared.messaging.commands.refusals import number_instead, refused_unread
from shared.messaging.commands.registry import CommandSpec, require_all
from shared.messaging.commands.replies import Replies
from shared.messaging.commands.retries import retry_row, stored_raw
from shared.messaging.due import Task
from shared.messaging.reading.outcome import Applied, Dead, Duplicate, Fault, Outcome, Stale
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Handled, Readable, Received, Unreadable, shown_id
from shared.messaging.rebuild import Past
from shared.messaging.refused import Refusal
from shared.messaging.tables import Operators
from shared.messaging.work import Work
from shared.personal_numbers import is_chosen_as_personal_number
from shared.programmes.successors import Successors
from shared.published import refusal, refusals

UNKNOWN_SUBJECT_WAIT = timedelta(seconds=30)
"""How long a command on a subject that isn't here yet waits: topics overtake each other."""


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
        parsed = self._parser.parse(stored_raw(task.row, self._cipher))

        async def again(work: Work) -> None:
            if isinstance(parsed, Received):
                # As part of the trace, if it is recorded, that this run is a span of.
                cause = task.row.cause
                traced = parsed.cause.traced_as(cause) if cause.recorded else parsed.cause
                await self._run([parsed._replace(cause=traced)], work, data["deadline"])

        await task.finish(again)

    async def _run(self, records: Sequence[Received], work: Work, deadline: datetime | None = None) -> None:
        """Decides and answers: first the service's own commands, at once and in order, then the others.

        `deadline` is until when commands that wait already may wait for their subject.
        """
        given = [one for record in records for one in self._given(record, work.now)]
        own = [one.asked for one in given if isinstance(one.asked, Request) and not _is_on_letter(one.asked)]
        decided = iter(await self.decisions.decide(own, work) if own else [])
        on_letters: list[tuple[_Given, Request]] = []
        for one in given:
            if isinstance(one.asked, Rejected):
                one.answer = one.asked
            elif _is_on_letter(one.asked):
                on_letters.append((one, one.asked))
            else:
                one.answer = next(decided)
        refs = [self._ref(record) for record in records] + [one.ref for one in given]
        refs += [ref for one in given if isinstance(one.answer, Accepted) for ref in one.answer.awaited_by]
        replies = await Replies.load(work, refs, self._cipher, at_once=True)
        for one in given:
            if one.answer is not None:
                one.answer = self._tell(one, one.answer, replies, deadline)
        # A command that is run again from quarantine may complete one of these: it must find its reply.
        await replies.save()
        for one, request in on_letters:
            one.answer = self._tell(one, await self.desk.decide(request, work), replies, deadline)
        self._sum_up(given, replies)
        await replies.save()

    def _given(self, record: Received, now: datetime) -> list["_Given"]:
        """The command of a record; or, of a batch that its operator may send, each of its commands."""
        ref, asked = self._ref(record), self._authorise(record, now)
        if isinstance(asked, Rejected) or not isinstance(asked.command, contract.RunBatch):
            return [_Given(record, ref, asked)]
        return [
            self._member(one, f"{ref.id}.{number}", record, now)
            for number, one in enumerate(commands_in(record, asked.command, self._parser), start=1)
        ]

    def _member(self, one: Received | Unreadable, id_: str, batch: Received, now: datetime) -> "_Given":
        ref = CommandRef(
            batch.owner or "", id_, self._about((one.raw.key or b"").decode()), batch.cause.correlation
        )
        if isinstance(one, Received):
            return _Given(one, ref, self._authorise(one, now), batch)
        dead = Dead(one.code, one.field, one.faults)
        return _Given(batch, ref, refused_unread(Handled(one, dead)), batch)

    def _sum_up(self, given: Sequence["_Given"], replies: Replies) -> None:
        """Replies to each batch, once its commands are answered."""
        batches: dict[int, list[_Given]] = {}
        for one in given:
            if one.batch is not None:
                batches.setdefault(id(one.batch), []).append(one)
        for members in batches.values():
            batch = members[0].batch
            if batch is not None:
                told = [(one.ref, one.answer) for one in members if one.answer is not None]
                replies.send(self._ref(batch), batch.cause, summary(told), dry_run=batch.envelope.dryrun)

    def _tell(self, one: "_Given", answer: Answer, replies: Replies, deadline: datetime | None) -> Answer:
        """Replies to a command, and to those that waited for it; lets it wait for an unknown subject. Returns
        what was replied.

        Without a cipher none waits, since the row that runs it again would show what an operator wrote. Such
        services make all their subjects themselves, and nobody hears of one before it is there.
        """
        now, ref, record = replies.work.now, one.ref, one.record
        if isinstance(answer, UnknownSubject):
            if self._cipher is not None and (deadline is None or now < deadline):
                until = deadline or now + UNKNOWN_SUBJECT_WAIT
                replies.work.schedule(retry_row(record, now, until, self._cipher))
                waits = Pending(("subject",))
                if deadline is None:
                    replies.send(ref, record.cause, waits)
                return waits
            answer = Rejected(
                "unknown_subject",
                "There is no such subject here: check the reference and send again under a new id.",
            )
        if isinstance(answer, Rejected):
            replies.work.rejected.append(Refusal.of(record.raw, answer.code))
        for waiting in answer.awaited_by if isinstance(answer, Accepted) else ():
            replies.send(waiting, record.cause, answer)
        replies.send(ref, record.cause, answer, dry_run=record.envelope.dryrun)
        return answer

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
        role = self._role(command)
        if role is not None and role not in operator.roles:
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

    def _role(self, command: contract.Command) -> Role | None:
        """The role that a command needs: a batch none of its own."""
        if isinstance(command, contract.RunBatch):
            return None
        return ROLE if isinstance(command, DeadLetterCommand) else self._roles[type(command)]

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
        return WITHHELD if is_chosen_as_personal_number(subject) else shown_subject(subject)


@dataclass(slots=True)
class _Given:
    """A command in hand, as it may be given or why not, and its answer once there is one. `record` is its
    own, or, of one in a batch that can't be read, the batch's.
    """

    record: Received
    ref: CommandRef
    asked: Request | Rejected
    batch: Received | None = None
    answer: Answer | None = None


def _is_on_letter(request: Request) -> bool:
    return isinstance(request.command, DeadLetterCommand)
