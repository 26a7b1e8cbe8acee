"""What programmes ask of people, and the words that they know, by the packs that are published now."""

from datetime import date
from typing import Literal, TypeVar

from services.intake import wire
from services.intake.domain import lapses, requirements
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.requirements import Requirements
from services.intake.domain.volunteer import Volunteer
from services.intake.vocabulary import Vocabulary
from services.intake.wire import Words
from shared.contracts.programmes import ProgrammePack
from shared.messaging.tables import Programmes

P = TypeVar("P", bound=Person)
Side = Literal["giving", "receiving"]


class Packs:
    """The packs as requirements on people; a pack is mapped once."""

    def __init__(self, programmes: Programmes) -> None:
        self._programmes = programmes
        self._mapped: dict[tuple[str, str, Side], Requirements] = {}
        self._vocabularies: dict[str, Vocabulary] = {}
        self._vocabularies_of = 0

    def asked(self, who: Person, programme: str) -> Requirements:
        """What the pack asks of this person: the pack they joined under, or the one that their municipality
        runs now. Raises `unknown_programme`.
        """
        part = who.participation(programme)
        if part is None:
            return self.running(who, programme)
        return self._found(self._programmes.pack(programme, part.pack_version), who)

    def all_asked(self, who: Person) -> list[Requirements]:
        """What is asked of this person in all that they take part in. Raises `unknown_programme`."""
        return [self.asked(who, part.programme) for part in who.participations if part.status != "left"]

    def running(self, who: Person, programme: str) -> Requirements:
        """What the pack asks of this person that their municipality runs now. Raises `unknown_programme`."""
        return self._found(self._programmes.active(who.municipality, programme), who)

    def assessed(self, who: P, today: date) -> P:
        """The person with every participation brought up to what is asked. Raises `unknown_programme`."""
        for part in who.participations:
            who = requirements.assess(who, self.asked(who, part.programme), today)
        return who

    def missing(self, who: Person, today: date) -> dict[str, list[str]]:
        """What somebody would lack in each programme that their municipality runs, by its name."""
        return {
            pack.name: list(requirements.missing(who, self._requirements(pack, who), today))
            for municipality, pack in self._programmes.all_active()
            if municipality == who.municipality
        }

    def vocabulary(self, municipality: str) -> Vocabulary:
        """What the programmes that a municipality runs list."""
        # Every settlement asks.
        if self._vocabularies_of != self._programmes.changes:
            self._vocabularies, self._vocabularies_of = {}, self._programmes.changes
        known = self._vocabularies.get(municipality)
        if known is None:
            known = Vocabulary.of(self._programmes.activated(municipality))
            self._vocabularies[municipality] = known
        return known

    def words(self, who: Person) -> Words:
        """Those of the programmes that somebody's municipality runs, and of those that they take part in."""
        joined = [
            pack
            for part in who.participations
            if (pack := self._programmes.pack(part.programme, part.pack_version)) is not None
        ]
        running = [pack for place, pack in self._programmes.all_active() if place == who.municipality]
        return wire.words([*running, *joined])

    def next_change(self, who: Person, today: date) -> date | None:
        """The next day on which passing time alone changes something: a requirement is met, one lapses or is
        about to, or a pause is over.
        """
        asked = self.all_asked(who)
        days = [requirements.next_change(who, one, today) for one in asked]
        days.append(lapses.next_warning(who, asked, today))
        if isinstance(who, Volunteer) and who.pause is not None:
            days.append(who.pause.until)
        return min((day for day in days if day is not None), default=None)

    def _found(self, pack: ProgrammePack | None, who: Person) -> Requirements:
        if pack is None:
            raise DomainError(
                "unknown_programme",
                f"The municipality {who.municipality} runs no such programme.",
                "programme",
            )
        return self._requirements(pack, who)

    def _requirements(self, pack: ProgrammePack, who: Person) -> Requirements:
        side: Side = "giving" if isinstance(who, Volunteer) else "receiving"
        key = pack.name, pack.version, side
        known = self._mapped.get(key)
        if known is None:
            known = self._mapped[key] = wire.requirements(pack, getattr(pack.sides, side))
        return known
