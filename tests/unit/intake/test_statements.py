"""What refused settlements still say of protection, minors and cases withdrawn."""

import base64
import json
from typing import Any

import pytest

from services.intake.statements import Says, statements
from shared.messaging.reading.records import Headers
from tests.unit.intake.refused_settlements import (
    MUNICIPALITY,
    OPEN,
    SETTLED,
    SETTLED_BINARY,
    STRICTLY,
    heard,
    record,
    with_data,
    without,
)
from tests.unit.messaging.records import STRUCTURED


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
    assert heard(value) == [Says.PROTECTED]


@pytest.mark.parametrize("minor", [True, "true", "yes", 1, [True]])
def test_a_minor_is_heard(minor: Any) -> None:
    assert heard(with_data(unaccompanied_minor=minor)) == [Says.MINOR]


def test_a_case_withdrawn_is_heard_with_any_fault() -> None:
    withdrawn = {**OPEN, "type": "no.kobling.SettlementWithdrawn.v1", "data": {"reason": "By Mistake"}}
    assert heard(withdrawn) == [Says.WITHDRAWN]
    assert heard(json.dumps(withdrawn).encode()[:-5]) == [Says.WITHDRAWN]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(OPEN, id="open"),
        pytest.param(with_data(protection=" None "), id="open, spelt otherwise"),
        pytest.param(with_data(interests=["Ski"]), id="open, with another fault"),
        pytest.param(json.dumps(OPEN).encode()[:-1], id="open, cut short"),
        pytest.param(json.dumps(OPEN).replace('"source"', '"source\\"').encode(), id="open, a byte wrong"),
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
    assert heard(value) == []


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
    assert Says.PROTECTED in heard(value, headers=headers)


@pytest.mark.parametrize("data", [{"person": {"unaccompanied_minor": True}}, {"unaccompaniedMinor": True}])
def test_a_minor_is_heard_of_wherever_it_stands(data: dict[str, Any]) -> None:
    assert heard(with_data(**data)) == [Says.MINOR]


@pytest.mark.parametrize("value", [None, b""])
def test_a_withdrawal_in_headers_is_heard_without_a_value(value: bytes | None) -> None:
    withdrawn = record(b"x", headers=WITHDRAWN_BINARY)._replace(value=value)
    assert [one.says for one in statements(withdrawn, MUNICIPALITY)] == [Says.WITHDRAWN]


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({**OPEN, name: content}, id=f"{name} outside")
        for name, content in [
            ("protectionlevel", "strict"),
            ("addressprotection", "kode6"),
            ("protected", True),
            ("confidential", "yes"),
            ("Address-Protection", 6),
        ]
    ]
    + [
        pytest.param(with_data(protectionLevel="strict"), id="in data"),
        pytest.param(with_data(person={"address_protection": "x"}), id="of the person"),
        pytest.param(json.dumps(with_data(address_protection="x")).encode()[:-9], id="cut short"),
        pytest.param(b"{'subject': 'BER-1', 'addressProtection': 'x'}", id="no JSON"),
    ],
)
def test_protection_is_heard_under_a_near_name(value: Any) -> None:
    assert heard(value) == [Says.PROTECTED]


@pytest.mark.parametrize(
    "value",
    [
        {**OPEN, "unaccompanied": True},
        with_data(unaccompaniedMinors="x"),
        with_data(is_unaccompanied=1),
        b"{'subject': 'BER-1', 'unaccompanied': True}",
    ],
)
def test_a_minor_is_heard_under_a_near_name(value: Any) -> None:
    assert heard(value) == [Says.MINOR]


@pytest.mark.parametrize("content", [False, None, "None"])
def test_a_near_name_may_say_that_there_is_none(content: Any) -> None:
    assert heard({**OPEN, "protected": content}) == []


@pytest.mark.parametrize("data", [{"reason": "left", **STRICTLY}, {"reason": "confidential"}])
def test_protection_is_heard_before_a_withdrawal(data: dict[str, Any]) -> None:
    assert heard({**OPEN, "type": "no.kobling.SettlementWithdrawn.v1", "data": data}) == [Says.PROTECTED]


def with_placement(**placement: Any) -> dict[str, Any]:
    event = without("protection")
    return {**event, "data": {**event["data"], "placement": placement}}


@pytest.mark.parametrize(
    "value",
    [
        pytest.param({**without("protection"), "protection": "none"}, id="the envelope"),
        pytest.param(with_placement(protection="none"), id="the placement"),
        pytest.param({**without("protection"), "meta": {"protection": "none"}}, id="another part"),
        pytest.param({**SETTLED, "protection": "none"}, id="an envelope without data"),
        pytest.param({**SETTLED, "note": "data: {protection: none}"}, id="a text"),
        pytest.param(
            json.dumps(OPEN).replace('"data"', '"data": {"x": 1}, "data"').encode(), id="one of two data"
        ),
        pytest.param(
            json.dumps({**SETTLED, "protection": "none", "data": {"settled_on": "2016"}})[:-3].encode(),
            id="the envelope, cut short",
        ),
    ],
)
def test_what_opens_a_settlement_stands_in_its_data(value: Any) -> None:
    assert heard(value) == [Says.PROTECTED]


@pytest.mark.parametrize("kind", ["settlement_withdrawn", "Settlement-Withdrawn", "settlementWithdrawal"])
def test_a_withdrawal_is_heard_in_any_spelling(kind: str) -> None:
    withdrawn = {**OPEN, "type": f"no.kobling.{kind}.v1", "data": {"reason": "left"}}
    assert heard(withdrawn) == [Says.WITHDRAWN]


@pytest.mark.parametrize("kind", ["person_settled", "Person-Settled", "personSettled"])
def test_a_settlement_without_protection_is_heard_in_any_spelling(kind: str) -> None:
    assert heard({**without("protection"), "type": f"no.kobling.{kind}.v1"}) == [Says.PROTECTED]


FIELDS = [{"field": "protection", "type": "string", "doc": "confidential or not"}]
CONNECT = {"type": "struct", "optional": False, "fields": [{"field": "data", "fields": FIELDS}]}


def test_a_schema_beside_a_payload_says_nothing() -> None:
    assert heard({"schema": CONNECT, "payload": OPEN}) == []
    assert heard({"schema": CONNECT, "payload": with_data(**STRICTLY)}) == [Says.PROTECTED]
    assert heard({"schema": {"protection": "strict"}, "payload": OPEN}) == [Says.PROTECTED]


@pytest.mark.parametrize("address", ["ada@confidential.example", "confidential@x.example"])
def test_a_mail_address_says_nothing(address: str) -> None:
    event = with_data(interests=["Ski"], person={"email": address})
    assert heard(event) == []
    assert heard(json.dumps(event).encode()[:-1]) == []
    assert heard({**event, "note": f"{address} is confidential"}) == [Says.PROTECTED]
