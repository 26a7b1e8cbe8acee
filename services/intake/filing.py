"""Refugees' files in the hands of one batch: loaded and stored together, published or taken back each."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from services.intake.codes import CaseKeys, Codes
from services.intake.domain import refugee
from services.intake.domain.refugee import Change, Refugee
from services.intake.due import readiness_id, refer_later
from services.intake.linked import Linked
from services.intake.publish import Publisher, apart
from services.intake.store import Entry, File, People
from shared.clock import local_day
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
    codes: Codes
    work: Work
    entries: dict[str, Entry[Refugee]]
    linked: Linked
    _merged: list[Entry[Refugee]] = field(default_factory=list)
    _taken_back: list[str] = field(default_factory=list)
    _handed_over: tuple[tuple[str, str], ...] = ()
    _adopted: tuple[str, ...] = ()

    @classmethod
    async def load(
        cls, people: People, publisher: Publisher, codes: Codes, cases: Iterable[str], work: Work
    ) -> "Filing":
        """Reads the files of these cases, in one query, and in another those of who also volunteers."""
        loaded = await people.refugees.by_case(cases, work.session)
        volunteers = {subject for file in loaded.values() for subject in file.person.volunteers}
        linked = await Linked.load(people.volunteers, publisher, volunteers, work)
        by_subject = {file.person.subject: file for file in loaded.values()}
        entered = {subject: codes.entry(file, work) for subject, file in by_subject.items()}
        entries = {case: entered[file.person.subject] for case, file in loaded.items()}
        return cls(people, publisher, codes, work, entries, linked)

    def on_file(self, keys: CaseKeys) -> str:
        """The key under which a case is on file, or is to be where it isn't known yet.

        A municipality goes on with its cases under its new code, so the reference under either is one case;
        of several that became one it is whose it can be alone. Two files that were opened under two codes
        before that was known become one.
        """
        if not keys.same and not keys.joined:
            return self._own(keys.own) if keys.own in self.entries else keys.own
        known = [key for key in (keys.own, *keys.same) if key in self.entries]
        if len({id(self.entries[key]) for key in known}) > 1:
            self._unite([self.entries[key] for key in keys.same if key in self.entries])
        if known:
            return self._own(known[0])
        candidates = {id(self.entries[key]): key for key in keys.joined if key in self.entries}
        if len(candidates) == 1:
            (found,) = candidates.values()
            return self._known_as(keys.own, self._own(found))
        return keys.same[-1] if keys.same else keys.own

    def doubtful(self, keys: CaseKeys) -> list[str]:
        """Cases of municipalities that became one, several of which may be meant."""
        if not keys.joined:
            return []
        found = {id(self.entries[key]): self._own(key) for key in keys.joined if key in self.entries}
        return list(found.values()) if len(found) > 1 and self.on_file(keys) not in self.entries else []

    def _own(self, key: str) -> str:
        file = self.entries[key].file
        return key if file is None else dict(file.also).get(key, key)

    def _known_as(self, alias: str, key: str) -> str:
        entry = self.entries[key]
        if entry.file is not None:
            self._keep(entry, entry.file._replace(also=(*entry.file.also, (alias, key))))
        return key

    def _unite(self, entries: Sequence[Entry[Refugee]]) -> None:
        """One file of several, the strictest or else the first: whom any of them hides stays hidden."""
        hidden = (one for one in entries if one.file is not None and not one.file.person.is_public)
        kept = next(hidden, entries[0])
        for other in entries:
            if other is kept or other.file is None or kept.file is None:
                continue
            self._keep(kept, kept.file._replace(person=self.merge(kept.file.person, other)))

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
            file = File(person, also=before.also)
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
        self._keep(entry, file)

    def _keep(self, entry: Entry[Refugee], file: File[Refugee]) -> None:
        if self._handed_over:
            file = file._replace(also=(*file.also, *self._handed_over))
            self._handed_over = ()
        entry.file, entry.changed = file, True
        for case in file.person.cases:
            self.entries[case.key] = entry
        for alias, _ in file.also:
            self.entries[alias] = entry

    def _follow(self, before: File[Refugee] | None, person: Refugee) -> None:
        """Has volunteers be known, or not any more, as the refugees are who are the same people."""
        known = (*(before.person.volunteers if before is not None else ()), *self._adopted)
        if not known and not person.volunteers:
            return
        self.linked.hide(subject for subject in known if subject not in person.volunteers)
        self.linked.house(
            (subject for subject in self._adopted if subject in person.volunteers), person.household_ref
        )
        self._adopted = ()
        if before is not None and person.is_public and person.municipality != before.person.municipality:
            today = local_day(self.work.now, person.municipality)
            self.linked.move(person.volunteers, person.municipality, today)

    def merge(self, known: Refugee, former: Entry[Refugee]) -> Refugee:
        """The known file with the cases of a former one, which was opened before they proved to be one."""
        if former.file is None:
            return known
        together = refugee.merge(known, former.file.person)
        self._adopted = former.file.person.volunteers
        self._take_back(former.file)
        self._handed_over = former.file.also
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
