"""Operators' commands to intake: load the files, decide in order, store, publish."""

from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum

from services.intake import approvals, commands, due
from services.intake.codes import Codes, only
from services.intake.commands.spec import Context, OnFile, Opening, Question, Refused
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.progress import progressed
from services.intake.domain.refugee import Refugee
from services.intake.packs import Packs
from services.intake.public_state import public_state
from services.intake.publish import Publisher
from services.intake.store import Entry, File, People
from shared.clock import local_day
from shared.contracts.commands import Command
from shared.messaging.commands.answers import (
    Accepted,
    Answer,
    Rejected,
    Request,
    UnknownSubject,
    stale_revision,
)
from shared.messaging.commands.registry import Registry, specs_in
from shared.messaging.work import Work
from shared.mongo import Document

SPECS = Registry("intake", specs_in(commands))


class Intake:
    """Decides commands on refugees' and volunteers' files."""

    def __init__(self, people: People, publisher: Publisher, packs: Packs, codes: Codes) -> None:
        self._people = people
        self._publisher = publisher
        self._packs = packs
        self._codes = codes

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; the files are read and written once."""
        subjects = {request.subject for request in requests}
        files = await self._people.by_subject(subjects, work.session)
        entries = {subject: self._codes.entry(files.get(subject), work) for subject in subjects}
        answers: list[Answer] = []
        for request in requests:
            try:
                answers.append(await self._answer(request, entries[request.subject], work))
            except DomainError as error:
                faults = error.faults if isinstance(error, Refused) else ()
                answers.append(Rejected(error.code, error.message, error.field, faults=faults))
        changes = [(entry.before, entry.file) for entry in entries.values() if entry.changed]
        await self._people.save(changes, work.session)
        return answers

    async def _answer(self, request: Request, entry: Entry[Person], work: Work) -> Answer:
        packs = self._packs
        file = entry.file
        where = file.person.municipality if file else getattr(request.command, "municipality", None)
        context = Context(
            local_day(work.now, where),
            request.operator.organisation,
            packs.asked,
            packs.running,
            packs.words,
            packs.vocabulary,
        )
        match SPECS.of(request.command):
            case Question() as spec:
                return await self._tell(spec, request.command, work)
            case Opening() as spec:
                opened = spec.decide(file.person if file else None, request.subject, request.command, context)
                missing = packs.missing(opened, context.today)
                more: Document = {"missing": missing} if missing else {}
                return self._keep(request, entry, File(opened), spec.fact, work, more)
            case OnFile() as spec:
                return await self._step(spec, request, context, entry, work)
            case spec:
                raise TypeError(type(spec).__name__)

    async def _tell(self, question: Question[Command], command: Command, work: Work) -> Answer:
        keys = self._codes.keys(*question.case(command))
        found = await self._people.refugees.by_case(keys.every, work.session)
        return question.decide(only(keys, found))

    async def _step(
        self, spec: OnFile[Command], request: Request, context: Context, entry: Entry[Person], work: Work
    ) -> Answer:
        file = entry.file
        if file is None:
            return UnknownSubject()
        who = file.person
        if (elsewhere := request.elsewhere(who.municipality, who.formerly)) is not None:
            return elsewhere
        late = stale_revision(request.expected_revision, file.state.number, public_state(who))
        if late is not None:
            return replace(late, subject=who.subject)
        if isinstance(who, Refugee) and (who.has_left or not who.is_public):
            raise DomainError("not_taking_part", "The subject has left, or was referred.", "subject")
        today = context.today
        after = self._packs.assessed(spec.decide(who, request.command, context), today)
        after, fact = progressed(who, after, spec.fact, today)
        accepted = self._keep(request, entry, file._replace(person=after), fact, work)
        if request.dry_run:
            return accepted
        due.look_again(after, self._packs.next_change(after, today), work)
        if spec.awaits is None:
            return accepted
        return await approvals.answer(request, spec.awaits(after, request.command, context), accepted, work)

    def _keep(
        self,
        request: Request,
        entry: Entry[Person],
        file: File[Person],
        fact: StrEnum,
        work: Work,
        more: Document | None = None,
    ) -> Accepted:
        """Stores and publishes the file, unless this is a dry run; answers with its state and `more`."""
        result = {**public_state(file.person), **(more or {})}
        if not request.dry_run:
            entry.file = self._publisher.changed(entry.file, file, fact, request.cause, work)
            entry.changed = True
            result["revision"] = entry.file.state.number
        return Accepted(result, file.person.subject)
