"""How commands are decided: by a step on somebody's file, by opening one, or by answering a question."""

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from itertools import chain, islice
from typing import Generic, TypeVar

from services.intake.codes import Codes
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.refugee import Fact
from services.intake.domain.requirements import Requirements
from services.intake.domain.volunteer import Volunteer
from services.intake.names import Digest
from services.intake.packs import Packs
from services.intake.store import People
from services.intake.vocabulary import Vocabulary
from services.intake.wire import Words
from shared.clock import local_day
from shared.contracts.commands import Command
from shared.contracts.faults import MOST_FAULTS
from shared.messaging.commands.answers import Answer, Request
from shared.messaging.commands.registry import CommandSpec
from shared.messaging.reading.choices import MOST_ALLOWED, closest, there_are
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.sentences import sentence
from shared.messaging.work import Work
from shared.operators import Operators
from shared.sealing import Sealer, sealer_to

C = TypeVar("C", bound=Command)


@dataclass(frozen=True, slots=True)
class Context:
    """What a decision may know besides file and command: the day, whose organisation gives the command, what
    a programme asks of a person, by the pack that they joined under (`asked`) or by the one that their
    municipality runs now (`running`), which raise `unknown_programme`, the codes that a person's programmes
    know, the words that those of a municipality list, which operator gives the command and whose account
    that is, and who may look after people in a municipality now.
    """

    today: date
    organisation: str
    asked: Callable[[Person, str], Requirements]
    running: Callable[[Person, str], Requirements]
    words: Callable[[Person], Words]
    vocabulary: Callable[[str], Vocabulary]
    operator: str = ""
    operators_person: str = ""
    coordinators: Callable[[str], frozenset[str]] = lambda _: frozenset()

    def ahead(self, field: str, day: date) -> Iterator[Fault]:
        """`date_in_future` for a day that hasn't come yet."""
        if day > self.today:
            yield Fault("date_in_future", field, "data")

    @staticmethod
    def unknown(field: str, code: str, known: Iterable[str]) -> Iterator[Fault]:
        """`not_listed` for a code that is none of those known, with the nearest: it would be published, and
        no programme would ever look for it.
        """
        listed = sorted(known)
        if code in listed:
            return
        there = there_are(listed) if listed else "none, until a programme that lists any runs here"
        nearest = closest(code, tuple(listed))
        yield Fault("not_listed", field, "data", f"There are: {there}", tuple(listed[:MOST_ALLOWED]), nearest)

    def unlisted(self, field: str, topics: Iterable[str], municipality: str) -> Iterator[Fault]:
        """`not_listed` for each topic that may not be published."""
        known = self.vocabulary(municipality)
        for number, topic in enumerate(topics):
            if not known.takes(topic):
                yield from self.unknown(f"{field}.{number}", topic, known.topics)


class Refused(DomainError):
    """All that is wrong with a command's data; its code, message and field are the first fault's."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        first = faults[0]
        super().__init__(first.code, sentence(first), first.field)
        self.faults = tuple(faults)


def refuse(*found: Iterable[Fault]) -> None:
    """Raises `Refused` where there is any fault."""
    faults = list(islice(chain(*found), MOST_FAULTS))
    if faults:
        raise Refused(faults)


@dataclass(frozen=True, slots=True)
class Awaited:
    """What the answer to a step on a programme still waits for: nothing once `organisations` is empty."""

    programme: str
    organisations: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OnFile(CommandSpec[Callable[[Person, C, Context], Person]], Generic[C]):
    """A step on the subject's file. `decide` gives the new file; it raises DomainError.

    `fact` is what the step is called on a refugee's file if it doesn't make them ready. Where `awaits` is
    given the answer is pending until nothing is awaited any more, and then goes to all that wait.
    `once_left`: it may be about a volunteer who has left, too; `once_moved`: about a refugee who has moved.
    """

    model: type[C]
    fact: Fact = Fact.CORRECTED
    awaits: Callable[[Person, C, Context], Awaited] | None = None
    once_left: bool = False
    once_moved: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening(CommandSpec[Callable[[Person | None, str, C, Context], Volunteer]], Generic[C]):
    """Opens a file. `decide` gets the one that is there already, if any, the subject and the command; it
    raises DomainError. `fact` is what happened. `same_as` is the refugee who is the same person, if any.
    """

    model: type[C]
    fact: StrEnum
    same_as: Callable[[C], str | None] = lambda _: None


@dataclass(frozen=True, slots=True)
class Asking:
    """A question and all that its answer is made of. `digest` is that of names."""

    request: Request
    work: Work
    people: People
    packs: Packs
    operators: Operators
    codes: Codes
    digest: Digest

    def today(self, municipality: str) -> date:
        """The day there."""
        return local_day(self.work.now, municipality)

    def coordinators(self, municipality: str) -> frozenset[str]:
        """Who may look after people there now."""
        return self.operators.coordinators(municipality, self.work.now)

    def sealer(self) -> Sealer:
        """What seals to the operator's key; raises `public_key_missing`."""
        operator = self.request.operator
        sealer = sealer_to(operator.key_id, operator.public_key)
        if sealer is None:
            raise DomainError(
                "public_key_missing",
                "Names are shown sealed: have the operator's public key registered (kobling keys pair).",
            )
        return sealer

    def require_subject(self, subject: str) -> None:
        """Raises `subject_invalid` where the command is about anything else."""
        if self.request.subject != subject:
            raise DomainError("subject_invalid", f"The subject of this command is {subject}.", "subject")


@dataclass(frozen=True, slots=True, kw_only=True)
class Question(CommandSpec[Callable[[C, Asking], Awaitable[Answer]]], Generic[C]):
    """Decided apart from its subject's file, by all that there is. `decide` may write through the work that
    it is given, but no file, and nothing for a dry run but what it answers; it raises DomainError.
    """

    model: type[C]
