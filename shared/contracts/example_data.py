"""One example of each message, by its name: what `generate` renders into `examples/`.

Everybody here is invented, and looks it: family names begin with `Eksempel-`, addresses lie in `example.org`,
random references spell "example".
"""

from dataclasses import dataclass
from typing import Any

MUNICIPALITY = "no-4601"
OPERATOR = "bergen-redcross-1"
PROGRAMME = "flyktningguide-bergen"
POOL = f"{MUNICIPALITY}/{PROGRAMME}"
CASE = "BER-2026-0042"

REFUGEE = "refugee-example2example3example4"
MINOR = "refugee-example5example6example7"
VOLUNTEER = "volunteer-example2example3example4"
PAIR = "pair-example2example3example4"
ROUND = "round-01980000-0000-7000-8000-example00001"
COMMAND = "0b7ad0b2-example-command"
LETTER = "6b0f2f7e-5d0e-5a53-9a0c-3f1f7e0c0001"

Data = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Example:
    """A record's subject and data, and its revision where its topic counts them.

    `extensions`: further attributes of the envelope.
    """

    subject: str
    data: Data
    revision: int | None = None
    extensions: Data | None = None


_PERSON: Data = {
    "given_name": "Ada",
    "family_name": "Eksempel-Nord",
    "birth_date": "1994-03-09",
    "gender": "female",
    "phone": "+47 000 00 042",
    "email": "refugee-42@example.org",
    "address": "Eksempelgata 42, Fana",
    "preferred_language": "ti",
}
_LANGUAGES = [{"code": "ti", "level": "native"}, {"code": "nb", "level": "basic"}]
_PLACEMENT = {"kind": "permanent", "placed_on": "2026-10-05", "district": "Fana"}
_EXPECTATIONS = {"weekly_hours": 2.0, "activities": ["cooking", "norwegian_practice"], "contact": "in_person"}
_AVAILABILITY: Data = {
    "weekday_morning": 0.0,
    "weekday_afternoon": 0.0,
    "weekday_evening": 3.0,
    "weekend": 4.0,
}
_MATCHING_CONSENT = {"purpose": "matching", "text_version": "matching-2026-1.ti", "given_on": "2026-10-12"}
_CONTACT_CONSENT = {"purpose": "contact", "text_version": "contact-2026-1.ti", "given_on": "2026-10-12"}


def _participation(status: str, ready_since: str | None = None) -> Data:
    part: Data = {"programme": PROGRAMME, "pack_version": "1.0", "status": status}
    return part if ready_since is None else {**part, "ready_since": ready_since}


def _refugee(status: str, spells: list[Data], **more: Any) -> Data:
    return {
        "municipality": MUNICIPALITY,
        "spells": spells,
        "participations": [],
        "birth_year": 1994,
        "gender": "female",
        "languages": _LANGUAGES,
        "household": {"adults": 1, "minors": 1},
        "occupation_field": "cook",
        "education_level": "secondary",
        "interests": ["cooking", "football"],
        "consents": [],
        "status": status,
        "arrived_on": "2026-10-05",
        "settled_on": "2026-10-05",
        "placement": _PLACEMENT,
        **more,
    }


_SETTLED: Data = {"status": "settled", "from": "2026-10-05"}
_UNTIL_READY = [
    {**_SETTLED, "to": "2026-10-12"},
    {"status": "consented", "from": "2026-10-12", "to": "2026-10-14"},
]
_INTERVIEWED = {
    "wishes": {"guide_gender": "female", "interpreter_ok": False},
    "expectations": _EXPECTATIONS,
    "availability": _AVAILABILITY,
}
_LEFT = {"participations": [_participation("left")], "consents": [_MATCHING_CONSENT, _CONTACT_CONSENT]}


