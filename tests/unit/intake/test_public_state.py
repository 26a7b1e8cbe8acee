"""States are written out by hand for speed: what is written is what the contract would write."""

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from services.intake import wire
from services.intake.domain.kept import ReferenceConsent
from services.intake.domain.person import (
    Approval,
    Check,
    Consent,
    Details,
    Interview,
    Language,
    Participation,
    Profile,
    Spell,
)
from services.intake.domain.refugee import Case, Placement, Refugee, Settlement
from services.intake.domain.volunteer import Volunteer
from services.intake.public_state import public_state, withdrawn_state
from services.intake.vocabulary import Vocabulary
from shared.contracts import topics
from shared.contracts.example import shown
from shared.contracts.fields import Contract
from shared.contracts.intake.commands.volunteers import RegisterVolunteer
from shared.contracts.intake.states import RefugeeReferral, RefugeeState, VolunteerState
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Received
from tests.unit.messaging.records import raw, settlement

DAY = date(2026, 5, 1)
EVERYTHING = {
    "formerly": ("no-1201",),
    "municipality": "no-4601",
    "spells": (Spell("settled", DAY, DAY), Spell("ready", DAY)),
    "profile": Profile(1990, "female", (Language("ti", "native"),), 1, 2, ("music",), "baker", "secondary"),
    "details": Details("Eksempel", "Prøveperson", "1990", "female", "ti"),
    "interview": Interview(
        "flyktningguide", DAY, 2.5, ("walks",), "mixed", 1.0, 0.0, 2.0, 3.0, "female", True, ("football",)
    ),
    "consents": (Consent("matching", "1", DAY),),
    "checks": (Check("police_certificate", DAY), Check("police_certificate", DAY, "guide")),
    "approvals": (Approval("flyktningguide", "red_cross", DAY),),
    "participations": (
        Participation("flyktningguide", "1.0", "ready", DAY, DAY, "guide"),
        Participation("other", "1.0", "joined", DAY, role="host", missing=("check:training", "interview")),
    ),
    "household_ref": "household-abcdefghijklmnopqrstuvwx",
    "coordinator": "red-1",
    "references": (ReferenceConsent("pair-abcdefghijklmnopqrstuvwx", ("guide", "organisation"), "1", DAY),),
}
REFUGEE = Refugee(
    subject="refugee-abcdefghijklmnopqrstuvwx",
    status="ready",
    cases=(Case("digest", datetime(2026, 6, 15, 7, tzinfo=UTC)),),
    expected_arrival_on=DAY,
    arrived_on=DAY,
    settled_on=DAY,
    placement=Placement("permanent", DAY, "sentrum"),
    **EVERYTHING,  # type: ignore[arg-type]
)
BARE = Refugee(subject=REFUGEE.subject, municipality="no-4601", status="announced")
VOLUNTEER = Volunteer(
    subject="volunteer-abcdefghijklmnopqrstuvwx",
    status="approved",
    capacity=2,
    travel_km=10,
    approved_on=DAY,
    **EVERYTHING,  # type: ignore[arg-type]
)


@pytest.mark.parametrize(
    ("state", "contract"),
    [
        (public_state(REFUGEE), RefugeeState),
        (public_state(BARE), RefugeeState),
        (public_state(VOLUNTEER), VolunteerState),
        (
            public_state(Refugee(subject="x", municipality="no-4601", status="referred")),
            RefugeeReferral,
        ),
        (withdrawn_state("no-4601"), RefugeeState),
    ],
    ids=["refugee", "bare refugee", "volunteer", "referral", "withdrawn"],
)
def test_a_state_is_what_its_contract_would_write(state: dict[str, object], contract: type[Contract]) -> None:
    read = contract.model_validate(state)
    assert read.model_dump(mode="json", by_alias=True, exclude_none=True) == state


def test_nothing_that_is_known_is_left_out_and_nothing_personal_is_in() -> None:
    state = public_state(REFUGEE)
    assert set(RefugeeState.model_fields) - state.keys() == set()
    assert set(VolunteerState.model_fields) - public_state(VOLUNTEER).keys() == {"approval_expires_on"}
    assert "Eksempel" not in repr(state)
    assert state["interests"] == ["football"]


def test_a_volunteers_roles_are_those_in_which_they_may_be_matched() -> None:
    assert public_state(VOLUNTEER)["roles"] == ["guide"]
    ready = tuple(replace(part, status="ready") for part in VOLUNTEER.participations)
    assert public_state(replace(VOLUNTEER, participations=ready))["roles"] == ["guide", "host"]


def test_what_is_missing_stands_with_the_programme_that_asks_for_it_and_nowhere_else() -> None:
    ready, joined = public_state(REFUGEE)["participations"]
    assert joined["missing"] == ["check:training", "interview"]
    assert "missing" not in ready


def settled(**data: Any) -> Settlement:
    record = Parser(topics.SETTLEMENTS).parse(raw(settlement(**data)))
    assert isinstance(record, Received)
    assert isinstance(record.data, PersonSettled)
    return wire.settlement(record, record.data, ["case"], Vocabulary({}, frozenset()))


@pytest.mark.parametrize(
    ("sent", "published", "kept"),
    [
        ("baker", "baker", None),
        ("Kari's baker", None, "Kari's baker"),
        ("Baker", None, "Baker"),
        ("baker\n", None, "baker\n"),
        (None, None, None),
    ],
)
def test_an_occupation_is_public_where_it_is_a_code_and_personal_elsewhere(
    sent: str | None, published: str | None, kept: str | None
) -> None:
    known = settled(occupation=sent)
    assert known.profile is not None
    assert known.details is not None
    assert (known.profile.occupation, known.details.occupation) == (published, kept)
    command = RegisterVolunteer.model_validate({**shown(RegisterVolunteer), "occupation": sent})
    registered = wire.registration(command, Vocabulary({}, frozenset()))
    assert (registered.profile.occupation, registered.details.occupation) == (published, kept)
