"""Of which cases refused settlements speak."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from services.intake.statements import Says, statements
from shared.messaging.reading.records import Headers
from tests.unit.intake.refused_settlements import (
    CASE,
    LISTED,
    MUNICIPALITY,
    OPEN,
    SETTLED_BINARY,
    SIXTY,
    STRICTLY,
    case_of,
    record,
    with_data,
)


def test_binary_mode_is_read() -> None:
    data = with_data(protection="confidential")["data"]
    (found,) = statements(record(data, key=None, headers=SETTLED_BINARY), MUNICIPALITY)
    assert (found.says, found.references) == (Says.PROTECTED, ((MUNICIPALITY, "BER-2"),))


def test_every_case_that_it_may_be_is_named() -> None:
    event = with_data(protection="confidential", **{"from": {"municipality": "no-5501", "case": "T-1"}})
    (found,) = statements(record({**event, "subject": "BER-9"}, key=" BER-1 "), MUNICIPALITY)
    assert found.references == (*CASE, (MUNICIPALITY, "BER-9"))
    assert found.former == (("no-5501", "T-1"),)


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


def test_every_subject_in_headers_is_heard() -> None:
    headers: Headers = (*SETTLED_BINARY, ("ce_subject", b'"BER-3"'))
    (found,) = statements(record(STRICTLY, headers=headers), MUNICIPALITY)
    assert [case for _, case in found.references] == ["BER-1", "BER-2", "BER-3"]


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
