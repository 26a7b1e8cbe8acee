"""What a municipality is told of a settlement that was taken: what was left out, and what would help."""

from collections.abc import Iterator
from datetime import date

from services.intake.contact import left_out
from services.intake.domain.person import is_of_age
from services.intake.domain.refugee import UNLISTED, Refugee, Settlement
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.outcome import Fault


def notes(data: PersonSettled, taken: Settlement, known: Refugee, today: date) -> Iterator[Fault]:
    """By what was written, what was taken of it, and what is `known` since; nothing is quoted."""
    if "protection" not in data.model_fields_set:
        yield Fault("protection_unstated", "protection", "data")
    if taken.placement is not None and taken.placement.district == UNLISTED:
        yield Fault("district_unlisted", "placement.district", "data")
    if taken.profile is not None and len(taken.profile.interests) < len(data.interests):
        yield Fault("interest_unlisted", "interests", "data")
    if data.person is None or taken.details is None:
        return
    details = known.details or taken.details
    if is_of_age(details.born, today) is None:
        yield Fault("age_unsure", "person.birth_date", "data")
    yield from left_out(data.person, taken.details)
