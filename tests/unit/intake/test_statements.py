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


def case_of(number: int, **data: Any) -> dict[str, Any]:
    return {**settlement(f"A{number}", **data), "id": f"event-{number}"}


SIXTY = [case_of(number, **STRICTLY if number == 55 else {}) for number in range(1, 61)]
LISTED = json.dumps(SIXTY)


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(LISTED.encode(), id="a list"),
        pytest.param(json.dumps({"events": SIXTY}).encode(), id="in an object"),
        pytest.param(json.dumps({"source": "/no-4601", "data": SIXTY}).encode(), id="in data"),
        pytest.param(json.dumps([{"key": "x", "value": event} for event in SIXTY]).encode(), id="wrapped"),
        pytest.param(json.dumps([json.dumps(event) for event in SIXTY]).encode(), id="texts"),
        pytest.param(json.dumps(LISTED).encode(), id="JSON in JSON"),
        pytest.param(json.dumps([*SIXTY, None, 7, {}]).encode(), id="beside others"),
        pytest.param("\n".join(map(json.dumps, SIXTY)).encode(), id="line by line"),
        pytest.param("".join(map(json.dumps, SIXTY)).encode(), id="one after the other"),
        pytest.param(LISTED[:-1].encode(), id="cut at its end"),
        pytest.param(json.dumps({"events": SIXTY})[:-1].encode(), id="an object cut at its end"),
        pytest.param(LISTED.encode("utf-16"), id="UTF-16"),
    ],
)
def test_of_many_events_each_speaks_for_its_own_case(value: bytes) -> None:
    (found,) = statements(record(value, key="A1"), MUNICIPALITY)
    assert (found.says, found.references) == (Says.PROTECTED, ((MUNICIPALITY, "A55"),))
    assert found.time == datetime(2016, 6, 15, 7, tzinfo=UTC)


def test_an_event_that_is_cut_in_its_protection_is_one_of_its_own_case() -> None:
    cut = LISTED.index("strictly_confidential") + 3
    (found,) = statements(record(LISTED[:cut].encode(), key="A1"), MUNICIPALITY)
    assert (found.says, found.references) == (Says.PROTECTED, ((MUNICIPALITY, "A55"),))


@pytest.mark.parametrize("value", [LISTED.replace('"', "'").encode(), b'{"x" ' + LISTED.encode()])
def test_what_is_no_json_is_said_of_all_its_cases(value: bytes) -> None:
    (found,) = statements(record(value, key=None), MUNICIPALITY)
    assert {case for _, case in found.references} == {f"A{number}" for number in range(1, 61)}


def test_what_is_said_around_many_events_is_said_of_each() -> None:
    around = {**STRICTLY, "events": [case_of(1), case_of(2)]}
    found = statements(record(around, key=None), MUNICIPALITY)
    assert {(one.says, one.references) for one in found} == {
        (Says.PROTECTED, ((MUNICIPALITY, case),)) for case in ("A1", "A2")
    }


def test_headers_left_over_say_nothing_of_the_events_in_a_list() -> None:
    headers: Headers = (("ce_type", b"no.kobling.SettlementWithdrawn.v1"), ("ce_subject", b"A9"))
    found = statements(record(SIXTY, key="A9", headers=headers), MUNICIPALITY)
    said_of = {one.says: one.references for one in found}
    assert said_of == {
        Says.WITHDRAWN: ((MUNICIPALITY, "A9"),),
        Says.PROTECTED: ((MUNICIPALITY, "A55"),),
    }


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
    assert said(value) == [Says.PROTECTED]


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
    assert said(value) == [Says.MINOR]


@pytest.mark.parametrize("content", [False, None, "None"])
def test_a_near_name_may_say_that_there_is_none(content: Any) -> None:
    assert said({**OPEN, "protected": content}) == []


EARLIER, LATER = datetime(2016, 6, 15, 6, tzinfo=UTC), datetime(2016, 6, 15, 7, tzinfo=UTC)
BINARY: Headers = tuple((f"ce_{name}", content.encode()) for name, content in SETTLED.items())


@pytest.mark.parametrize(
    ("headers", "value", "time"),
    [
        ((*BINARY, ("ce_time", b"2016-06-15T06:00:00Z")), STRICTLY, LATER),
        ((("ce_time", b"2016-06-15T06:00:00Z"),), with_data(**STRICTLY), LATER),
        ((("ce_time", b"2016-06-15T06:00:00Z"),), {**with_data(**STRICTLY), "time": None}, None),
        ((*BINARY, ("ce_time", b"in the morning")), STRICTLY, None),
        ((("ce_time", b'"2016-06-15T06:00:00Z"'), ("ce_type", b"x")), STRICTLY, EARLIER),
        (STRUCTURED, {"schema": {}, "payload": with_data(**STRICTLY)}, LATER),
    ],
)
def test_of_several_times_the_newest_counts_if_all_can_be_read(
    headers: Headers, value: Any, time: datetime | None
) -> None:
    (found,) = statements(record(value, headers=headers), MUNICIPALITY)
    assert (found.says, found.time) == (Says.PROTECTED, time)


def test_every_subject_in_headers_is_heard() -> None:
    headers: Headers = (*SETTLED_BINARY, ("ce_subject", b'"BER-3"'))
    (found,) = statements(record(STRICTLY, headers=headers), MUNICIPALITY)
    assert [case for _, case in found.references] == ["BER-1", "BER-2", "BER-3"]


