"""Municipalities' codes change: the cases of one are known under any code that it has had, and its people are
brought under the code that it has now. Nobody has moved by that.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import NamedTuple, TypeVar

from services.intake.domain import refugee, volunteer
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer
from services.intake.publish import Publisher, apart
from services.intake.store import Change, Entry, File, Files
from services.intake.wire import CaseKey, SubjectOf
from shared.messaging.due import Task
from shared.messaging.reading.records import Cause
from shared.messaging.renaming import AT_ONCE
from shared.messaging.tables import Programmes
from shared.messaging.work import Work
from shared.programmes.successors import Successors

P = TypeVar("P", bound=Person)


class CaseKeys(NamedTuple):
    """The keys under which a case may be on file: its own; those of its reference under all codes of the same
    municipality, the oldest first; and those under the codes of municipalities that became one with it, each
    of which may have had another case of this reference.
    """

    own: str
    same: tuple[str, ...] = ()
    joined: tuple[str, ...] = ()

    @property
    def every(self) -> tuple[str, ...]:
        """All of them."""
        return self.own, *self.same, *self.joined


class Codes:
    """The codes that municipalities have had, as administrators say by now."""

    def __init__(
        self, programmes: Programmes, case_key: CaseKey, subject_of: SubjectOf, publisher: Publisher
    ) -> None:
        self._programmes = programmes
        self._case_key = case_key
        self.subject_of = subject_of
        self._publisher = publisher
        self._seen = programmes.successors
        self._families: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {}

    @property
    def _successors(self) -> Successors:
        return self._programmes.successors

    def current(self, municipality: str) -> str:
        """The code that a municipality has now."""
        return self._successors.current(municipality)

    def known_as(self, municipality: str) -> list[str]:
        """This code, and those whose municipalities have it now."""
        now = self._successors
        return [municipality, *sorted(one for one in now.of_codes if now.current(one) == municipality)]

    def keys(self, municipality: str, reference: str) -> CaseKeys:
        """The keys of a municipality's case."""
        same, joined = self._family(municipality)
        own = self._case_key(municipality, reference)
        if len(same) == 1 and not joined:
            return CaseKeys(own)
        of_codes = [tuple(self._case_key(code, reference) for code in codes) for codes in (same, joined)]
        return CaseKeys(own, *of_codes)

    def _family(self, municipality: str) -> tuple[tuple[str, ...], tuple[str, ...]]:
        if self._seen is not self._successors:
            self._seen, self._families = self._successors, {}
        found = self._families.get(municipality)
        if found is None:
            # Every settlement asks.
            found = self._seen.same(municipality), self._seen.joined(municipality)
            self._families[municipality] = found
        return found

    def entry(self, file: File[P] | None, work: Work) -> Entry[P]:
        """A file as it was loaded, and as it is under the code that its municipality has now."""
        after = None if file is None else self.renewed(file, apart(), work)
        return Entry(file, after, changed=after is not file)

    def renewed(self, file: File[P], cause: Cause, work: Work) -> File[P]:
        """The file under the code that its municipality has now, published where it is known outside.

        Of a referral its municipality is all that is known, and it was referred under the code before.
        """
        who = file.person
        formerly, municipality = list(who.formerly), who.municipality
        while (successor := self._successors.of_codes.get(municipality)) is not None:
            formerly.append(municipality)
            municipality = successor
        if municipality == who.municipality:
            return file
        after = file._replace(
            person=replace(who, municipality=municipality, formerly=tuple(dict.fromkeys(formerly)))
        )
        if not file.state.number or (isinstance(who, Refugee) and not who.is_public):
            return after
        fact = volunteer.Fact.UPDATED if isinstance(who, Volunteer) else refugee.Fact.CORRECTED
        return self._publisher.changed(file, after, fact, cause, work)

    async def bring(self, files: Files[P], codes: Collection[str], after: str, task: Task, work: Work) -> str:
        """Brings some files under the codes that their municipalities have now, as `Renaming` asks."""
        found: Sequence[File[P]] = await files.under(codes, after, AT_ONCE, work.session)
        changes: list[Change] = [(file, self.renewed(file, task.row.cause, work)) for file in found]
        await files.save(changes, work.session)
        return found[-1].person.subject if found else ""


def only(keys: CaseKeys, files: Mapping[str, File[Refugee]]) -> File[Refugee] | None:
    """The file of a case; of municipalities that became one, if only one of them has such a case."""
    for key in (keys.own, *keys.same):
        if key in files:
            return files[key]
    found = {file.person.subject: file for key in keys.joined if (file := files.get(key)) is not None}
    return next(iter(found.values())) if len(found) == 1 else None
