"""What a step on somebody's file has led to, whoever they are."""

from datetime import date
from enum import StrEnum

from services.intake.domain import refugee, volunteer
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer


def progressed(before: Person, after: Person, step: refugee.Fact, today: date) -> tuple[Person, StrEnum]:
    """The file with its status settled, and what happened: readiness or approval where the step led there.

    `step` is what a refugee's step that led to nothing more is called; a volunteer's file is then updated.
    """
    match before, after:
        case Refugee(), Refugee() if after.has_left:
            return after, step
        case Refugee(), Refugee():
            return refugee.progressed(before, after, step, today)
        case Volunteer(), Volunteer():
            return volunteer.progressed(before, after, today)
        case _:
            raise TypeError(type(after).__name__)
