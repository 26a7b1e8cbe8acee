"""Refused settlements, and what is heard of them."""

import json
from typing import Any

from services.intake.statements import Says, statements
from shared.messaging.reading.records import Headers, Raw
from tests.unit.messaging.records import STRUCTURED, raw, settlement

MUNICIPALITY = "no-4601"
OPEN = settlement()
CASE = ((MUNICIPALITY, "BER-1"),)
STRICTLY = {"protection": "strictly_confidential"}
SETTLED = {name: value for name, value in OPEN.items() if name != "data"}
SETTLED_BINARY: Headers = (
    ("content-type", b"application/json"),
    ("ce_type", b"no.kobling.PersonSettled.v1"),
    ("ce_subject", b"BER-2"),
)


def record(value: Any, key: str | None = "BER-1", headers: Headers = STRUCTURED) -> Raw:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return raw(content, key="x", headers=headers)._replace(key=None if key is None else key.encode())


def heard(value: Any, key: str | None = "BER-1", headers: Headers = STRUCTURED) -> list[Says]:
    return [statement.says for statement in statements(record(value, key, headers), MUNICIPALITY)]


def with_data(**data: Any) -> dict[str, Any]:
    return settlement(**data)


def without(name: str) -> dict[str, Any]:
    return {**OPEN, "data": {key: value for key, value in OPEN["data"].items() if key != name}}


def case_of(number: int, **data: Any) -> dict[str, Any]:
    return {**settlement(f"A{number}", **data), "id": f"event-{number}"}


SIXTY = [case_of(number, **STRICTLY if number == 55 else {}) for number in range(1, 61)]
LISTED = json.dumps(SIXTY)