@pytest.mark.parametrize("data", [{"reason": "left", **STRICTLY}, {"reason": "confidential"}])
def test_protection_is_heard_before_a_withdrawal(data: dict[str, Any]) -> None:
    assert said({**OPEN, "type": "no.kobling.SettlementWithdrawn.v1", "data": data}) == [Says.PROTECTED]


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
    assert said(value) == [Says.PROTECTED]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        pytest.param('"BER-1"', {**with_data(**STRICTLY), "subject": None}, id="a key in quotes"),
        pytest.param('{"id": "BER-1"}', {**with_data(**STRICTLY), "subject": None}, id="a key of JSON"),
        pytest.param(
            '{"schema": {"type": "string", "optional": false}, "payload": "BER-1"}',
            {**with_data(**STRICTLY), "subject": None},
            id="a key of Kafka Connect",
        ),
        pytest.param('"x y"', json.dumps(with_data(**STRICTLY)), id="JSON in JSON"),
        pytest.param("x y", json.dumps(json.dumps(with_data(**STRICTLY))), id="JSON in JSON in JSON"),
        pytest.param("x y", b"{'subject': 'BER-1', 'protection': 'x'}", id="no JSON"),
        pytest.param("x y", b"subject: BER-1\nprotection: strict\n", id="YAML"),
        pytest.param(
            "x y", json.dumps({**with_data(**STRICTLY), "subject": ' "BER-1" '}), id="a subject in quotes"
        ),
    ],
)
def test_the_case_is_found_in_any_form(key: str, value: Any) -> None:
    (found,) = statements(record(value, key=key), MUNICIPALITY)
    assert (found.says, found.references) == (Says.PROTECTED, CASE)


@pytest.mark.parametrize("cut", [1, 3, 40])
@pytest.mark.parametrize("escaped", ["2026\\/4821", "2026\\u002f4821"])
def test_an_escaped_case_of_a_cut_record_is_read(cut: int, escaped: str) -> None:
    text = json.dumps({**with_data(**STRICTLY), "subject": "2026/4821"}).replace("2026/4821", escaped)
    (found,) = statements(record(text.encode()[:-cut], key="x y"), MUNICIPALITY)
    assert found.references == ((MUNICIPALITY, "2026/4821"),)
    (found,) = statements(record(b'{"x" ' + text.encode(), key="x y"), MUNICIPALITY)
    assert found.references == ((MUNICIPALITY, "2026/4821"),)


@pytest.mark.parametrize("kind", ["settlement_withdrawn", "Settlement-Withdrawn", "settlementWithdrawal"])
def test_a_withdrawal_is_heard_in_any_spelling(kind: str) -> None:
    withdrawn = {**OPEN, "type": f"no.kobling.{kind}.v1", "data": {"reason": "left"}}
    assert said(withdrawn) == [Says.WITHDRAWN]


@pytest.mark.parametrize("kind", ["person_settled", "Person-Settled", "personSettled"])
def test_a_settlement_without_protection_is_heard_in_any_spelling(kind: str) -> None:
    assert said({**without("protection"), "type": f"no.kobling.{kind}.v1"}) == [Says.PROTECTED]


FIELDS = [{"field": "protection", "type": "string", "doc": "confidential or not"}]
CONNECT = {"type": "struct", "optional": False, "fields": [{"field": "data", "fields": FIELDS}]}


def test_a_schema_beside_a_payload_says_nothing() -> None:
    assert said({"schema": CONNECT, "payload": OPEN}) == []
    assert said({"schema": CONNECT, "payload": with_data(**STRICTLY)}) == [Says.PROTECTED]
    assert said({"schema": {"protection": "strict"}, "payload": OPEN}) == [Says.PROTECTED]


@pytest.mark.parametrize("address", ["ada@confidential.example", "confidential@x.example"])
def test_a_mail_address_says_nothing(address: str) -> None:
    event = with_data(interests=["Ski"], person={"email": address})
    assert said(event) == []
    assert said(json.dumps(event).encode()[:-1]) == []
    assert said({**event, "note": f"{address} is confidential"}) == [Says.PROTECTED]


@pytest.mark.parametrize(
    "former",
    [
        {"from": json.dumps({"municipality": "no-5501", "case": "T-1"})},
        {"former": {"municipality": "NO-5501", "case": "T-1"}},
        {"former_case": [{"municipality": "no-5501", "case": "T-1"}]},
    ],
)
def test_a_former_case_is_heard_in_any_form(former: dict[str, Any]) -> None:
    (found,) = statements(record(with_data(**STRICTLY, **former)), MUNICIPALITY)
    assert (found.references, found.former) == (CASE, (("no-5501", "T-1"),))


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(LISTED.encode() * 40, id="many lists"),
        pytest.param(b"[" + b'{"subject":"1","protection":1},' * 30_000 + b"]", id="many events"),
        pytest.param(b'{"a":[1,' * 400 + b'"x",' * 200_000, id="cut far down"),
        pytest.param(b"protect" * 150_000, id="protection over and over"),
        pytest.param(b'{"a":"' + b'\\"protection' * 80_000, id="an open text of quotes"),
        pytest.param(b"a" * 1_000_000, id="one word"),
        pytest.param(b"protection:none " * 60_000, id="none over and over"),
        pytest.param(b"subject=" * 130_000, id="subjects over and over"),
        pytest.param(b"subject" + b" " * 1_000_000, id="blanks"),
        pytest.param(b"\\" * 1_000_000, id="escapes"),
        pytest.param(b"a@" * 500_000, id="addresses"),
        pytest.param(b"[[0,[" * 400 + b'"x",' * 100_000 + b"0]]]" * 400, id="lists in lists"),
    ],
)
def test_time_grows_with_the_record_alone(value: bytes) -> None:
    begun = time.process_time()
    statements(record(value), MUNICIPALITY)
    assert time.process_time() - begun < 5
