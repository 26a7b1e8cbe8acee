"""Operators' commands to intake: load the files, decide in order, store, publish."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from enum import StrEnum

from services.intake import approvals, commands, due
from services.intake.codes import Codes
from services.intake.commands.spec import Asking, Context, OnFile, Opening, Question, Refused
from services.intake.domain.errors import DomainError
from services.intake.domain.links import link
from services.intake.domain.person import Person
from services.intake.domain.progress import progressed
from services.intake.domain.refugee import Fact, Refugee
from services.intake.domain.volunteer import Volunteer, require_here
from services.intake.names import Digest
from services.intake.packs import Packs
from services.intake.public_state import public_state
from services.intake.publish import Publisher
from services.intake.store import Entry, File, People
from services.intake.warnings import Warnings
from shared.clock import local_day
from shared.contracts.commands import Command
from shared.ids import new_subject
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
from shared.operators import Operators

SPECS = Registry("intake", specs_in(commands))

Entries = Mapping[str, Entry[Person]]


class Intake:
    """Decides commands on refugees' and volunteers' files."""

    def __init__(
        self,
        people: People,
        publisher: Publisher,
        packs: Packs,
        warnings: Warnings,
        operators: Operators,
        codes: Codes,
        digest: Digest,
    ) -> None:
        self._people = people
        self._operators = operators
        self._digest = digest
        self._publisher = publisher
        self._packs = packs
        self._warnings = warnings
        self._codes = codes

    async def decide(self, requests: Sequence[Request], work: Work) -> list[Answer]:
        """One answer for each command, in order; the files are read and written once."""
        subjects = {request.subject for request in requests} | set(filter(None, map(_same_as, requests)))
        files = await self._people.by_subject(subjects, work.session)
        entries = {subject: self._codes.entry(files.get(subject), work) for subject in subjects}
        answers: list[Answer] = []
        for request in requests:
            try:
                if isinstance(SPECS.of(request.command), Question):
                    # Questions read what is stored: what was decided before them must be.
                    await self._save(entries.values(), work)
                answers.append(await self._answer(request, entries, work))
            except DomainError as error:
                faults = error.faults if isinstance(error, Refused) else ()
                answers.append(Rejected(error.code, error.message, error.field, faults=faults))
        await self._save(entries.values(), work)
        return answers

    async def _save(self, entries: Iterable[Entry[Person]], work: Work) -> None:
        """Stores what has changed since the last time."""
        changed = [entry for entry in entries if entry.changed]
        await self._people.save([(entry.before, entry.file) for entry in changed], work.session)
        for entry in changed:
            entry.before, entry.changed = entry.file, False

    async def _answer(self, request: Request, entries: Entries, work: Work) -> Answer:
        packs = self._packs
        entry = entries[request.subject]
        file = entry.file
        where = file.person.municipality if file else getattr(request.command, "municipality", None)
        context = Context(
            local_day(work.now, where),
            request.operator.organisation,
            packs.asked,
            packs.running,
            packs.words,
            packs.vocabulary,
            request.operator.operator,
            request.operator.person,
            lambda municipality: self._operators.coordinators(municipality, work.now),
        )
        match SPECS.of(request.command):
            case Question() as spec:
                return await spec.decide(request.command, self._asking(request, work))
            case Opening() as spec:
                return self._open(spec, request, context, entries, work)
            case OnFile() as spec:
                return await self._step(spec, request, context, entry, work)
            case spec:
                raise TypeError(type(spec).__name__)

    def _asking(self, request: Request, work: Work) -> Asking:
        return Asking(request, work, self._people, self._packs, self._operators, self._codes, self._digest)

    def _open(
        self, spec: Opening[Command], request: Request, context: Context, entries: Entries, work: Work
    ) -> Answer:
        entry = entries[request.subject]
        known = entry.file.person if entry.file is not None else None
        opened = spec.decide(known, request.subject, request.command, context)
        if (same := spec.same_as(request.command)) is not None:
            other = entries[same]
            if other.file is None:
                return UnknownSubject()
            them = other.file.person
            if (elsewhere := request.elsewhere(them.municipality, them.formerly)) is not None:
                return elsewhere
            refugee, opened = link(them, opened, new_subject("household"))
            linked = other.file._replace(person=refugee)
            self._keep(request, other, linked, Fact.CORRECTED, work)
        missing = self._packs.missing(opened, context.today)
        more: Document = {"missing": missing} if missing else {}
        return self._keep(request, entry, File(opened), spec.fact, work, more)

    async def _step(
        self, spec: OnFile[Command], request: Request, context: Context, entry: Entry[Person], work: Work
    ) -> Answer:
        file = entry.file
        if file is None or (isinstance(file.person, Volunteer) and file.person.is_hidden):
            return UnknownSubject()
        who = file.person
        if (elsewhere := request.elsewhere(who.municipality, who.formerly)) is not None:
            return elsewhere
        late = stale_revision(request.expected_revision, file.state.number, public_state(who))
        if late is not None:
            return replace(late, subject=who.subject)
        _require_open(who, spec)
        today = context.today
        after = self._packs.assessed(spec.decide(who, request.command, context), today)
        after, fact = progressed(who, after, spec.fact, today)
        after = self._warnings.warn(after, today, request.cause, work, dry_run=request.dry_run)
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


def _require_open(who: Person, spec: OnFile[Command]) -> None:
    """Raises `not_taking_part` or `has_left` of whom the step may not be about any more."""
    if isinstance(who, Volunteer) and not spec.once_left:
        require_here(who)
    if not isinstance(who, Refugee) or (spec.once_moved and who.status == "moved"):
        return
    if who.has_left or not who.is_public:
        raise DomainError("not_taking_part", "The subject has left, or was referred.", "subject")


def _same_as(request: Request) -> str | None:
    """Whose file a command opens another one for, if it does."""
    spec = SPECS.of(request.command)
    return spec.same_as(request.command) if isinstance(spec, Opening) else None
