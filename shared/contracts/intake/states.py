"""The public states of refugees and volunteers."""

from typing import Annotated, Literal

from pydantic import Field, StringConstraints

from shared.contracts.example import MINOR, example, shown
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
    Subject,
    TextVersion,
)
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


FormerCodes = Annotated[list[Municipality], Field(min_length=1, max_length=50)]
"""The codes that a municipality had before."""


class ReferenceConsent(Contract):
    """That somebody agrees to these references after a pair."""

    pair: Subject
    referees: list[Literal["guide", "organisation"]]
    text_version: TextVersion
    given_on: Day


class _PersonState(Contract):
    """What refugees' and volunteers' public states have in common. `former_codes` are those that their
    municipality had before, while they have lived there: it is the same one.
    """

    municipality: Municipality
    former_codes: FormerCodes | None = None
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
    references: Annotated[list[ReferenceConsent], Field(min_length=1)] | None = None


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
