"""What intake publishes of refugees and volunteers; `receipts` and sealed `cards` are beside it."""

from typing import Annotated, Any, Literal

from pydantic import Field, StringConstraints

from shared.contracts import topics
from shared.contracts.example import MINOR, MUNICIPALITY, Data, Example, example, shown
from shared.contracts.fields import (
    Code,
    Contract,
    Day,
    Gender,
    Line,
    Municipality,
    OperatorId,
    PackVersion,
    ProgrammeName,
    TextVersion,
)
from shared.contracts.message import Message, event
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

RefugeeEnd = Literal["withdrawn", "moved", "merged", "referred", "restricted", "erased"]
RefugeeStatus = Literal["announced", "settled", "consented", "ready", RefugeeEnd]
VolunteerStatus = Literal["registered", "approved", "paused", "lapsed", "withdrawn", "merged", "erased"]
ParticipationStatus = Literal["joined", "consented", "ready", "lapsed", "left"]


class Spell(Contract):
    """A status and the days it lasted; an open spell has no `to`."""

    status: Code
    since: Annotated[Day, Field(alias="from")]
    to: Day | None = None


MissingCode = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]{0,59}(:[a-z0-9_]{1,60})?$")]
"""What a pack asks and somebody lacks, such as `interview` or `check:training`."""


class Participation(Contract):
    """Somebody's part in one programme; the pack version is the one that they joined under. It has `lapsed`
    where they were ready and lack something again.

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

    model_config = example({}, subject=MINOR)

    municipality: Municipality


class RefugeeState(_PersonState):
    """A refugee's whole public state. `occupation_field` is a code: other words for it are not told."""

    model_config = example(
        {
            "spells": [{"status": "settled", "from": "2026-10-05"}],
            "birth_year": 1994,
            "gender": "female",
            "languages": [{"code": "ti", "level": "native"}, {"code": "nb", "level": "basic"}],
            "household": shown(Household),
            "occupation_field": "cook",
            "education_level": "secondary",
            "interests": ["cooking", "football"],
            "status": "settled",
            "arrived_on": "2026-10-05",
            "settled_on": "2026-10-05",
            "placement": shown(Placement),
        }
    )

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

    model_config = example(
        {
            "spells": [{"status": "registered", "from": "2026-09-07"}],
            "birth_year": 1971,
            "gender": "female",
            "languages": [{"code": "nb", "level": "native"}],
            "household": {"adults": 2, "minors": 0},
            "occupation_field": "nurse",
            "education_level": "bachelor",
            "interests": ["cooking", "hiking"],
            "status": "registered",
        }
    )

    status: VolunteerStatus
    roles: list[Code] = []
    capacity: Annotated[int, Field(ge=0, le=20)] = 1
    travel_km: Annotated[int, Field(ge=0, le=1000)] | None = None
    approvals: list[Approval] = []
    approved_on: Day | None = None
    approval_expires_on: Day | None = None
    checks: list[Check] = []


_CONSENTS = [
    {"purpose": purpose, "text_version": f"{purpose}-2026-1.ti", "given_on": "2026-10-12"}
    for purpose in ("matching", "contact")
]
_INTERVIEWED: Data = {
    name: shown(model)
    for name, model in (("wishes", Wishes), ("expectations", Expectations), ("availability", Availability))
}
_CHECKS = [
    {"kind": "police_certificate", "seen_on": "2026-09-14", "role": "guide"},
    {"kind": "confidentiality_declaration", "seen_on": "2026-09-14"},
    {"kind": "training", "seen_on": "2026-09-20"},
]
_APPROVALS = [
    {"organisation": "red_cross_bergen", "on": "2026-09-21"},
    {"organisation": "introduction_programme_bergen", "on": "2026-09-23"},
]


def _went(**days: str) -> Data:
    """A status reached through others, each with its first day, in order."""
    lasted = zip(days.items(), [*list(days.values())[1:], None], strict=True)
    spells = [{"status": status, "from": day, "to": end} for (status, day), end in lasted]
    return {"status": list(days)[-1], "spells": spells}


def _takes_part(status: str, **more: Any) -> Data:
    return {"participations": [{**shown(Participation), "status": status, **more}]}


