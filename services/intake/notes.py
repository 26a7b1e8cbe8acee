"""What a municipality is told of a settlement that was taken: what was left out, and what would help."""

from dataclasses import replace
from datetime import date
from functools import lru_cache

from services.intake.contact import left_out
from services.intake.domain.birth import is_of_age
from services.intake.domain.refugee import UNLISTED, Refugee, Settlement
from services.intake.vocabulary import Vocabulary
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.choices import MOST_ALLOWED, closest, there_are
from shared.messaging.reading.outcome import Fault

_LEFT_OUT = "it is left out, and all else is taken"
_PROTECTION = Fault("protection_unstated", "protection", "data")
_AGE = Fault("age_unsure", "person.birth_date", "data")


def notes(
    data: PersonSettled, taken: Settlement, known: Refugee, today: date, vocabulary: Vocabulary
) -> tuple[Fault, ...]:
    """By what was written, what was taken of it, and what is `known` since; nothing is quoted."""
    found: list[Fault] = []
    if "protection" not in data.model_fields_set:
        found.append(_PROTECTION)
    if data.placement is not None and taken.placement is not None and taken.placement.district == UNLISTED:
        there, written = vocabulary.listed_districts, data.placement.district
        found.append(
            _unlisted("district_unlisted", "placement.district", there, (written,) if written else ())
        )
    if taken.profile is not None and len(taken.profile.interests) < len(data.interests):
        left = tuple(topic for topic in data.interests if not vocabulary.takes(topic))
        found.append(_unlisted("interest_unlisted", "interests", vocabulary.listed_topics, left))
    if data.person is not None and taken.details is not None:
        details = known.details or taken.details
        if is_of_age(details.born, today) is None:
            found.append(_AGE)
        found += [replace(fault, detail=_LEFT_OUT) for fault in left_out(data.person, taken.details)]
    return tuple(found)


# Bounded: senders write them. Most repeat a few.
@lru_cache(maxsize=1024)
def _unlisted(code: str, field: str, there: tuple[str, ...], written: tuple[str, ...]) -> Fault:
    """With those that there are, and the one that was probably meant by the first that is close to any."""
    detail = f"There are: {there_are(there)}" if there else None
    meant = next(filter(None, (closest(one, there) for one in written)), None)
    return Fault(code, field, "data", detail, there[:MOST_ALLOWED], meant)
