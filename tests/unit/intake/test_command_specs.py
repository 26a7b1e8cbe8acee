"""Every command that the catalogue has is described once, and does what its description says."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from enum import StrEnum

import pytest

from services.intake import commands, wire
from services.intake.commands.cases import FIND_PERSON
from services.intake.commands.spec import Context, OnFile, Opening, Question
from services.intake.domain import person, refugee, volunteer
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.progress import progressed
from services.intake.domain.requirements import Requirements, assess, missing
from services.intake.service import SPECS
from services.intake.store import File
from shared.contracts import topics
from shared.contracts.commands import Command
from shared.contracts.example_data import EXAMPLES
from shared.contracts.intake.commands import FindPerson
from shared.contracts.programmes import ProgrammePack
from shared.messaging.commands.answers import Accepted, UnknownSubject
from shared.messaging.commands.registry import CommandsIncomplete, CommandSpec, Registry, specs_in
from shared.messaging.work import Revision
from shared.programmes import shipped_packs
from tests.unit.intake.people import DETAILS, PROFILE, TODAY, interview, settlement

PACK = shipped_packs()["flyktningguide-bergen@1.0"]
TOPICS = {
    "case": set(),
    "person": {topics.REFUGEES, topics.VOLUNTEERS},
    "volunteer": {topics.VOLUNTEERS},
}
LATE = date(2100, 1, 1)
SUBJECT = "volunteer-abcdefghijklmnop"


def asked(who: Person, programme: str, pack: ProgrammePack = PACK) -> Requirements:
    side = pack.sides.giving if isinstance(who, volunteer.Volunteer) else pack.sides.receiving
    return replace(wire.requirements(pack, side), programme=programme)


CONTEXT = Context(LATE, "red_cross_bergen", asked)


def people() -> dict[topics.Topic, Person]:
    """Somebody of each kind, who hasn't joined anything."""
    settled = refugee.settle(None, settlement(), "refugee-a", TODAY).refugee
    registration = volunteer.Registration("no-4601", PROFILE, DETAILS, 1, None, TODAY)
    return {topics.REFUGEES: settled, topics.VOLUNTEERS: volunteer.register(registration, SUBJECT)}


def example(spec: CommandSpec[object]) -> Command:
    return spec.model.model_validate(EXAMPLES[spec.model.__name__].data)


def steps() -> Iterator[tuple[OnFile[Command], Person]]:
    for spec in SPECS:
        if isinstance(spec, OnFile):
            yield from ((spec, who) for topic, who in people().items() if topic in TOPICS[spec.subject])


def after(spec: OnFile[Command], who: Person, context: Context) -> tuple[Person, StrEnum]:
    """The person after the example of a command, and what happened; joined first where that is asked."""
    command = example(spec)
    programme = getattr(command, "programme", None)
    if programme is not None and spec.fact is not refugee.Fact.JOINED:
        who = person.join(who, programme, PACK.version, TODAY)
    decided = spec.decide(who, command, context)
    for part in decided.participations:
        decided = assess(decided, context.asked(decided, part.programme), context.today)
    return progressed(who, decided, spec.fact, context.today)


def asks_for_nothing(who: Person, programme: str) -> Requirements:
    """A pack by which everybody is ready who has joined and, if a volunteer, been approved."""
    kept = [item for item in asked(who, programme).items if missing(who, nothing_but(item, programme), LATE)]
    return replace(asked(who, programme), items=tuple(kept))


def nothing_but(item: object, programme: str) -> Requirements:
    return Requirements(programme, PACK.version, "any", (item,))  # type: ignore[arg-type]


@pytest.mark.parametrize("spec", SPECS, ids=lambda spec: spec.model.__name__)
def test_a_commands_events_are_of_its_subjects_topics(spec: CommandSpec[object]) -> None:
    assert {event.topic for event in spec.events} == TOPICS[spec.subject]
    assert len(set(spec.events)) == len(spec.events)


@pytest.mark.parametrize(("spec", "who"), steps(), ids=lambda value: type(value).__name__)
def test_a_step_makes_one_of_its_events_and_the_usual_one_first(
    spec: OnFile[Command], who: Person
) -> None:
    changed, fact = after(spec, who, CONTEXT)
    assert changed != who
    of_topic = [event for event in spec.events if event.topic is wire.EVENTS[fact].topic]
    assert wire.EVENTS[fact] is of_topic[0]


@pytest.mark.parametrize(("spec", "who"), steps(), ids=lambda value: type(value).__name__)
def test_a_step_that_was_the_last_makes_somebody_ready(spec: OnFile[Command], who: Person) -> None:
    programme = getattr(example(spec), "programme", "any")
    if spec.fact is not refugee.Fact.JOINED:
        who = person.join(who, programme, PACK.version, TODAY)
        decided = spec.decide(who, example(spec), CONTEXT)
    else:
        decided = spec.decide(who, example(spec), CONTEXT)
        programme = decided.participations[0].programme
    ready = assess(decided, replace(asked(who, programme), items=()), LATE)
    _, fact = progressed(who, ready, spec.fact, LATE)
    assert wire.EVENTS[fact] in spec.events
    assert fact in {refugee.Fact.READY, volunteer.Fact.APPROVED}
