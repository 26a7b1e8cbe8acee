"""Made-up records of settlements and states."""

import json
from typing import Any

from shared.messaging.reading.records import Headers, Raw

NOON = 1_466_000_000_000
"""A broker's timestamp in June 2016."""
STRUCTURED: Headers = (("content-type", b"application/cloudevents+json; charset=utf-8"),)


def settlement(case: str = "BER-1", **data: Any) -> dict[str, Any]:
    """A settlement of a plainly synthetic person."""
    return {
        "specversion": "1.0",
        "id": f"event-{case}",
        "source": "/no-4601/case-system",
        "type": "no.kobling.PersonSettled.v1",
        "subject": case,
        "time": "2016-06-15T07:00:00Z",
        "data": {
            "protection": "none",
            "settled_on": "2016-05-01",
            "person": {
                "given_name": "Test",
                "family_name": "Eksempel",
                "birth_date": "1990-02-03",
                "gender": "male",
                "preferred_language": "ti",
            },
            "languages": [{"code": "ti", "level": "native"}],
            "household": {"adults": 1, "minors": 0},
            "unaccompanied_minor": False,
            **data,
        },
    }


def raw(
    document: dict[str, Any] | bytes | None,
    *,
    topic: str = "settlements.no-4601.v1",
    key: str | bytes | None = "BER-1",
    offset: int = 0,
    partition: int = 0,
    headers: Headers = STRUCTURED,
) -> Raw:
    """The record that carries a document or any bytes."""
    value = json.dumps(document).encode() if isinstance(document, dict) else document
    encoded = key.encode() if isinstance(key, str) else key
    return Raw(topic, partition, offset, NOON, encoded, value, headers)
