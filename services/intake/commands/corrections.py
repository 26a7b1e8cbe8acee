"""Corrections of what is known of somebody."""

from collections.abc import Iterator
from dataclasses import replace

from services.intake import corrections
from services.intake.commands.spec import Context, OnFile, refuse
from services.intake.domain import correction
from services.intake.domain.birth import born_between
from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.volunteer import Volunteer, require_here
from services.intake.languages import unknown_languages
from shared.contracts.intake import events
from shared.contracts.intake.commands.corrections import CorrectPerson
from shared.messaging.reading.outcome import Fault

OF_REFUGEES = frozenset(
    {
        *("person.phone", "person.email", "person.preferred_language"),
        *("languages", "interests", "occupation", "education"),
    }
)
"""What a coordinator may know better than a refugee's municipality."""


def correct(who: Person, command: CorrectPerson, context: Context) -> Person:
    """Has what is known corrected, field by field."""
    given = corrections.given(command)
    if not given and not command.clear:
        raise DomainError("nothing_to_correct", "Give a field, or name one in clear.")
    known = corrections.correction(command, given, who.municipality, context.vocabulary(who.municipality))
    refuse(
        _not_here(who, {*given, *command.clear}),
        (Fault("given_and_cleared", field, "data") for field in command.clear if field in given),
        corrections.unusable(given, known),
        _ahead(command, context),
        context.unlisted("interests", command.interests or (), who.municipality),
        unknown_languages(command),
    )
    if not isinstance(who, Volunteer):
        return correction.corrected_beside(who, known)
    require_here(who)
    if "travel_km" in {*given, *command.clear}:
        who = replace(who, travel_km=command.travel_km)
    return correction.corrected(who, known)


def _not_here(who: Person, fields: set[str]) -> Iterator[Fault]:
    if not isinstance(who, Volunteer):
        yield from (Fault("municipality_says", field, "data") for field in sorted(fields - OF_REFUGEES))


def _ahead(command: CorrectPerson, context: Context) -> Iterator[Fault]:
    born = command.person.birth_date if command.person is not None else None
    if born is not None:
        yield from context.ahead("person.birth_date", born_between(born)[0])


CORRECT_PERSON = OnFile(
    model=CorrectPerson,
    role="coordinator",
    subject="person",
    decide=correct,
    events=(
        events.REFUGEE_CORRECTED,
        events.VOLUNTEER_UPDATED,
        events.REFUGEE_READY,
        events.VOLUNTEER_APPROVED,
        events.VOLUNTEER_LAPSED,
        events.VOLUNTEER_RESUMED,
    ),
)
