"""Made-up people for tests of decisions."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

from services.intake import wire
from services.intake.commands.spec import Context
from services.intake.domain import requirements, volunteer
from services.intake.domain.person import Details, Interview, Language, Person, Profile
from services.intake.domain.refugee import Settlement
from services.intake.domain.requirements import Age, Approval, Check, Consent, Requirements
from services.intake.vocabulary import Vocabulary
from shared.contracts.example import OPERATOR
from shared.programmes import shipped_packs

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


PACK = shipped_packs()["flyktningguide-bergen@1.0"]
LATE = date(2100, 1, 1)


def asked(who: Person, programme: str) -> Requirements:
    side = PACK.sides.giving if isinstance(who, volunteer.Volunteer) else PACK.sides.receiving
    return replace(wire.requirements(PACK, side), programme=programme)


NOTHING = Vocabulary({}, frozenset())
WORDS = wire.words([PACK])
CONTEXT = Context(
    LATE,
    "red_cross_bergen",
    asked,
    asked,
    lambda _: WORDS,
    lambda _: NOTHING,
    OPERATOR,
    coordinators=lambda _: frozenset({OPERATOR}),
)
