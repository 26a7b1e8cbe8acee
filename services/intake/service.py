"""Operators' commands to intake: load the files, decide in order, store, publish."""

import contextlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from enum import StrEnum

from services.intake import wire
from services.intake.domain import person, refugee, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer
from services.intake.personal_numbers import personal_number_in, reads_as_personal_number
from services.intake.publish import Publisher
from services.intake.store import File, Files
from services.intake.wire import CaseKey
from shared.clock import local_day
from shared.contracts.administrators import ProgrammePack, Role
from shared.contracts.commands import Command
from shared.contracts.intake import commands as command
from shared.messaging.at_rest import RecordCipher
from shared.messaging.commands.answers import (
    Accepted,
    Answer,
    CommandRef,
    Pending,
    Rejected,
    Request,
    UnknownSubject,
    rejected_elsewhere,
    stale_revision,
)
from shared.messaging.commands.replies import Replies
from shared.messaging.due import Task
from shared.messaging.tables import Programmes
from shared.messaging.work import DueRow, Work
from shared.mongo import Database

ROLES: dict[type[Command], Role] = {
    command.RegisterVolunteer: "coordinator",
    command.JoinProgramme: "coordinator",
    command.RecordConsent: "coordinator",
    command.RecordInterview: "coordinator",
    command.RecordCheck: "coordinator",
    command.ApproveVolunteer: "approver",
    command.FindPerson: "coordinator",
}

APPROVAL_WINDOW = timedelta(days=14)
"""How long an approval waits for those of the other organisations before its command is answered."""
APPROVAL_KIND = "approval_window"

_LEFT = frozenset({"withdrawn", "moved"})


@dataclass(slots=True)
class _Entry:
    """A file in the hands of a batch: as it was loaded, and as it is now."""

    before: File[Person] | None
    file: File[Person] | None
    changed: bool = False


