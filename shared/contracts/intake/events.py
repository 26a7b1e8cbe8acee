"""What intake publishes: receipts, states of refugees and volunteers, sealed contact cards."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts import topics
from shared.contracts.fields import (
    Code,
    Contract,
    Day,
    Gender,
    Instant,
    Line,
    Municipality,
    Offset,
    OperatorId,
    PackVersion,
    ProgrammeName,
    TextVersion,
)
from shared.contracts.message import event
from shared.contracts.people import (
    Availability,
    BirthYear,
    EducationLevel,
    Expectations,
    Household,
    Interests,
    Languages,
    Placement,
    Wishes,
)
from shared.contracts.sealed import Sealed

ReceiptOutcome = Literal["accepted", "referred", "duplicate", "stale", "rejected"]
RefugeeStatus = Literal[
    "announced",
    "settled",
    "consented",
    "ready",
    "withdrawn",
    "moved",
    "merged",
    "referred",
    "restricted",
    "erased",
]
VolunteerStatus = Literal["registered", "approved", "paused", "lapsed", "withdrawn", "merged", "erased"]
ParticipationStatus = Literal["joined", "consented", "ready", "left"]


class SettlementReceipt(Contract):
    """What became of one settlement record, named by its `partition` and `offset`.

    `code` and `field` say what was wrong; `newer` is the time of the newer record that a stale one met.
    """

    outcome: ReceiptOutcome
    code: Code | None = None
    field: Annotated[str, Field(max_length=80)] | None = None
    newer: Instant | None = None
    partition: Offset
    offset: Offset


class Spell(Contract):
    """A status and the days it lasted; an open spell has no `to`."""

    status: Code
    since: Annotated[Day, Field(alias="from")]
    to: Day | None = None


MissingCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}(:[a-z0-9_]{1,60})?$")]
"""What a pack asks and somebody lacks, such as `interview` or `check:training`."""


class Participation(Contract):
    """Somebody's part in one programme; the pack version is the one that they joined under.

    `missing` is what is still asked of them before they may be matched, as far as intake knew when it
    published the state; it is left out of who is ready and of who has left.
    """

    programme: ProgrammeName
    pack_version: PackVersion
    status: ParticipationStatus
    ready_since: Day | None = None
    missing: Annotated[list[MissingCode], Field(min_length=1, max_length=40)] | None = None


class Consent(Contract):
    """A consent in force."""

    purpose: Code
    text_version: TextVersion
    given_on: Day


class _PersonState(Contract):
    """What refugees' and volunteers' public states have in common."""

    municipality: Municipality
    spells: list[Spell] = []
    participations: list[Participation] = []
    birth_year: BirthYear | None = None
    gender: Gender | None = None
    languages: Languages = []
    household: Household | None = None
    occupation_field: Line | None = None
    education_level: EducationLevel | None = None
    interests: Interests = []
    wishes: Wishes | None = None
    expectations: Expectations | None = None
    availability: Availability | None = None
    consents: list[Consent] = []
    coordinator: OperatorId | None = None


class RefugeeReferral(Contract):
    """All that is published of an unaccompanied minor: that the municipality's child welfare decides."""

    municipality: Municipality


class RefugeeState(_PersonState):
    """A refugee's whole public state. `occupation_field` is a code: other words for it are not told."""

    status: RefugeeStatus
    expected_arrival_on: Day | None = None
    arrived_on: Day | None = None
    settled_on: Day | None = None
    placement: Placement | None = None


class Approval(Contract):
    """One organisation's approval of a volunteer."""

    organisation: Code
    on: Day


class Check(Contract):
    """That a document was seen, when and for which role; never what it says."""

    kind: Code
    seen_on: Day
    role: Code | None = None


class VolunteerState(_PersonState):
    """A volunteer's whole public state. `capacity` is how many pairs at once; `travel_km` how far they go.

    `occupation_field` is a code: other words for it are not told.
    """

    status: VolunteerStatus
    roles: list[Code] = []
    capacity: Annotated[int, Field(ge=0, le=20)] = 1
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    approvals: list[Approval] = []
    approved_on: Day | None = None
    approval_expires_on: Day | None = None
    checks: list[Check] = []


class ContactCard(Contract):
    """How notifications reaches somebody: sealed to the notifications service, bound to the subject.

    The sealed plain text is a `CardDetails`.
    """

    municipality: Municipality
    card: Sealed


class CardDetails(Contract):
    """What is inside a sealed contact card. Never published in the clear."""

    given_name: Line
    email: Annotated[str, Field(max_length=254)] | None = None
    phone: Annotated[str, Field(max_length=30)] | None = None
    preferred_language: Annotated[str, Field(max_length=40)]


SETTLEMENT_RECEIPT = event(topics.RECEIPTS, SettlementReceipt)
REFUGEE_SETTLED = event(topics.REFUGEES, RefugeeState, "RefugeeSettled")
REFUGEE_CORRECTED = event(topics.REFUGEES, RefugeeState, "RefugeeCorrected")
REFUGEE_CONSENTED = event(topics.REFUGEES, RefugeeState, "RefugeeConsented")
REFUGEE_READY = event(topics.REFUGEES, RefugeeState, "RefugeeReady")
REFUGEE_JOINED = event(topics.REFUGEES, RefugeeState, "RefugeeJoined")
REFUGEE_INTERVIEWED = event(topics.REFUGEES, RefugeeState, "RefugeeInterviewed")
REFUGEE_WITHDRAWN = event(topics.REFUGEES, RefugeeState, "RefugeeWithdrawn")
REFUGEE_MOVED = event(topics.REFUGEES, RefugeeState, "RefugeeMoved")
REFUGEE_REFERRED = event(topics.REFUGEES, RefugeeReferral, "RefugeeReferred")
VOLUNTEER_REGISTERED = event(topics.VOLUNTEERS, VolunteerState, "VolunteerRegistered")
VOLUNTEER_UPDATED = event(topics.VOLUNTEERS, VolunteerState, "VolunteerUpdated")
VOLUNTEER_APPROVED = event(topics.VOLUNTEERS, VolunteerState, "VolunteerApproved")
CONTACT_CARD_SEALED = event(topics.CONTACT_CARDS, ContactCard, "ContactCardSealed")
