"""What refused settlements still say of protection, minors and cases withdrawn."""

import base64
import json
import time
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
    assert found.references == (*CASE, (MUNICIPALITY, "BER-9"))
    assert found.former == (("no-5501", "T-1"),)


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


STRICTLY = {"protection": "strictly_confidential"}
SETTLED = {name: value for name, value in OPEN.items() if name != "data"}
WITHDRAWN_BINARY: Headers = (("ce_type", b"no.kobling.SettlementWithdrawn.v1"), ("ce_id", b"1"))
OTHER_BINARY: Headers = (("cloudEvents_type", b"no.kobling.PersonSettled.v1"),)


@pytest.mark.parametrize(
    ("value", "headers"),
    [
        pytest.param(
            {**OPEN, "type": "no.kobling.PersonMoved.v1", "data": STRICTLY}, STRUCTURED, id="a move"
        ),
        pytest.param({**OPEN["data"], **STRICTLY}, STRUCTURED, id="data alone"),
        pytest.param({**SETTLED, **STRICTLY}, STRUCTURED, id="in the envelope"),
        pytest.param({"event": with_data(**STRICTLY)}, STRUCTURED, id="wrapped"),
        pytest.param({"schema": {}, "payload": with_data(**STRICTLY)}, STRUCTURED, id="in a payload"),
        pytest.param(SETTLED, STRUCTURED, id="without data"),
        pytest.param(STRICTLY, (("ce_id", b"1"),), id="binary without a type"),
        pytest.param(STRICTLY, OTHER_BINARY, id="binary of another form"),
        pytest.param(b"\x1f\x8b\x08", SETTLED_BINARY, id="packed"),
        pytest.param(json.dumps(OPEN).partition("protection")[0].encode(), STRUCTURED, id="cut before it"),
        pytest.param([json.dumps(with_data(**STRICTLY))], STRUCTURED, id="text in a list"),
        pytest.param(
            json.dumps(OPEN).replace('"none"', '"none", "protection": null').encode(), STRUCTURED, id="twice"
        ),
        pytest.param(with_data(person={"protection": "fortrolig"}), STRUCTURED, id="of the person"),
        pytest.param([OPEN] * 50 + [with_data(**STRICTLY)], STRUCTURED, id="behind many"),
        pytest.param(
            {**SETTLED, "data_base64": base64.urlsafe_b64encode(json.dumps(STRICTLY).encode()).decode()},
            STRUCTURED,
            id="as URL-safe base64",
        ),
    ],
)
def test_protection_is_heard_wherever_it_stands(value: Any, headers: Headers) -> None:
    assert Says.PROTECTED in said(value, headers=headers)


@pytest.mark.parametrize("data", [{"person": {"unaccompanied_minor": True}}, {"unaccompaniedMinor": True}])
def test_a_minor_is_heard_of_wherever_it_stands(data: dict[str, Any]) -> None:
    assert said(with_data(**data)) == [Says.MINOR]


@pytest.mark.parametrize("value", [None, b""])
def test_a_withdrawal_in_headers_is_heard_without_a_value(value: bytes | None) -> None:
    withdrawn = record(b"x", headers=WITHDRAWN_BINARY)._replace(value=value)
    assert [one.says for one in statements(withdrawn, MUNICIPALITY)] == [Says.WITHDRAWN]


def test_a_withdrawal_closes_no_case_of_another_municipality() -> None:
    event = {**OPEN, "type": "no.kobling.SettlementWithdrawn.v1"}
    event["data"] = {"reason": "left", "from": {"municipality": "no-5501", "case": "T-1"}}
    (found,) = statements(record(event), MUNICIPALITY)
    assert (found.references, found.former) == (CASE, ())


@pytest.mark.parametrize("subject", ["\ud800", "Kari Eksempel", "x" * 65, {"case": "A"}])
def test_what_can_be_no_case_is_none(subject: Any) -> None:
    (found,) = statements(record({**with_data(**STRICTLY), "subject": subject}), MUNICIPALITY)
    assert found.references == CASE


def test_a_subject_may_be_a_number() -> None:
    (found,) = statements(record({**with_data(**STRICTLY), "subject": 42}, key=None), MUNICIPALITY)
    assert found.references == ((MUNICIPALITY, "42"),)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(b"{" + b'"a":1,' * 170_000 + b'"b":1}', id="a name over and over"),
        pytest.param(b"confidential " + b'"subject":"1",' * 500_000, id="cases over and over"),
        pytest.param(b"[" * 500_000, id="deep"),
        pytest.param(b'{"a":' * 100_000 + b"1" + b"}" * 100_000, id="deep names"),
        pytest.param(json.dumps({"a": json.dumps({"a": json.dumps(["x"] * 100_000)})}).encode(), id="texts"),
    ],
)
def test_no_record_is_looked_into_for_long(value: bytes) -> None:
    begun = time.process_time()
    found = statements(record(value), MUNICIPALITY)
    assert time.process_time() - begun < 5
    assert all(len(one.references) <= 51 for one in found)
