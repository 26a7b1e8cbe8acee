"""A refugee who also volunteers: two subjects of one person, known to be one in intake alone."""

from dataclasses import replace

from services.intake.domain.errors import DomainError
from services.intake.domain.person import Person
from services.intake.domain.refugee import Refugee
from services.intake.domain.volunteer import Volunteer


def link(refugee: Person, volunteer: Volunteer, household: str) -> tuple[Refugee, Volunteer]:
    """Both, of one household, so that nobody is proposed to themselves. `household` is a fresh
    reference, for who has none yet. Raises `not_a_refugee` or `not_taking_part`.
    """
    if not isinstance(refugee, Refugee):
        raise DomainError("not_a_refugee", "Name a refugee's reference.", "refugee")
    if refugee.has_left or not refugee.is_public:
        raise DomainError("not_taking_part", "The refugee has left, or was referred.", "refugee")
    home = refugee.household_ref or household
    volunteers = (*refugee.volunteers, volunteer.subject)
    return replace(refugee, household_ref=home, volunteers=volunteers), replace(volunteer, household_ref=home)


def hidden(volunteer: Volunteer) -> Volunteer:
    """What is kept of a volunteer who must not be known any more: that their reference is taken."""
    return Volunteer(subject=volunteer.subject, municipality=volunteer.municipality, status="hidden")
