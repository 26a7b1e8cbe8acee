"""Refugees' files in the hands of one batch: loaded and stored together, published or taken back each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.intake.domain import refugee
from services.intake.domain.refugee import Change, Refugee
from services.intake.due import readiness_id, refer_later
from services.intake.linked import Linked
from services.intake.publish import Publisher, apart
from services.intake.store import Entry, File, People
from shared.messaging.commands import replies
from shared.messaging.reading.records import Cause
from shared.messaging.work import Work


@dataclass(slots=True)
class Filing:
    """The files of a batch by the keys of their cases, those merged into others, and the subjects that must
    not be known any more. `linked` are the files of those who also volunteer.
    """

    people: People
    publisher: Publisher
    work: Work
    entries: dict[str, Entry[Refugee]]
    linked: Linked
    _merged: list[Entry[Refugee]] = field(default_factory=list)
    _taken_back: list[str] = field(default_factory=list)
    _adopted: tuple[str, ...] = ()

    @classmethod
    async def load(cls, people: People, publisher: Publisher, cases: Iterable[str], work: Work) -> "Filing":
        """Reads the files of these cases, in one query, and in another those of who also volunteers."""
        loaded = await people.refugees.by_case(cases, work.session)
        volunteers = {subject for file in loaded.values() for subject in file.person.volunteers}
        linked = await Linked.load(people.volunteers, publisher, volunteers, work)
        by_subject = {file.person.subject: Entry[Refugee](file, file) for file in loaded.values()}
        entries = {case: by_subject[file.person.subject] for case, file in loaded.items()}
        return cls(people, publisher, work, entries, linked)

    def of(self, cases: Sequence[str]) -> list[Entry[Refugee]]:
        """The files of these cases, in their order; none for a case that isn't known."""
        return [self.entries[case] for case in cases if case in self.entries]

    def change(self, entry: Entry[Refugee], change: Change, cause: Cause) -> None:
        """Takes over a changed file and publishes what happened, or takes back what was published before."""
        before, person = entry.file, change.refugee
        if before is None:
            file = File(person)
        elif before.person.subject == person.subject:
            file = before._replace(person=person)
        else:
            file = File(person)
            self._take_back(before)
        if change.fact is refugee.Fact.REFERRED and _was_known(before, person):
            refer_later(person, self.work)
        elif change.fact is refugee.Fact.REFERRED:
            file = self.publisher.refer(file, self.work)
        elif change.fact is not None:
            file = self.publisher.changed(before, file, change.fact, cause, self.work)
        elif _is_housed_anew(before, person):
            # Who proves to be somebody that also volunteers must not be proposed to themselves.
            file = self.publisher.changed(before, file, refugee.Fact.CORRECTED, apart(), self.work)
        self._follow(before, person)
        entry.file = file
        entry.changed = True
        for case in person.cases:
            self.entries[case.key] = entry

    def _follow(self, before: File[Refugee] | None, person: Refugee) -> None:
        """Has volunteers be known, or not any more, as the refugees are who are the same people."""
        known = (*(before.person.volunteers if before is not None else ()), *self._adopted)
        self.linked.hide(subject for subject in known if subject not in person.volunteers)
        self.linked.house(
            (subject for subject in self._adopted if subject in person.volunteers), person.household_ref
        )
        self._adopted = ()

    def merge(self, known: Refugee, former: Entry[Refugee]) -> Refugee:
        """The known file with the cases of a former one, which was opened before they proved to be one."""
        if former.file is None:
            return known
        together = refugee.merge(known, former.file.person)
        self._adopted = former.file.person.volunteers
        self._take_back(former.file)
        former.file = None
        self._merged.append(former)
        return together

    def _take_back(self, file: File[Refugee]) -> None:
        """Leaves nothing of a subject outside, nor in the replies that are kept."""
        self._taken_back.append(file.person.subject)
        self.work.cancel(readiness_id(file.person.subject))
        if file.state.number:
            self.publisher.take_back(file, self.work)

    async def save(self) -> None:
        """Stores what has changed: merged files go first, since their cases belong to others from now on."""
        changed = {id(entry): entry for entry in self.entries.values() if entry.changed}
        changes = [(entry.before, entry.file) for entry in (*self._merged, *changed.values())]
        await self.people.refugees.save(changes, self.work.session)
        await self.people.volunteers.save(self.linked.changes(), self.work.session)
        await replies.forget(self.work, [*self._taken_back, *self.linked.hidden])


def _was_known(before: File[Refugee] | None, person: Refugee) -> bool:
    """Whether somebody has been public until now, or nothing of theirs has been since."""
    if before is None:
        return False
    is_same = before.person.subject == person.subject
    return is_same != bool(before.state.number)


def _is_housed_anew(before: File[Refugee] | None, person: Refugee) -> bool:
    """Whether somebody who goes on being public is of another household than before."""
    if before is None or before.person.subject != person.subject or not person.is_public:
        return False
    return before.person.household_ref != person.household_ref