class Intake:
    """Decides commands on refugees' and volunteers' files."""

    def __init__(
        self,
        database: Database,
        refugees: Files[Refugee],
        volunteers: Files[Volunteer],
        publisher: Publisher,
        programmes: Programmes,
        case_key: CaseKey,
        protection: RecordCipher,
    ) -> None:
        self._database = database
        self._refugees = refugees
        self._volunteers = volunteers
        self._publisher = publisher
        self._programmes = programmes
        self._case_key = case_key
        self._protection = protection

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; the files are read and written once."""
        entries = await self._load(requests, work)
        answers: list[Answer] = []
        for request in requests:
            try:
                answers.append(await self._one(request, entries, work))
            except DomainError as error:
                answers.append(Rejected(error.code, error.message, error.field))
        await self._save(entries, work)
        return answers

    async def _load(self, requests: Sequence[Request], work: Work) -> dict[str, _Entry]:
        subjects = {request.subject for request in requests}
        refugees = await self._refugees.by_subject(
            (subject for subject in subjects if subject.startswith("refugee-")), work.session
        )
        volunteers = await self._volunteers.by_subject(
            (subject for subject in subjects if subject.startswith("volunteer-")), work.session
        )
        found: dict[str, File[Person]] = {**refugees, **volunteers}
        return {subject: _Entry(found.get(subject), found.get(subject)) for subject in subjects}

    async def _save(self, entries: dict[str, _Entry], work: Work) -> None:
        changed = [(entry.before, entry.file) for entry in entries.values() if entry.changed and entry.file]
        refugees = [change for change in changed if isinstance(change[1].person, Refugee)]
        volunteers = [change for change in changed if isinstance(change[1].person, Volunteer)]
        await self._refugees.save(refugees, work.session)
        await self._volunteers.save(volunteers, work.session)

    async def _one(self, request: Request, entries: dict[str, _Entry], work: Work) -> Answer:
        entry = entries[request.subject]
        if (field := personal_number_in(request.command)) is not None:
            return Rejected(
                "personal_number", "No field that is published may hold a personal number.", field
            )
        match request.command:
            case command.FindPerson() as asked:
                return await self._find(asked, request, work)
            case command.RegisterVolunteer() as said:
                return self._register(said, request, entry, work)
            case _:
                return await self._on_file(request, entry, work)

    async def _find(self, asked: command.FindPerson, request: Request, work: Work) -> Answer:
        if reads_as_personal_number(asked.case):
            return Rejected(
                "personal_number", "Ask by the case's reference, never by a personal number.", "case"
            )
        case = self._case_key(asked.municipality, asked.case)
        found = await self._refugees.by_case([case], work.session)
        file = found.get(case)
        # A case that was withdrawn before it was heard of has a file, and nothing was published of it.
        if file is None or not file.person.is_public or not file.state.number:
            return UnknownSubject()
        subject = file.person.subject
        return Accepted({"subject": subject, "revision": file.state.number}, subject)

    def _register(
        self, said: command.RegisterVolunteer, request: Request, entry: _Entry, work: Work
    ) -> Answer:
        if not _is_reference(request.subject, "volunteer"):
            return Rejected(
                "subject_invalid",
                "The subject must be volunteer- and 16 to 40 random characters of a-z and 2-7.",
                "subject",
            )
        if entry.file is not None:
            return Rejected("already_registered", "There is a volunteer under this subject.", "subject")
        for field, day in (
            ("registered_on", said.registered_on),
            ("person.birth_date", said.person.birth_date),
        ):
            if day > local_day(work.now):
                return Rejected("date_in_future", f"{field} can't lie ahead.", field)
        change = volunteer.register(wire.registration(said), request.subject)
        return self._keep(request, entry, File(change.volunteer), change.fact, work)

    async def _on_file(self, request: Request, entry: _Entry, work: Work) -> Answer:
        file = entry.file
        if file is None:
            return UnknownSubject()
        who: Person = file.person
        if not request.may_act_in(who.municipality):
            return rejected_elsewhere()
        state = wire.public_state(who)
        late = stale_revision(request.expected_revision, file.state.number, state)
        if late is not None:
            return replace(late, subject=who.subject)
        today = local_day(work.now)
        after = self._assessed(self._step(request.command, request, who, today), today)
        after, fact = _progressed(who, after, type(request.command), today)
        answer = self._keep(request, entry, file._replace(person=after), fact, work)
        if isinstance(request.command, command.ApproveVolunteer) and not request.dry_run:
            return await self._approval_answer(request, request.command, after, answer, work)
        return answer

    def _step(self, said: Command, request: Request, who: Person, today: date) -> Person:
        """The file after the command's own step; raises DomainError."""
        if isinstance(who, Refugee) and (not who.is_public or who.status in _LEFT):
            raise DomainError("not_taking_part", "The subject has left, or was referred.", "subject")
        match said:
            case command.JoinProgramme():
                _not_ahead(said.joined_on, today, "joined_on")
                return person.join(who, self._asked(who, said.programme), said.joined_on)
            case command.RecordConsent():
                _not_ahead(said.given_on, today, "given_on")
                return person.consent(who, person.Consent(said.purpose, said.text_version, said.given_on))
            case command.RecordInterview():
                _not_ahead(said.held_on, today, "held_on")
                return person.interviewed(who, wire.interview(said))
            case command.RecordCheck():
                _not_ahead(said.seen_on, today, "seen_on")
                return person.checked(who, person.Check(said.kind, said.seen_on, said.role))
            case command.ApproveVolunteer():
                _not_ahead(said.decided_on, today, "decided_on")
                return self._approve(who, said, request.operator.organisation)
            case _:
                raise TypeError(type(said).__name__)

    def _approve(self, who: Person, said: command.ApproveVolunteer, organisation: str) -> Person:
        if not isinstance(who, Volunteer):
            raise DomainError("not_a_volunteer", "Only volunteers are approved.", "subject")
        asked = self._asked(who, said.programme)
        if organisation not in asked.approvals:
            raise DomainError(
                "organisation_not_asked",
                f"The pack asks for the approval of {', '.join(sorted(asked.approvals)) or 'nobody'}.",
            )
        return person.approved(who, person.Approval(said.programme, organisation, said.decided_on))

    def _asked(self, who: Person, programme: str) -> person.Requirements:
        """What the pack asks of this person: the pack they joined under, or the active one."""
        part = who.participation(programme)
        pack: ProgrammePack | None
        if part is None:
            pack = self._programmes.active(who.municipality, programme)
        else:
            pack = self._programmes.pack(programme, part.pack_version)
        if pack is None:
            raise DomainError(
                "unknown_programme",
                f"The municipality {who.municipality} runs no such programme.",
                "programme",
            )
        return wire.requirements(pack, pack.giving if isinstance(who, Volunteer) else pack.receiving)

    def _assessed(self, who: Person, today: date) -> Person:
        for part in who.participations:
            who, _ = person.assess(who, self._asked(who, part.programme), today)
        return who

    def _keep(
        self, request: Request, entry: _Entry, file: File[Person], fact: StrEnum, work: Work
    ) -> Accepted:
        """Stores and publishes the file, unless this is a dry run; answers with its state."""
        state = wire.public_state(file.person)
        if request.dry_run:
            return Accepted(state, file.person.subject)
        published = self._publisher.state(file, fact, request.cause, work)
        published = self._publisher.card(entry.file, published, request.cause, work)
        entry.file, entry.changed = published, True
        return Accepted({**state, "revision": published.state.number}, file.person.subject)

    async def _approval_answer(
        self, request: Request, said: command.ApproveVolunteer, who: Person, answer: Accepted, work: Work
    ) -> Answer:
        """Pending until all organisations have approved; the last one's answer goes to all that wait."""
        lacking = person.missing_approvals(who, self._asked(who, said.programme))
        waiting = self._database["approvals"]
        mine = {"subject": who.subject, "programme": said.programme}
        if lacking:
            await waiting.insert_one({**mine, **request.ref.document()}, session=work.session)
            work.schedule(
                DueRow(
                    _window_id(request.ref),
                    APPROVAL_KIND,
                    work.now + APPROVAL_WINDOW,
                    who.subject,
                    data={"programme": said.programme, "cause": request.cause.id, **request.ref.document()},
                )
            )
            return Pending(lacking)
        refs = [CommandRef.of(document) async for document in waiting.find(mine, session=work.session)]
        for ref in refs:
            work.cancel(_window_id(ref))
        if refs:
            await waiting.delete_many(mine, session=work.session)
        return replace(answer, awaited_by=tuple(refs))

    async def close_approval(self, task: Task) -> None:
        """Gives an approval that waited in vain its final answer: the due rows' handler."""
        ref, programme = CommandRef.of(task.row.data), task.row.data["programme"]

        async def close(work: Work) -> None:
            found = await self._volunteers.by_subject([task.row.subject], work.session)
            file = found.get(task.row.subject)
            lacking: tuple[str, ...] = ()
            if file is not None:
                # The pack may have been removed since: then nobody can say whose approvals it asked for.
                with contextlib.suppress(DomainError):
                    lacking = person.missing_approvals(file.person, self._asked(file.person, programme))
            waits = {"subject": task.row.subject, "operator": ref.operator, "id": ref.id}
            gone = await self._database["approvals"].delete_many(waits, session=work.session)
            if not gone.deleted_count:
                return
            replies = await Replies.load(work, [ref], self._protection)
            names = ", ".join(lacking) or "unknown"
            said = f"After {APPROVAL_WINDOW.days} days approvals are missing: {names}."
            # The message's limit is the contract's.
            rejected = Rejected("approval_incomplete", f"{said[:300]} The approval given stays on record.")
            replies.send(ref, task.row.cause, rejected)

        await task.finish(close)


