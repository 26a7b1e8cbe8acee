"""What a municipality is told of a settlement that was taken: what was left out, and what would help."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import date

from services.intake.contact import left_out
from services.intake.domain.person import is_of_age
from services.intake.domain.refugee import UNLISTED, Refugee, Settlement
from services.intake.vocabulary import Vocabulary
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.choices import MOST_ALLOWED, closest, there_are
from shared.messaging.reading.outcome import Fault

_LEFT_OUT = "it is left out, and all else is taken"


def notes(
    data: PersonSettled, taken: Settlement, known: Refugee, today: date, vocabulary: Vocabulary
) -> Iterator[Fault]:
    """By what was written, what was taken of it, and what is `known` since; nothing is quoted."""
    if "protection" not in data.model_fields_set:
        yield Fault("protection_unstated", "protection", "data")
    if data.placement is not None and taken.placement is not None and taken.placement.district == UNLISTED:
        there = tuple(sorted(vocabulary.districts.values()))
        yield _unlisted("district_unlisted", "placement.district", there, [data.placement.district])
    if taken.profile is not None and len(taken.profile.interests) < len(data.interests):
        left = [topic for topic in data.interests if not vocabulary.takes(topic)]
        yield _unlisted("interest_unlisted", "interests", tuple(sorted(vocabulary.topics)), left)
    if data.person is None or taken.details is None:
        return
    details = known.details or taken.details
    if is_of_age(details.born, today) is None:
        yield Fault("age_unsure", "person.birth_date", "data")
    yield from (replace(fault, detail=_LEFT_OUT) for fault in left_out(data.person, taken.details))


def _unlisted(code: str, field: str, there: tuple[str, ...], written: Sequence[str]) -> Fault:
    """With those that there are, and the one that was probably meant by the first that is close to any."""
    detail = f"There are: {there_are(there)}" if there else None
    meant = next(filter(None, (closest(one, there) for one in written)), None)
    return Fault(code, field, "data", detail, there[:MOST_ALLOWED], meant)