def _volunteer(status: str, spells: list[Data], **more: Any) -> Data:
    return {
        "municipality": MUNICIPALITY,
        "spells": spells,
        "participations": [],
        "birth_year": 1971,
        "gender": "female",
        "languages": [{"code": "nb", "level": "native"}],
        "household": {"adults": 2, "minors": 0},
        "occupation_field": "nurse",
        "education_level": "bachelor",
        "interests": ["cooking", "hiking"],
        "consents": [],
        "status": status,
        "roles": [],
        "capacity": 1,
        "approvals": [],
        "checks": [],
        **more,
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


def _pair(status: str, spells: list[Data], **more: Any) -> Data:
    return {
        "municipality": MUNICIPALITY,
        "programme": PROGRAMME,
        "pack_version": "1.0",
        "receiving": REFUGEE,
        "giving": VOLUNTEER,
        "relation": "guide",
        "slot": 0,
        "status": status,
        "spells": spells,
        "receipt": {
            "score": 49,
            "parts": {
                "interests": 15,
                "age": 4,
                "life_situation": 6,
                "occupation": 0,
                "language": 10,
                "distance": 8,
                "availability": 6,
            },
            "waiting_bonus": 7,
            "rank": 2,
            "candidates": 11,
            "vetoes": {"language": 31, "gender_wish": 5},
            "warnings": ["expectations_differ"],
            "pack_version": "1.0",
            "round": ROUND,
        },
        "answers": [],
        "respond_by": "2026-12-02T08:00:00Z",
        "signatures": [],
        "proposed_on": "2026-11-18",
        "meetings": [],
        **more,
    }


_PROPOSED: Data = {"status": "proposed", "from": "2026-11-18"}
_YES_RECEIVING = {"side": "receiving", "accept": True, "on": "2026-11-19"}
_YES_GIVING = {"side": "giving", "accept": True, "on": "2026-11-20"}
_ACCEPTED: Data = {"status": "accepted", "from": "2026-11-20"}
_BOTH = [{**_PROPOSED, "to": "2026-11-20"}, _ACCEPTED]
_SIGNATURES = [
    {"signatory": signatory, "text_version": "agreement-2026-1", "on": "2026-11-22"}
    for signatory in ("refugee", "guide", "red_cross_bergen")
]
_ACTIVE = [
    {**_PROPOSED, "to": "2026-11-20"},
    {**_ACCEPTED, "to": "2026-11-22"},
    {"status": "active", "from": "2026-11-22"},
]


def _closed(status: str, on: str) -> list[Data]:
    return [{**_PROPOSED, "to": on}, {"status": status, "from": on}]


_SETTLEMENTS: dict[str, Example] = {
    "PersonSettled": Example(
        CASE,
        {
            "protection": "none",
            "arrived_on": "2026-10-05",
            "settled_on": "2026-10-05",
            "placement": _PLACEMENT,
            "person": _PERSON,
            "languages": _LANGUAGES,
            "household": {"adults": 1, "minors": 1},
            "unaccompanied_minor": False,
            "occupation": "cook",
            "education": "secondary",
            "interests": ["cooking", "football"],
        },
    ),
    "SettlementWithdrawn": Example(CASE, {"reason": "entered_in_error"}),
    "PersonMoved": Example(CASE, {"to_municipality": "no-5501", "moved_on": "2026-11-02"}),
    "SettlementReceipt": Example(
        CASE, {"outcome": "stale", "newer": "2026-10-06T09:15:00Z", "partition": 0, "offset": 41}, 42
    ),
}

_COMMANDS: dict[str, Example] = {
    "RegisterVolunteer": Example(
        VOLUNTEER,
        {
            "reason": "offered_to_volunteer",
            "municipality": MUNICIPALITY,
            "person": {
                **_PERSON,
                "given_name": "Berit",
                "family_name": "Eksempel-Klippe",
                "birth_date": "1971-07-15",
                "email": "volunteer-42@example.org",
                "preferred_language": "nb",
            },
            "languages": [{"code": "nb", "level": "native"}],
            "interests": ["cooking", "hiking"],
            "occupation": "nurse",
            "education": "bachelor",
            "adults": 2,
            "minors": 0,
            "capacity": 1,
            "registered_on": "2026-09-07",
        },
    ),
    "JoinProgramme": Example(
        VOLUNTEER, {"reason": "asked_to_join", "programme": PROGRAMME, "joined_on": "2026-09-07"}
    ),
    "RecordConsent": Example(REFUGEE, {"reason": "consent_given", **_MATCHING_CONSENT}),
    "RecordInterview": Example(
        REFUGEE,
        {
            "reason": "interview_held",
            "programme": PROGRAMME,
            "held_on": "2026-10-14",
            **_INTERVIEWED,
            "interests": ["cooking", "football"],
        },
        extensions={"expectedrevision": 3},
    ),
    "RecordCheck": Example(VOLUNTEER, {"reason": "document_seen", **_CHECKS[0]}),
    "ApproveVolunteer": Example(
        VOLUNTEER, {"reason": "suitable", "programme": PROGRAMME, "decided_on": "2026-09-21"}
    ),
    "FindPerson": Example(CASE, {"reason": "interview_booked", "municipality": MUNICIPALITY, "case": CASE}),
    "RunRound": Example(
        POOL,
        {"reason": "weekly_meeting", "municipality": MUNICIPALITY, "programme": PROGRAMME},
        extensions={"dryrun": True},
    ),
    "ListWaiting": Example(
        POOL, {"reason": "weekly_meeting", "municipality": MUNICIPALITY, "programme": PROGRAMME}
    ),
    "ShowDeadLetter": Example(LETTER, {"reason": "unknown_field"}),
    "RedriveDeadLetter": Example(LETTER, {"reason": "mended_release"}),
    "EditAndRedriveDeadLetter": Example(
        LETTER,
        {
            "reason": "misspelt_field",
            "value": {
                "specversion": "1.0",
                "id": "0b7ad0b2-example-command",
                "source": f"/operators/{OPERATOR}",
                "type": "no.kobling.command.RunRound.v1",
                "subject": POOL,
                "time": "2026-11-21T09:00:00Z",
                "data": {"reason": "weekly_meeting", "municipality": MUNICIPALITY, "programme": PROGRAMME},
            },
        },
    ),
    "DiscardDeadLetter": Example(LETTER, {"reason": "sent_twice"}),
    "AnswerProposal": Example(
        PAIR,
        {"reason": "answered_by_phone", "side": "receiving", "accept": True, "answered_on": "2026-11-19"},
    ),
    "SignAgreement": Example(
        PAIR,
        {
            "reason": "signed_on_paper",
            "signatory": "guide",
            "text_version": "agreement-2026-1",
            "signed_on": "2026-11-22",
        },
    ),
    "CommandAccepted": Example(
        COMMAND,
        {"command": COMMAND, "about": "withheld", "result": {"subject": REFUGEE, "revision": 1}},
        1,
    ),
    "CommandPreviewed": Example(
        COMMAND,
        {
            "command": COMMAND,
            "about": POOL,
            "result": {
                "round": ROUND,
                "receiving": 25,
                "giving": 55,
                "proposed": 0,
                "skipped": 0,
                "optimum_proven": True,
                "total": 1127,
                "proposals": [{"receiving": REFUGEE, "giving": VOLUNTEER, "score": 49}],
                "unmatched_receiving": [],
            },
        },
        2,
    ),
    "CommandPending": Example(
        COMMAND,
        {"command": COMMAND, "about": VOLUNTEER, "waits_for": ["introduction_programme_bergen"]},
        1,
    ),
    "CommandRejected": Example(
        COMMAND,
        {
            "command": COMMAND,
            "about": PAIR,
            "code": "date_in_future",
            "message": "answered_on can't lie ahead.",
            "field": "answered_on",
        },
        1,
    ),
}

_ADMINISTRATION: dict[str, Example] = {
    "OperatorRegistered": Example(
        OPERATOR,
        {
            "operator": OPERATOR,
            "person": "person_example2example3",
            "organisation": "red_cross_bergen",
            "municipalities": [MUNICIPALITY],
            "roles": ["coordinator", "approver"],
            "public_key": "ZXhhbXBsZSBvZiBhIHB1YmxpYyBrZXksIDMyIGJ5dGU=",
            "key_id": "bergen-redcross-1.2026",
            "valid_until": "2027-12-31T23:00:00Z",
        },
    ),
    "ProgrammePublished": Example(
        f"{PROGRAMME}@1.0",
        {
            "name": PROGRAMME,
            "version": "1.0",
            "kind": "guide",
            "title": "Flyktningguide, Bergen",
            "sides": {
                "receiving": {
                    "party": "person",
                    "role": "refugee",
                    "requirements": [
                        {"kind": "consent", "purpose": "matching"},
                        {"kind": "consent", "purpose": "contact"},
                        {"kind": "interview"},
                        {"kind": "age", "minimum": 18},
                    ],
                },
                "giving": {
                    "party": "person",
                    "role": "guide",
                    "requirements": [
                        {"kind": "consent", "purpose": "matching"},
                        {"kind": "consent", "purpose": "contact"},
                        {"kind": "interview"},
                        {"kind": "check", "check": "police_certificate"},
                        {"kind": "check", "check": "confidentiality_declaration"},
                        {"kind": "check", "check": "training"},
                        {"kind": "approval", "organisation": "red_cross_bergen"},
                        {"kind": "approval", "organisation": "introduction_programme_bergen"},
                        {"kind": "age", "minimum": 18},
                    ],
                },
            },
            "pairing": {
                "relation": "guide",
                "rules": [
                    {"code": "self"},
                    {"code": "municipality"},
                    {"code": "language", "strength": "hard"},
                    {"code": "gender_wish"},
                    {"code": "age"},
                    {"code": "availability", "hours": 1},
                    {"code": "child_certificate"},
                    {"code": "capacity"},
                    {"code": "excluded"},
                ],
                "criteria": {
                    "interests": 30,
                    "age": 18,
                    "life_situation": 12,
                    "occupation": 7,
                    "language": 20,
                    "distance": 8,
                    "availability": 5,
                },
                "policy": {"waiting_points_per_day": 0.2},
                "answer_within": "P14D",
                "exclude_for": "P180D",
                "signatories": ["refugee", "guide", "red_cross_bergen"],
            },
        },
    ),
    "ProgrammeActivated": Example(
        f"active/{POOL}", {"municipality": MUNICIPALITY, "programme": PROGRAMME, "pack_version": "1.0"}
    ),
}

_PEOPLE: dict[str, Example] = {
    "RefugeeSettled": Example(REFUGEE, _refugee("settled", [_SETTLED]), 1),
    "RefugeeCorrected": Example(
        REFUGEE, _refugee("settled", [_SETTLED], household={"adults": 1, "minors": 2}), 2
    ),
    "RefugeeJoined": Example(
        REFUGEE, _refugee("settled", [_SETTLED], participations=[_participation("joined")]), 3
    ),
    "RefugeeConsented": Example(
        REFUGEE,
        _refugee(
            "consented",
            [{**_SETTLED, "to": "2026-10-12"}, {"status": "consented", "from": "2026-10-12"}],
            participations=[_participation("consented")],
            consents=[_MATCHING_CONSENT, _CONTACT_CONSENT],
        ),
        5,
    ),
    "RefugeeInterviewed": Example(
        REFUGEE,
        _refugee(
            "consented",
            [{**_SETTLED, "to": "2026-10-12"}, {"status": "consented", "from": "2026-10-12"}],
            participations=[_participation("joined")],
            consents=[_MATCHING_CONSENT],
            **_INTERVIEWED,
        ),
        5,
    ),
    "RefugeeReady": Example(
        REFUGEE,
        _refugee(
            "ready",
            [*_UNTIL_READY, {"status": "ready", "from": "2026-10-14"}],
            participations=[_participation("ready", "2026-10-14")],
            consents=[_MATCHING_CONSENT, _CONTACT_CONSENT],
            **_INTERVIEWED,
        ),
        6,
    ),
    "RefugeeMoved": Example(
        REFUGEE,
        _refugee(
            "moved",
            [
                *_UNTIL_READY,
                {"status": "ready", "from": "2026-10-14", "to": "2026-11-02"},
                {"status": "moved", "from": "2026-11-02"},
            ],
            **_LEFT,
        ),
        7,
    ),
    "RefugeeWithdrawn": Example(REFUGEE, {"municipality": MUNICIPALITY, "status": "withdrawn"}, 8),
    "RefugeeReferred": Example(MINOR, {"municipality": MUNICIPALITY}, 1),
    "VolunteerRegistered": Example(
        VOLUNTEER, _volunteer("registered", [{"status": "registered", "from": "2026-09-07"}]), 1
    ),
    "VolunteerUpdated": Example(
        VOLUNTEER,
        _volunteer(
            "registered",
            [{"status": "registered", "from": "2026-09-07"}],
            participations=[_participation("joined")],
            checks=_CHECKS,
            approvals=_APPROVALS[:1],
        ),
        8,
    ),
    "VolunteerApproved": Example(
        VOLUNTEER,
        _volunteer(
            "approved",
            [
                {"status": "registered", "from": "2026-09-07", "to": "2026-09-23"},
                {"status": "approved", "from": "2026-09-23"},
            ],
            participations=[_participation("ready", "2026-09-23")],
            consents=[_MATCHING_CONSENT, _CONTACT_CONSENT],
            checks=_CHECKS,
            approvals=_APPROVALS,
            roles=["guide"],
            approved_on="2026-09-23",
            **_INTERVIEWED,
        ),
        9,
    ),
    "ContactCardSealed": Example(
        REFUGEE,
        {
            "municipality": MUNICIPALITY,
            "card": {
                "key_id": "notifications-1",
                "ephemeral": "ZXhhbXBsZSBvZiBhbiBlcGhlbWVyYWwga2V5IDMyIGI=",
                "nonce": "ZXhhbXBsZS1ub25j",
                "ciphertext": "c2VhbGVkIHRleHQsIGFuZCBhIHRhZyBvZiAxNiBieXRlcw==",
            },
        },
        1,
    ),
}

_PAIRS: dict[str, Example] = {
    "PairProposed": Example(PAIR, _pair("proposed", [_PROPOSED]), 1),
    "AnswerRecorded": Example(PAIR, _pair("proposed", [_PROPOSED], answers=[_YES_RECEIVING]), 2),
    "ProposalAccepted": Example(PAIR, _pair("accepted", _BOTH, answers=[_YES_RECEIVING, _YES_GIVING]), 3),
    "ProposalDeclined": Example(
        PAIR,
        _pair(
            "declined",
            _closed("declined", "2026-11-19"),
            answers=[{"side": "giving", "accept": False, "on": "2026-11-19"}],
        ),
        2,
    ),
    "ProposalExpired": Example(PAIR, _pair("expired", _closed("expired", "2026-12-02")), 2),
    "AgreementSigned": Example(
        PAIR,
        _pair("accepted", _BOTH, answers=[_YES_RECEIVING, _YES_GIVING], signatures=_SIGNATURES[:1]),
        4,
    ),
    "PairCreated": Example(
        PAIR,
        _pair(
            "active",
            _ACTIVE,
            answers=[_YES_RECEIVING, _YES_GIVING],
            signatures=_SIGNATURES,
            created_on="2026-11-22",
        ),
        7,
    ),
    "PairEnded": Example(
        PAIR,
        _pair(
            "ended",
            [
                *_ACTIVE[:2],
                {"status": "active", "from": "2026-11-22", "to": "2027-03-01"},
                {"status": "ended", "from": "2027-03-01"},
            ],
            answers=[_YES_RECEIVING, _YES_GIVING],
            signatures=_SIGNATURES,
            created_on="2026-11-22",
            ended_on="2027-03-01",
            end_reason="moved",
        ),
        8,
    ),
    "RoundCompleted": Example(
        POOL,
        {
            "round": ROUND,
            "municipality": MUNICIPALITY,
            "programme": PROGRAMME,
            "pack_version": "1.0",
            "receiving": 25,
            "giving": 55,
            "proposed": 23,
            "skipped": 0,
            "total": 1127,
            "optimum_proven": True,
            "unmatched": {"no_candidate": 2},
            "duration_ms": 9,
        },
    ),
}

_FOLLOWING: dict[str, Example] = {
    "NotificationSent": Example(REFUGEE, {"about": PAIR, "template": "pair_created", "channel": "email"}),
    "NotificationFailed": Example(
        VOLUNTEER,
        {"about": PAIR, "template": "pair_created", "channel": "email", "code": "recipient_refused"},
    ),
    "IndicatorsPublished": Example(
        f"{POOL}/2026-11",
        {
            "municipality": MUNICIPALITY,
            "programme": PROGRAMME,
            "period": "2026-11",
            "closed": True,
            "figures": [
                {"name": "pairs_created", "value": 23},
                {"name": "proposals_declined", "suppressed": True},
            ],
        },
        31,
    ),
}

EXAMPLES: dict[str, Example] = {
    **_SETTLEMENTS,
    **_COMMANDS,
    **_ADMINISTRATION,
    **_PEOPLE,
    **_PAIRS,
    **_FOLLOWING,
}
"""By the message's name; `generate` fails where one is missing, or not what its model accepts."""