def _window_id(ref: CommandRef) -> str:
    """The row that ends a waiting approval."""
    return f"{APPROVAL_KIND}/{ref.reply_id}"


_REFUGEE_FACTS: dict[type[Command], refugee.Fact] = {
    command.JoinProgramme: refugee.Fact.JOINED,
    command.RecordConsent: refugee.Fact.CONSENTED,
    command.RecordInterview: refugee.Fact.INTERVIEWED,
    command.RecordCheck: refugee.Fact.CORRECTED,
    command.ApproveVolunteer: refugee.Fact.CORRECTED,
}

_REFERENCE = re.compile(r"[a-z2-7]{16,40}", re.ASCII)


def _is_reference(subject: str, prefix: str) -> bool:
    kind, _, random = subject.partition("-")
    return kind == prefix and _REFERENCE.fullmatch(random) is not None


def _not_ahead(day: date, today: date, field: str) -> None:
    if day > today:
        raise DomainError("date_in_future", f"{field} can't lie ahead.", field)


def _progressed(before: Person, after: Person, said: type[Command], today: date) -> tuple[Person, StrEnum]:
    """The file with its status settled, and what happened."""
    match before, after:
        case Refugee(), Refugee():
            change = refugee.progressed(before, after, _REFUGEE_FACTS[said], today)
            return change.refugee, change.fact or refugee.Fact.CORRECTED
        case Volunteer(), Volunteer():
            progress = volunteer.progressed(before, after)
            return progress.volunteer, progress.fact
        case _:
            raise TypeError(type(after).__name__)
