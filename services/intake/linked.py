"""The volunteers' files of refugees who also volunteer, in the hands of one batch of settlements."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date

from services.intake.domain import moves, volunteer
from services.intake.domain.links import hidden
from services.intake.domain.volunteer import Volunteer
from services.intake.due import readiness_id
from services.intake.publish import Publisher, apart
from services.intake.store import Change, Entry, File, Files
from shared.messaging.work import Work


@dataclass(slots=True)
class Linked:
    """Takes back a volunteer together with the refugee who is the same person."""

    publisher: Publisher
    work: Work
    entries: dict[str, Entry[Volunteer]]
    hidden: list[str]

    @classmethod
    async def load(
        cls, files: Files[Volunteer], publisher: Publisher, subjects: Iterable[str], work: Work
    ) -> "Linked":
        """Reads these volunteers' files, in one query; in none where there are no such people."""
        loaded = await files.by_subject(subjects, work.session)
        return cls(publisher, work, {subject: Entry(file, file) for subject, file in loaded.items()}, [])

    def hide(self, subjects: Iterable[str]) -> None:
        """Leaves nothing of volunteers outside, and of their files that their references are taken."""
        for entry in self._of(subjects):
            if entry.file is not None and not entry.file.person.is_hidden:
                subject = entry.file.person.subject
                self.publisher.take_back(entry.file, self.work)
                self.work.cancel(readiness_id(subject))
                self.hidden.append(subject)
                entry.file, entry.changed = File(hidden(entry.file.person)), True

    def house(self, subjects: Iterable[str], household: str | None) -> None:
        """Publishes volunteers under the household of the refugee whose other file proved to be theirs."""
        for entry in self._of(subjects):
            file = entry.file
            if file is not None and not file.person.is_hidden and file.person.household_ref != household:
                housed = file._replace(person=replace(file.person, household_ref=household))
                entry.file = self.publisher.changed(file, housed, volunteer.Fact.UPDATED, apart(), self.work)
                entry.changed = True

    def move(self, subjects: Iterable[str], municipality: str, on: date) -> None:
        """Has volunteers live where the refugees do, from a day on, who are the same people."""
        for entry in self._of(subjects):
            file = entry.file
            if file is None or file.person.status in {"withdrawn", "hidden"}:
                continue
            if file.person.municipality == municipality:
                continue
            person, fact = volunteer.progressed(file.person, moves.move(file.person, municipality, on), on)
            self.work.cancel(readiness_id(person.subject))
            entry.file = self.publisher.changed(file, file._replace(person=person), fact, apart(), self.work)
            entry.changed = True

    def changes(self) -> Sequence[Change]:
        """What is to be stored."""
        return [(entry.before, entry.file) for entry in self.entries.values() if entry.changed]

    def _of(self, subjects: Iterable[str]) -> list[Entry[Volunteer]]:
        return [self.entries[subject] for subject in subjects if subject in self.entries]
