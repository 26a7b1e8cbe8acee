"""Commands on dead letters: refused records are shown, run again, edited or discarded, or somebody tries."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from tests.equality.events import (
    MUNICIPALITIES,
    PROGRAMME,
    Document,
    Record,
    command,
    commands_topic,
    new_id,
    new_volunteer,
    seeded,
    structured,
)
from tests.equality.people import REFUSED, registration

SERVICES = ("intake", "matching", "notifications", "reporting")


@dataclass(frozen=True, slots=True)
class KnownLetter:
    """A dead letter by the place of its record, and its random id."""

    service: str
    topic: str
    place: str
    reference: str


class LetterDesk:
    """Decides by the letter's place what is done with it, so that it is the same in every recording."""

    def __init__(self, operators: Sequence[str], seed: int) -> None:
        self._operators = operators
        self._seed = seed

    def commands(self, letter: KnownLetter) -> Iterator[Record]:
        """All on one letter, from one operator, so that their order is kept."""
        chance = seeded(self._seed, letter.service, letter.place)
        operator = self._operator(letter, chance)
        topic = commands_topic(letter.service, operator)
        for name, data, attributes in self._said(letter, operator, chance):
            document = command(chance, operator, name, letter.reference, data, **attributes)
            yield structured(topic, document)

    def _operator(self, letter: KnownLetter, chance: random.Random) -> str:
        if chance.random() < 0.1:
            return chance.choice((*REFUSED, *self._operators))
        own = next((name for name in self._operators if f".{name}." in letter.topic), None)
        place = next((name for name in self._operators if name.removeprefix("eq-") in letter.topic), None)
        return own or place or chance.choice(self._operators)

    def _said(
        self, letter: KnownLetter, operator: str, chance: random.Random
    ) -> Iterator[tuple[str, Document, Document]]:
        show: tuple[str, Document, Document] = ("ShowDeadLetter", {}, {})
        if chance.random() < 0.3:
            yield show
        edited = {"value": self._edited(letter, operator, chance)}
        match chance.randrange(5):
            case 0:
                yield "RedriveDeadLetter", {}, {"dryrun": True}
                yield "RedriveDeadLetter", {}, {}
            case 1:
                yield "DiscardDeadLetter", {}, {"dryrun": True}
                yield "DiscardDeadLetter", {}, {}
            case 2:
                yield "EditAndRedriveDeadLetter", edited, {"dryrun": True}
                yield "EditAndRedriveDeadLetter", edited, {}
            case 3:
                yield "EditAndRedriveDeadLetter", {"value": {"specversion": "1.0"}}, {}
                yield "DiscardDeadLetter", {"unheard": 1}, {}
            case _:
                pass
        if chance.random() < 0.3:
            yield "DiscardDeadLetter", {}, {}
            yield "RedriveDeadLetter", {}, {}
            yield show

    @staticmethod
    def _edited(letter: KnownLetter, operator: str, chance: random.Random) -> Document:
        """A sound command in the place of one that was not."""
        if letter.service == "matching":
            place = {"municipality": MUNICIPALITIES[0], "programme": PROGRAMME}
            pool = f"{MUNICIPALITIES[0]}/{PROGRAMME}"
            return command(chance, operator, "ListWaiting", pool, {**place, "programme": "no-such-programme"})
        data = registration(chance, MUNICIPALITIES[0], 5)
        return command(chance, operator, "RegisterVolunteer", new_volunteer(chance), data)


def strangers(operator: str, seed: int) -> Iterator[Record]:
    """Commands on letters that there are not, and commands that the service does not have."""
    chance = seeded(seed, "strangers", operator)
    for service in SERVICES:
        topic = commands_topic(service, operator)
        for name in ("ShowDeadLetter", "RedriveDeadLetter", "DiscardDeadLetter"):
            yield structured(topic, command(chance, operator, name, new_id(chance), {}))
        yield structured(topic, command(chance, operator, "Unheard", new_id(chance), {}))
        yield Record(topic, b"x", b"{")
        edited = {"value": {"specversion": "1.0"}}
        yield structured(topic, command(chance, operator, "EditAndRedriveDeadLetter", new_id(chance), edited))
        if service in {"notifications", "reporting"}:
            yield structured(
                topic, command(chance, operator, "RunRound", "no-4611/x", {"municipality": "no-4611"})
            )
