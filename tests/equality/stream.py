"""The stream by phases: within one no two topics speak of the same person, so their order does not matter."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import islice

from tests.equality import letters, people
from tests.equality.bergen import MUNICIPALITY, OPERATORS, Bergen, office
from tests.equality.events import (
    MUNICIPALITIES,
    PROGRAMME,
    Record,
    command,
    commands_topic,
    seeded,
    structured,
)
from tests.equality.letters import KnownLetter, LetterDesk
from tests.equality.pairing import Answers, Desk, KnownPair
from tests.equality.people import Office
from tests.equality.pools import ORGANISATION_2, Pool
from tests.equality.settlements import CaseSystem

FIRST, LATER, LAST = 0.42, 0.03, 0.05
"""The shares of settlements in the three phases; groups to be paired and the commands take the rest."""
COMMANDS, LAST_COMMANDS = 0.20, 0.02
PER_GROUP = 85
"""A group to be paired for so many records: it takes about 28 itself."""
LETTERS = 0.05


@dataclass(slots=True)
class Place:
    """All who send from one municipality."""

    name: str
    system: CaseSystem
    pool: Pool
    desk: Desk
    office: Office

    @classmethod
    def made(cls, name: str, seed: int, share: int) -> "Place":
        """A place that will send `share` records."""
        chance = seeded(seed, name)
        operator = office(name)
        return cls(
            name,
            CaseSystem(name, chance),
            Pool.made(name, operator, chance, max(share // PER_GROUP, 3)),
            Desk(operator, name, chance),
            Office(operator, name, chance, []),
        )


@dataclass(slots=True)
class Stream:
    """What is sent in each phase. The methods are called once each, in the order in which they stand here."""

    bergen: Bergen
    records: int
    seed: int
    places: list[Place] = field(init=False)

    def __post_init__(self) -> None:
        share = self.records // len(MUNICIPALITIES)
        self.places = [Place.made(name, self.seed, share) for name in MUNICIPALITIES]

    def _count(self, share: float) -> int:
        return round(self.records / len(self.places) * share)

    def settlements(self) -> Iterator[Record]:
        """Bergen's, those of whom will be paired, and those of every kind."""
        yield from self.bergen.settlements()
        for place in self.places:
            yield from place.pool.settlements(1)
            yield from place.system.records(self._count(FIRST))

    def commands(self) -> Iterator[Record]:
        """All that coordinators say first, and what is asked in vain: that takes half a minute."""
        yield from self.bergen.commands(*OPERATORS[:2])
        for place in self.places:
            place.office.cases = list(place.system.cases)
            yield from place.pool.preparations(1)
            yield from people.unusual(place.office.chance, place.office)
            yield from place.office.records(self._count(COMMANDS))
        first = self.places[0]
        yield from people.refused(first.office.chance, first.office)
        yield from first.desk.mistakes_on_pairs()
        yield from letters.strangers(first.office.operator, self.seed)

    def approvals(self) -> Iterator[Record]:
        """The second organisation's, of whom the first has approved and of others."""
        yield from self.bergen.commands(OPERATORS[2])
        for place in self.places:
            yield from place.pool.approvals()
            for subject in place.office.volunteers[::2]:
                data = {"programme": PROGRAMME, "decided_on": "2016-06-01"}
                event = command(place.office.chance, ORGANISATION_2, "ApproveVolunteer", subject, data)
                yield structured(commands_topic("intake", ORGANISATION_2), event)

    def arrivals(self) -> Iterator[Record]:
        """People of one municipality move to the one before it, which knows their former case."""
        for place, origin in zip(self.places, (*self.places[1:], self.places[0]), strict=True):
            for case in origin.office.cases[: self._count(LATER)]:
                yield place.system.moved_here(origin.name, case)

    def afterwards(self) -> Iterator[tuple[list[Record], list[Record]]]:
        """Settlements, then commands, of one place after the other: two may speak of one person now."""
        for place in self.places:
            settlements = list(place.system.records(self._count(LAST)))
            place.office.cases = list(place.system.cases)
            yield settlements, list(place.office.records(self._count(LAST_COMMANDS)))

    def waiting(self) -> Iterator[Record]:
        """Who waits, everywhere."""
        for desk in self._desks():
            yield from desk.waiting()

    def mistakes(self) -> Iterator[Record]:
        """What is asked of a pool in vain."""
        yield from self.places[0].desk.mistakes_on_pools()

    def rounds(self) -> Iterator[Record]:
        """A round everywhere."""
        for desk in self._desks():
            yield from desk.round()

    def answers(self, pairs: list[KnownPair]) -> Iterator[Record]:
        """Answers to the proposals."""
        for pair in pairs:
            yield from Answers(pair, office(pair.municipality), self.seed).answers()

    def signatures(self, pairs: list[KnownPair]) -> Iterator[Record]:
        """Signatures of the agreements; meanwhile the second wave comes."""
        for pair in pairs:
            yield from Answers(pair, office(pair.municipality), self.seed + 1).signatures()
        for place in self.places:
            yield from place.pool.settlements(2)

    def second_wave(self) -> Iterator[Record]:
        """The second wave gets ready, and some of the first leave."""
        for place in self.places:
            yield from place.pool.preparations(2)
            yield from place.pool.departures()

    def letters(self, known: list[KnownLetter]) -> Iterator[Record]:
        """Work on dead letters: every so many of them."""
        desk = LetterDesk([place.office.operator for place in self.places], self.seed)
        every = max(1, round(len(known) / max(self.records * LETTERS, 60)))
        for letter in islice(known, 0, None, every):
            yield from desk.commands(letter)

    def _desks(self) -> list[Desk]:
        bergen = Desk(OPERATORS[0], MUNICIPALITY, seeded(self.seed, MUNICIPALITY))
        return [place.desk for place in self.places] + [bergen]
