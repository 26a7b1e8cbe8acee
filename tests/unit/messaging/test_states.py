"""State records: whole, or as far as a reader looks at them, also of writers that are newer."""

import json
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.envelope import HEADERS
from shared.contracts.fields import Contract, Municipality
from shared.contracts.intake.states import RefugeeReferral
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Headers, Received, Unreadable
from shared.messaging.reading.strict_json import MAX_BYTES
from tests.unit.messaging.records import STRUCTURED, raw


def refugee(type_: str = "no.kobling.RefugeeSettled.v1", **data: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": "1",
        "source": "/kobling/intake",
        "type": type_,
        "subject": "refugee-aaaaaaaaaaaaaaaaaaaaaaaa",
        "time": "2016-06-15T07:00:00Z",
        "revision": 1,
        "data": {"municipality": "no-4601", "status": "settled", **data},
    }


def test_readers_ignore_fields_and_events_of_a_newer_writer() -> None:
    parser = Parser(topics.REFUGEES)
    newer = refugee(
        "no.kobling.RefugeeDancing.v1",
        favourite_dance="halling",
        household={"adults": 1, "minors": 0, "pets": 2},
    )
    parsed = parser.parse(raw({**newer, "newattribute": "x"}, topic="refugees.v1", key=newer["subject"]))
    assert isinstance(parsed, Received)
    second = refugee("no.kobling.RefugeeSettled.v2")
    assert isinstance(parser.parse(raw(second, topic="refugees.v1", key=second["subject"])), Unreadable)


class Read(Contract):
    """Of a refugee's state: where, and where they stand."""

    municipality: Municipality
    status: str


READING = Parser(topics.REFUGEES, reader=Read)


@pytest.mark.parametrize("headers", [HEADERS, STRUCTURED])
def test_a_reader_is_given_its_fields_and_the_record_as_any_other(headers: Headers) -> None:
    state = refugee(birth_year=1990)
    record = raw(state, topic="refugees.v1", key=state["subject"], headers=headers)
    read, whole = READING.parse(record), Parser(topics.REFUGEES).parse(record)
    assert isinstance(read, Received)
    assert isinstance(whole, Received)
    assert read.data == Read(municipality="no-4601", status="settled")
    assert read.envelope.time == whole.envelope.time
    assert read[:4] == whole[:4]
    assert read[-2:] == whole[-2:]


@pytest.mark.parametrize("headers", [HEADERS, STRUCTURED])
def test_what_a_reader_does_not_look_at_is_no_reason_to_refuse_a_state(headers: Headers) -> None:
    state = refugee(birth_year="long ago", spells=7)
    record = raw(state, topic="refugees.v1", key=state["subject"], headers=headers)
    assert isinstance(READING.parse(record), Received)
    assert isinstance(Parser(topics.REFUGEES).parse(record), Unreadable)


@pytest.mark.parametrize(
    ("change", "code", "field"),
    [
        ({"data": {"status": "settled"}}, "field_missing", "municipality"),
        ({"data": {"municipality": "NO 4601", "status": "settled"}}, "field_invalid", "municipality"),
        ({"revision": 0}, "field_invalid", "revision"),
        ({"subject": "refugee-b"}, "key_mismatch", "subject"),
        ({"type": "PairCreated"}, "unknown_type", "type"),
        ({"type": "no.kobling.RefugeeSettled.v2"}, "unknown_version", "type"),
    ],
)
def test_a_reader_sees_the_faults_of_what_it_reads(change: dict[str, Any], code: str, field: str) -> None:
    state = refugee()
    record = raw({**state, **change}, topic="refugees.v1", key=state["subject"], headers=HEADERS)
    read, whole = READING.parse(record), Parser(topics.REFUGEES).parse(record)
    assert isinstance(read, Unreadable)
    assert (read.code, read.field) == (code, field)
    assert read == whole


def test_a_reader_reads_states_alone_and_those_of_a_newer_writer_too() -> None:
    referral = {**refugee("no.kobling.RefugeeReferred.v1"), "data": {"municipality": "no-4601"}}
    dancing = refugee("no.kobling.RefugeeDancing.v1")
    # A referral says nothing of where somebody stands, whatever else is in it.
    for state, model in ((referral, RefugeeReferral), (dancing, Read)):
        parsed = READING.parse(raw(state, topic="refugees.v1", key=state["subject"], headers=HEADERS))
        assert isinstance(parsed, Received)
        assert isinstance(parsed.data, model)
    full = refugee("no.kobling.RefugeeReferred.v1")
    parsed = READING.parse(raw(full, topic="refugees.v1", key=full["subject"], headers=HEADERS))
    assert isinstance(parsed, Received)
    assert isinstance(parsed.data, RefugeeReferral)


def test_a_reader_looks_into_a_records_bytes_where_kobling_did_not_send_it() -> None:
    state = refugee()
    value = json.dumps(state).replace('"municipality"', '"dance": 1, "dance": 2, "municipality"').encode()
    own, foreign = (
        READING.parse(raw(value, topic="refugees.v1", key=state["subject"], headers=headers))
        for headers in (HEADERS, STRUCTURED)
    )
    assert isinstance(own, Received)
    assert isinstance(foreign, Unreadable)
    assert foreign.code == "duplicate_key"


def test_a_reader_takes_no_record_that_is_too_large() -> None:
    state = refugee(padding="x" * MAX_BYTES)
    record = raw(state, topic="refugees.v1", key=state["subject"], headers=HEADERS)
    parsed = READING.parse(record)
    assert isinstance(parsed, Unreadable)
    assert parsed.code == "too_large"


def test_a_replicas_clock_that_is_ahead_loses_no_state() -> None:
    state = {**refugee(), "time": "2016-06-16T07:00:00Z"}
    parsed = Parser(topics.REFUGEES).parse(raw(state, topic="refugees.v1", key=state["subject"]))
    assert isinstance(parsed, Received)
