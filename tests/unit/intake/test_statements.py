"""What refused settlements still say of protection, minors and cases withdrawn."""

import base64
import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.statements import Says, statements
from shared.messaging.reading.records import Headers, Raw
from tests.unit.messaging.records import STRUCTURED, raw, settlement

MUNICIPALITY = "no-4601"
OPEN = settlement()
CASE = ((MUNICIPALITY, "BER-1"),)
SETTLED_BINARY: Headers = (
    ("content-type", b"application/json"),
    ("ce_type", b"no.kobling.PersonSettled.v1"),
    ("ce_subject", b"BER-2"),
)


def said(value: Any, key: str | None = "BER-1", headers: Headers = STRUCTURED) -> list[Says]:
    return [statement.says for statement in statements(record(value, key, headers), MUNICIPALITY)]


def record(value: Any, key: str | None = "BER-1", headers: Headers = STRUCTURED) -> Raw:
    content = value if isinstance(value, bytes) else json.dumps(value).encode()
    return raw(content, key="x", headers=headers)._replace(key=None if key is None else key.encode())


def with_data(**data: Any) -> dict[str, Any]:
    return settlement(**data)


def without(name: str) -> dict[str, Any]:
    return {**OPEN, "data": {key: value for key, value in OPEN["data"].items() if key != name}}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(with_data(protection="strictly_confidential"), id="said plainly"),
        pytest.param(with_data(protection="confidential", interests=["Ski"]), id="beside another fault"),
        pytest.param(with_data(protection="Strictly Confidential"), id="spelt otherwise"),
        pytest.param(with_data(protection=["confidential"]), id="in a list"),
        pytest.param(with_data(protection=6), id="as a number"),
        pytest.param(with_data(protection="kode 6"), id="in other words"),
        pytest.param(with_data(Protection="confidential"), id="under a name with a capital"),
        pytest.param(with_data(placement={"protection": "confidential"}), id="in another place"),
        pytest.param(without("protection"), id="absent"),
        pytest.param(with_data(protection=None), id="null"),
        pytest.param(
            {**OPEN, "data": json.dumps(with_data(protection="confidential")["data"])}, id="as text"
        ),
        pytest.param(
            {
                **{name: value for name, value in OPEN.items() if name != "data"},
                "data_base64": base64.b64encode(b'{"protection": "confidential"}').decode(),
            },
            id="in base64",
        ),
        pytest.param([with_data(protection="confidential")], id="in a batch"),
        pytest.param(json.dumps(with_data(protection="confidential")).encode()[:-20], id="cut short"),
        pytest.param(json.dumps(with_data(protection="confidential")).encode("utf-16"), id="UTF-16"),
        pytest.param(b'{"subject": "BER-1", "data": {"protection": "str', id="cut in the word"),
        pytest.param(json.dumps(with_data(protection="confidential", x="y" * 2**20)).encode(), id="too long"),
        pytest.param(
            json.dumps(OPEN)
            .encode()
            .replace(b'"protection": "none"', b'"protection": "none", "protection": 7'),
            id="twice",
        ),
        pytest.param(
            {**with_data(protection="confidential"), "type": "no.kobling.PersonSetled.v1"}, id="unknown type"
        ),
    ],
)
def test_protection_is_heard(value: Any) -> None:
    assert said(value) == [Says.PROTECTED]


@pytest.mark.parametrize("minor", [True, "true", "yes", 1, [True]])
def test_a_minor_is_heard(minor: Any) -> None:
    assert said(with_data(unaccompanied_minor=minor)) == [Says.MINOR]


def test_a_case_withdrawn_is_heard_with_any_fault() -> None:
    withdrawn = {**OPEN, "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "By Mistake"}}
    assert said(withdrawn) == [Says.WITHDRAWN]
    assert said(json.dumps(withdrawn).encode()[:-5]) == [Says.WITHDRAWN]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(OPEN, id="open"),
        pytest.param(with_data(protection=" None "), id="open, spelt otherwise"),
        pytest.param(with_data(interests=["Ski"]), id="open, with another fault"),
        pytest.param(json.dumps(OPEN).encode()[:-1], id="open, cut short"),
        pytest.param(with_data(unaccompanied_minor="False"), id="no minor"),
        pytest.param(with_data(unaccompanied_minor=None), id="nothing about minors"),
        pytest.param({**OPEN, "type": "no.kobling.PersonMoved.v1", "data": {}}, id="moved"),
        pytest.param({**without("protection"), "type": "no.kobling.Other.v1"}, id="of another type"),
        pytest.param(b"\xff\xfe garbage", id="no JSON"),
        pytest.param(b"", id="empty"),
        pytest.param(b"[" * 100_000, id="deep"),
    ],
)
def test_of_others_nothing_is_said(value: Any) -> None:
    assert said(value) == []


def test_binary_mode_is_read() -> None:
    data = with_data(protection="confidential")["data"]
    (found,) = statements(record(data, key=None, headers=SETTLED_BINARY), MUNICIPALITY)
    assert (found.says, found.references) == (Says.PROTECTED, ((MUNICIPALITY, "BER-2"),))


def test_every_case_that_it_may_be_is_named() -> None:
    event = with_data(protection="confidential", **{"from": {"municipality": "no-5501", "case": "T-1"}})
    (found,) = statements(record({**event, "subject": "BER-9"}, key=" BER-1 "), MUNICIPALITY)
    assert found.references == (*CASE, (MUNICIPALITY, "BER-9"), ("no-5501", "T-1"))


@pytest.mark.parametrize(
    ("time", "read"),
    [
        ("2016-06-15T09:00:00+02:00", datetime(2016, 6, 15, 7, tzinfo=UTC)),
        ("yesterday", None),
        (None, None),
        (7, None),
    ],
)
def test_the_time_is_the_records_own_or_none(time: Any, read: datetime | None) -> None:
    (found,) = statements(record({**with_data(protection="confidential"), "time": time}), MUNICIPALITY)
    assert found.time == read
