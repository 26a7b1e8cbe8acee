"""What intake publishes of refugees and volunteers; `receipts` and sealed `cards` are beside it."""

from typing import Any

from shared.contracts import topics
from shared.contracts.example import MUNICIPALITY, Data, Example, shown
from shared.contracts.intake.states import Participation, RefugeeReferral, RefugeeState, VolunteerState
from shared.contracts.message import Message, event
from shared.contracts.people import Availability, Expectations, Wishes

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


ARRIVAL_CONFIRMED = _of_refugee("ArrivalConfirmed", {"arrived_on": "2026-10-05"}, 2)


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


VOLUNTEER_MOVED = _of_volunteer(
    "VolunteerMoved",
    {
        "municipality": "no-5501",
        "status": "registered",
        "spells": [
            {"status": "registered", "from": "2026-09-07", "to": "2026-09-23"},
            {"status": "approved", "from": "2026-09-23", "to": "2027-02-01"},
            {"status": "registered", "from": "2027-02-01"},
        ],
        "checks": _CHECKS,
        "approvals": _APPROVALS,
    },
    10,
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
