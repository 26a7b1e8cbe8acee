"""Made-up settlements that nobody could take for real ones, each with a canary in every personal field."""

import json
import random
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shared.contracts.fields import format_instant
from tests.support.ids import foreign_id

CANARIES = (b"kanarifugl", b"+47 555 01", b"+4755501")
"""What stands in names, addresses, e-mail addresses and telephone numbers, as sent and as kept; compared in
lower case.
"""
EXPECT, APART = "faults-expect", "faults-apart"
"""Headers by which a poison record carries the code that it should be refused with, and the name of a state
that what can be read of it brings about all the same.
"""
STRUCTURED = ("content-type", b"application/cloudevents+json")
LANGUAGES = ("ar", "ti", "so", "fa", "en", "uk")

Headers = tuple[tuple[str, bytes | None], ...]


@dataclass(frozen=True, slots=True)
class Sent:
    """A record for a municipality's topic."""

    municipality: str
    key: bytes | None
    value: bytes | None
    headers: Headers = (STRUCTURED,)

    def expecting(self, code: str, apart: str | None = None) -> "Sent":
        """The same, saying that it should be refused with this code, and bring about this state, if any."""
        told: Headers = ((EXPECT, code.encode()), *([(APART, apart.encode())] if apart else ()))
        return Sent(self.municipality, self.key, self.value, (*self.headers, *told))


def envelope(municipality: str, case: str, time: datetime, name: str, data: dict[str, Any]) -> dict[str, Any]:
    """A structured CloudEvent as a dict."""
    return {
        "specversion": "1.0",
        "id": foreign_id(),
        "source": f"/municipalities/{municipality}/case-system",
        "type": f"no.kobling.{name}.v1",
        "subject": case,
        "time": format_instant(time),
        "data": data,
    }


def settlement(municipality: str, case: str, time: datetime, chance: random.Random) -> dict[str, Any]:
    """A settlement of a new person."""
    number = chance.randrange(10_000)
    data = {
        "protection": "none",
        "settled_on": (time - timedelta(days=chance.randrange(60))).date().isoformat(),
        "person": {
            "given_name": f"Kanarifugl {number}",
            "family_name": "Eksempel-Kanarifugl",
            "birth_date": f"{chance.randrange(1960, 2004)}-02-03",
            "gender": chance.choice(["female", "male"]),
            "phone": f"+47 555 01 {number % 1000:03}",
            "email": f"kanarifugl-{number}@example.org",
            "address": f"Kanarifuglgata {number}",
            "preferred_language": "ar",
        },
        "languages": [{"code": chance.choice(LANGUAGES), "level": "native"}],
        "household": {"adults": 1, "minors": chance.randrange(3)},
        "unaccompanied_minor": False,
    }
    return envelope(municipality, case, time, "PersonSettled", data)


def record(municipality: str, document: dict[str, Any]) -> Sent:
    """The record that carries a document."""
    return Sent(municipality, document["subject"].encode(), json.dumps(document).encode())
