"""What municipalities and commands to intake say of people."""

from datetime import date
from typing import Any

from tests.property.pairing.town import GUIDES, HERE
from tests.unit.messaging.records import settlement


def person_data(**more: Any) -> dict[str, Any]:
    """A settlement of an adult."""
    data: dict[str, Any] = settlement(**more)["data"]
    return data


def intake_data(name: str, today: date, more: dict[str, Any]) -> dict[str, Any]:
    """What a command to intake says; `more` has what the step chose."""
    day = today.isoformat()
    person = person_data()["person"]
    said: dict[str, dict[str, Any]] = {
        "RegisterVolunteer": {
            "municipality": HERE,
            "person": person,
            "languages": [{"code": "nb", "level": "native"}],
            "registered_on": day,
            "capacity": more.get("capacity", 1),
            **({"refugee": more["refugee"]} if more.get("refugee") else {}),
        },
        "JoinProgramme": {"programme": GUIDES, "joined_on": day},
        "LeaveProgramme": {"programme": GUIDES, "left_on": day},
        "RecordConsent": {"purpose": "matching", "text_version": "1", "given_on": day},
        "WithdrawConsent": {"purpose": "matching", "withdrawn_on": day},
        "RecordCheck": {"kind": "police_certificate", "seen_on": day, "role": "guide"},
        "ApproveVolunteer": {"programme": GUIDES, "decided_on": day},
        "PauseVolunteer": {"paused_on": day, **({"until": more["until"]} if more.get("until") else {})},
        "ResumeVolunteer": {},
        "WithdrawVolunteer": {"withdrawn_on": day},
        "RejectVolunteer": {"decided_on": day},
        "ChangeCapacity": {"capacity": more.get("capacity", 1)},
        "MoveVolunteer": {"municipality": "no-5501", "moved_on": day},
        "CorrectPerson": {"interests": ["cooking"]},
    }
    return said[name]