_UNTIL_READY = {"settled": "2026-10-05", "consented": "2026-10-12", "ready": "2026-10-14"}
_CONSENTED = {**_went(settled="2026-10-05", consented="2026-10-12"), "consents": _CONSENTS}


def _of_refugee(name: str, differs: Data, revision: int) -> Message:
    return event(topics.REFUGEES, RefugeeState, name, Example(differs, revision=revision))


def _of_volunteer(name: str, differs: Data, revision: int) -> Message:
    return event(topics.VOLUNTEERS, VolunteerState, name, Example(differs, revision=revision))


REFUGEE_SETTLED = event(topics.REFUGEES, RefugeeState, "RefugeeSettled")
REFUGEE_CORRECTED = _of_refugee("RefugeeCorrected", {"household": {"adults": 1, "minors": 2}}, 2)
REFUGEE_CONSENTED = _of_refugee("RefugeeConsented", {**_CONSENTED, **_takes_part("consented")}, 5)
REFUGEE_READY = _of_refugee(
    "RefugeeReady",
    {
        **_CONSENTED,
        **_went(**_UNTIL_READY),
        **_takes_part("ready", ready_since="2026-10-14"),
        **_INTERVIEWED,
    },
    6,
)
REFUGEE_JOINED = _of_refugee("RefugeeJoined", _takes_part("joined"), 3)
REFUGEE_INTERVIEWED = _of_refugee(
    "RefugeeInterviewed",
    {**_CONSENTED, **_takes_part("joined"), **_INTERVIEWED, "consents": _CONSENTS[:1]},
    5,
)
REFUGEE_WITHDRAWN = event(
    topics.REFUGEES,
    RefugeeState,
    "RefugeeWithdrawn",
    Example({"municipality": MUNICIPALITY, "status": "withdrawn"}, revision=8, whole=True),
)
REFUGEE_MOVED = _of_refugee(
    "RefugeeMoved", {**_CONSENTED, **_went(**_UNTIL_READY, moved="2026-11-02"), **_takes_part("left")}, 7
)
REFUGEE_REFERRED = event(topics.REFUGEES, RefugeeReferral, "RefugeeReferred")
VOLUNTEER_REGISTERED = event(topics.VOLUNTEERS, VolunteerState, "VolunteerRegistered")
VOLUNTEER_UPDATED = _of_volunteer(
    "VolunteerUpdated", {**_takes_part("joined"), "checks": _CHECKS, "approvals": _APPROVALS[:1]}, 8
)
_APPROVED = {
    **_went(registered="2026-09-07", approved="2026-09-23"),
    **_takes_part("ready", ready_since="2026-09-23"),
    **_INTERVIEWED,
    "consents": _CONSENTS,
    "checks": _CHECKS,
    "approvals": _APPROVALS,
    "roles": ["guide"],
    "approved_on": "2026-09-23",
}
VOLUNTEER_APPROVED = _of_volunteer("VolunteerApproved", _APPROVED, 9)
VOLUNTEER_PAUSED = _of_volunteer(
    "VolunteerPaused",
    {**_APPROVED, **_went(registered="2026-09-07", approved="2026-09-23", paused="2026-12-01")},
    10,
)
VOLUNTEER_LAPSED = _of_volunteer(
    "VolunteerLapsed",
    {
        **_APPROVED,
        **_went(registered="2026-09-07", approved="2026-09-23", lapsed="2029-09-14"),
        **_takes_part("lapsed", ready_since="2026-09-23", missing=["check:police_certificate"]),
        "roles": [],
    },
    12,
)
VOLUNTEER_RESUMED = _of_volunteer(
    "VolunteerResumed",
    {**_APPROVED, **_went(registered="2026-09-07", paused="2026-12-01", approved="2027-01-04")},
    11,
)
VOLUNTEER_WITHDRAWN = _of_volunteer(
    "VolunteerWithdrawn",
    {
        **_APPROVED,
        **_went(registered="2026-09-07", approved="2026-09-23", withdrawn="2027-03-01"),
        **_takes_part("left", ready_since="2026-09-23"),
        "consents": [],
        "roles": [],
    },
    13,
)
