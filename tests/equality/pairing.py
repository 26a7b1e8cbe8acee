"""Commands to matching: who waits, rounds, answers and signatures, as they should be and should not."""

import random
from collections.abc import Iterator
from dataclasses import dataclass

from tests.equality.events import (
    FAR,
    PROGRAMME,
    WITHOUT_PROGRAMME,
    Document,
    Record,
    command,
    commands_topic,
    seeded,
    structured,
)
from tests.equality.people import REFUSED
from tests.equality.poison import ANY_EVENT, Spoil, with_attributes, with_data

SERVICE = "matching"
TODAY = "2016-06-15"
TEXT = "agreement-1"
SIGNATORIES = ("refugee", "guide", "red_cross_bergen")
WAYS: tuple[Spoil, ...] = (
    *ANY_EVENT,
    with_data("reason"),
    with_data("municipality"),
    with_data("programme", value="Not A Programme"),
    with_data("side", value="both"),
    with_data("accept", value="yes"),
    with_data("signatory", value="Kari Eksempel"),
    with_data("text_version", value="two words"),
    with_data("answered_on", value="2016-06-31"),
    with_data("signed_on", value="15 June"),
    with_attributes(type="no.kobling.command.RunRound.v2"),
    with_attributes(type="no.kobling.command.JoinProgramme.v1"),
)


@dataclass(frozen=True, slots=True)
class KnownPair:
    """A pair that a round has proposed, by a name that does not depend on random references."""

    name: str
    reference: str
    municipality: str
    fate: str
    giving: str


@dataclass(slots=True)
class Desk:
    """A coordinator's, for matching."""

    operator: str
    municipality: str
    chance: random.Random

    def record(self, name: str, subject: str, data: Document, **attributes: object) -> Record:
        """A command as it should be."""
        return structured(self._topic, self._command(name, subject, data, **attributes))

    @property
    def _topic(self) -> str:
        return commands_topic(SERVICE, self.operator)

    def _command(self, name: str, subject: str, data: Document, **attributes: object) -> Document:
        return command(self.chance, self.operator, name, subject, data, **attributes)

    def _pool(self) -> tuple[str, Document]:
        place = {"municipality": self.municipality, "programme": PROGRAMME}
        return f"{self.municipality}/{PROGRAMME}", place

    def round(self) -> Iterator[Record]:
        """A round in earnest."""
        pool, place = self._pool()
        yield self.record("RunRound", pool, place)

    def waiting(self) -> Iterator[Record]:
        """Who waits, and what a round would do."""
        pool, place = self._pool()
        yield self.record("ListWaiting", pool, place)
        yield self.record("ListWaiting", pool, place, dryrun=True)
        yield self.record("RunRound", pool, place, dryrun=True)

    def mistakes_on_pools(self) -> Iterator[Record]:
        """What is asked of pools in vain, or as it may just be asked."""
        pool, place = self._pool()
        for name in ("RunRound", "ListWaiting"):
            yield from self._mistaken(name, pool, place)
        yield self.record("RunRound", "somewhere/else", place)
        yield self.record("ListWaiting", pool, {**place, "programme": "no-such-programme"})
        nowhere = {"municipality": WITHOUT_PROGRAMME, "programme": PROGRAMME}
        yield self.record("RunRound", f"{WITHOUT_PROGRAMME}/{PROGRAMME}", nowhere)
        yield self.record("RunRound", "no-0301/x", {"municipality": "no-0301", "programme": PROGRAMME})

    def mistakes_on_pairs(self) -> Iterator[Record]:
        """What is asked of pairs that there are not: it takes half a minute to be answered."""
        missing = "pair-" + "a" * 24
        answer = {"side": "giving", "accept": True, "answered_on": TODAY}
        signature = {"signatory": "guide", "text_version": TEXT, "signed_on": TODAY}
        yield from self._mistaken("AnswerProposal", missing, answer)
        yield from self._mistaken("SignAgreement", missing, signature)
        yield self.record("AnswerProposal", missing, answer)
        yield self.record("SignAgreement", "Kari Eksempel", signature, dryrun=True)

    def _mistaken(self, name: str, subject: str, data: Document) -> Iterator[Record]:
        for way in WAYS:
            yield way(self._topic, self._command(name, subject, data, dryrun=True), self.chance)
        for operator in REFUSED:
            document = command(self.chance, operator, name, subject, data)
            yield structured(commands_topic(SERVICE, operator), document)


class Answers:
    """What is said on one pair: by its fate, with mistakes that change nothing in between."""

    def __init__(self, pair: KnownPair, operator: str, seed: int) -> None:
        self._pair = pair
        self._chance = seeded(seed, pair.name)
        self._desk = Desk(operator, pair.municipality, self._chance)

    def answers(self) -> Iterator[Record]:
        """Both sides' answers, or one's, or none."""
        yield from self._mistaken_answers()
        match self._pair.fate:
            case "silent" | "withdrawn":
                return
            case "half":
                yield self._answer("giving")
            case "declined":
                yield self._answer("receiving", accept=False)
                yield self._answer("giving")
            case "refused":
                yield self._answer("receiving")
                yield self._answer("giving", accept=False)
            case _:
                yield self._answer("receiving", expectedrevision=1)
                yield self._answer("giving", expectedrevision=2)
        yield from self._repeated_answers()

    def signatures(self) -> Iterator[Record]:
        """All signatures, or some."""
        if self._chance.random() < 0.2:
            yield self._sign("mayor")
            yield self._sign("guide", signed_on="2016-06-01")
            yield self._sign("guide", signed_on=FAR)
            yield self._sign("guide", attributes={"dryrun": True})
        match self._pair.fate:
            case "signed" | "ended":
                signing: tuple[str, ...] = SIGNATORIES
            case "unsigned":
                signing = SIGNATORIES[:2]
            case _:
                signing = SIGNATORIES[:1]
        for signatory in signing:
            yield self._sign(signatory)
        if self._chance.random() < 0.3:
            yield self._sign("refugee")
            yield self._sign("refugee", text_version="agreement-2")
            yield self._sign("red_cross_bergen", text_version="agreement-2", attributes={"dryrun": True})
            yield self._answer("giving", accept=False)

    def _mistaken_answers(self) -> Iterator[Record]:
        if self._chance.random() < 0.2:
            yield self._answer("receiving", dryrun=True)
            yield self._answer("giving", accept=False, dryrun=True)
            yield self._answer("giving", expectedrevision=7)
            yield self._answer("giving", answered_on="2016-06-01")
            yield self._answer("giving", answered_on=FAR)
            yield self._sign("guide")
            sound = self._answer("giving")
            yield Record(sound.topic.replace(self._desk.operator, "eq-elsewhere"), sound.key, sound.value)

    def _repeated_answers(self) -> Iterator[Record]:
        if self._chance.random() < 0.3:
            yield self._answer("giving")
            yield self._answer("giving", accept=False)
            twice = self._answer("receiving")
            yield twice
            yield twice

    def _answer(
        self, side: str, accept: bool = True, answered_on: str = TODAY, **attributes: object
    ) -> Record:
        data = {"side": side, "accept": accept, "answered_on": answered_on}
        return self._desk.record("AnswerProposal", self._pair.reference, data, **attributes)

    def _sign(
        self,
        signatory: str,
        text_version: str = TEXT,
        signed_on: str = TODAY,
        attributes: dict[str, object] | None = None,
    ) -> Record:
        data = {"signatory": signatory, "text_version": text_version, "signed_on": signed_on}
        return self._desk.record("SignAgreement", self._pair.reference, data, **(attributes or {}))
