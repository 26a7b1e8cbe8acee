"""Made-up people for tests of decisions."""

from datetime import UTC, date, datetime
from typing import Any

from services.intake.commands.spec import Context
from services.intake.domain import requirements
from services.intake.domain.person import Details, Interview, Language, Profile
from services.intake.domain.refugee import Settlement
from services.intake.domain.requirements import Age, Approval, Check, Consent, Requirements
from services.intake.vocabulary import Vocabulary
from services.intake.wire import Words

TODAY = date(2016, 6, 15)
NOON = datetime(2016, 6, 15, 12, tzinfo=UTC)

PROFILE = Profile(1990, "male", (Language("ti", "native"),), 1, 0, ("football",))
DETAILS = Details("Test", "Eksempel", "1990-02-03", "male", "ti", email="test@example.org")
ASKED = Requirements(
    "flyktningguide-bergen",
    "1.0",
    "refugee",
    (Consent("matching"), Consent("contact"), requirements.Interview()),
)
GUIDES = Requirements(
    "flyktningguide-bergen",
    "1.0",
    "guide",
    (
        Consent("matching"),
        requirements.Interview(),
        Check("police_certificate"),
        Approval("red_cross"),
        Approval("introduction"),
        Age(18),
    ),
)
CONTEXT = Context(
    TODAY,
    "red_cross",
    asked=lambda _, __: ASKED,
    running=lambda _, __: ASKED,
    words=lambda _: Words(frozenset(), frozenset(), frozenset()),
    vocabulary=lambda _: Vocabulary({}, frozenset()),
)
"""What a coordinator's command may know where no programme lists anything."""


def settlement(case: str = "case-1", time: datetime = NOON, **changes: Any) -> Settlement:
    known: dict[str, Any] = {
        "case": case,
        "municipality": "no-4601",
        "time": time,
        "secrecy": "none",
        "profile": PROFILE,
        "details": DETAILS,
        "settled_on": date(2016, 5, 1),
    }
    if changes.get("secrecy", "none") != "none":
        known |= {"profile": None, "details": None, "settled_on": None}
    return Settlement(**(known | changes))


def interview(held_on: date = date(2016, 5, 20), programme: str = "flyktningguide-bergen") -> Interview:
    return Interview(programme, held_on, 2, ("football",), "in_person", 0, 0, 4, 4, None, False)
