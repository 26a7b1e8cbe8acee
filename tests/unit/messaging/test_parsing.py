import re
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Erased, Parsed, Received, Tick, Unreadable
from tests.unit.messaging.records import STRUCTURED, raw, settlement

PARSER = Parser(topics.SETTLEMENTS)


def changed(path: str, value: Any) -> dict[str, Any]:
    """A settlement with one place changed; `path` is dotted from the envelope's top."""
    document = settlement()
    *parents, last = path.split(".")
    place: Any = document
    for parent in parents:
        place = place[int(parent)] if parent.isdigit() else place[parent]
    place[last] = value
    return document


def test_structured_mode() -> None:
    parsed = PARSER.parse(raw(settlement()))
    assert isinstance(parsed, Received)
    assert isinstance(parsed.data, PersonSettled)
    assert (parsed.owner, parsed.key, parsed.message.name) == ("no-4601", "BER-1", "PersonSettled")


def test_binary_mode_says_the_same() -> None:
    document = settlement()
    data = document.pop("data")
    headers = (
        *((f"ce_{name}", str(value).encode()) for name, value in document.items()),
        ("content-type", b"application/json"),
    )
    binary, structured = PARSER.parse(raw(data, headers=headers)), PARSER.parse(raw(settlement()))
    assert isinstance(binary, Received)
    assert isinstance(structured, Received)
    assert binary.data == structured.data
    assert binary.fingerprint == structured.fingerprint


def test_a_record_without_content_type_is_read_as_structured() -> None:
    assert isinstance(PARSER.parse(raw(settlement(), headers=())), Received)


def test_foreign_headers_do_no_harm() -> None:
    headers = (*STRUCTURED, ("reply_to", b"elsewhere"), ("x", None), ("y", b"\xff\xfe"))
    assert isinstance(PARSER.parse(raw(settlement(), headers=headers)), Received)


@pytest.mark.parametrize(
    ("path", "value", "code", "field"),
    [
        ("type", "no.kobling.PersonArrived.v1", "unknown_type", "type"),
        ("type", "no.kobling.PersonSettled.v2", "unknown_version", "type"),
        ("type", "no.kobling.PairCreated.v1", "unknown_type", "type"),
        ("specversion", "0.3", "field_invalid", "specversion"),
        ("subject", "BER-2", "key_mismatch", "subject"),
        ("time", "2016-06-15T07:00:00", "time_without_zone", "time"),
        ("time", "2016-06-15", "time_invalid", "time"),
        ("time", "2016-06-16T07:00:00Z", "time_in_future", "time"),
        ("source", "/no-0301/case-system", "municipality_mismatch", "source"),
        ("data.settled_on", "0001-01-01", "date_out_of_range", "settled_on"),
        ("data.settled_on", "9999-12-31", "date_out_of_range", "settled_on"),
        ("data.settled_on", "2016-02-30", "date_invalid", "settled_on"),
        ("data.settled_on", 1_466_000_000, "date_invalid", "settled_on"),
        ("data.settled_on", None, "date_missing", "data"),
        ("data.protection", "maybe", "field_invalid", "protection"),
        ("data.unaccompanied_minor", "no", "field_invalid", "unaccompanied_minor"),
        ("data.household.adults", "2", "field_invalid", "household.adults"),
        ("data.person.nickname", "x", "unknown_field", "person"),
        ("data.person.Kari Eksempel", "x", "unknown_field", "person"),
        ("data.kari_eksempel", "x", "unknown_field", "data"),
        ("data.languages.0.kari", "x", "unknown_field", "languages.0"),
        ("data.email", "x", "unknown_field", "email"),
        ("data.languages.0.code", "not a language", "language_unknown", "languages.0.code"),
        ("data.person", None, "person_missing", "data"),
        ("Kari Eksempel", "x", "unknown_field", None),
        ("kari_eksempel", "x", "unknown_field", None),
    ],
)
def test_a_fault_is_named_by_code_and_field(path: str, value: Any, code: str, field: str | None) -> None:
    parsed = PARSER.parse(raw(changed(path, value)))
    assert isinstance(parsed, Unreadable)
    assert (parsed.code, parsed.field) == (code, field)


@pytest.mark.parametrize(
    ("value", "key", "code"),
    [
        (None, "BER-1", "null_value"),
        (b"", "BER-1", "empty_value"),
        (b"[]", "BER-1", "not_an_object"),
        (b'{"specversion": "1.0"', "BER-1", "not_json"),
    ],
)
def test_bytes_that_are_no_event(value: bytes | None, key: str, code: str) -> None:
    parsed = PARSER.parse(raw(value, key=key))
    assert isinstance(parsed, Unreadable)
    assert parsed.code == code


@pytest.mark.parametrize(("key", "code"), [(None, "key_missing"), (b"\xff\xfe", "key_not_utf8")])
def test_keys_that_are_none(key: bytes | None, code: str) -> None:
    parsed = PARSER.parse(raw(settlement(), key=key))
    assert isinstance(parsed, Unreadable)
    assert parsed.code == code


def test_a_protected_persons_details_are_dropped_before_anything_looks_at_them() -> None:
    for protection in ("confidential", "strictly_confidential"):
        document = settlement(protection=protection, person={"anything": ["at", "all"]})
        parsed = PARSER.parse(raw(document))
        assert isinstance(parsed, Received)
        assert isinstance(parsed.data, PersonSettled)
        assert parsed.data.person is None


def test_unstated_protection_is_the_strictest() -> None:
    document = settlement()
    del document["data"]["protection"]
    parsed = PARSER.parse(raw(document))
    assert isinstance(parsed, Received)
    assert isinstance(parsed.data, PersonSettled)
    assert parsed.data.protection == "strictly_confidential"
    assert parsed.data.person is None


def test_names_with_markup_formulas_and_odd_characters_live() -> None:
    document = settlement()
    document["data"]["person"]["given_name"] = "\uff1d1+1<script>\r\n\u202e"
    assert isinstance(PARSER.parse(raw(document)), Received)


def test_what_is_refused_is_never_quoted() -> None:
    quoted = "Hemmelig Personnavn"
    for path in ("data.person.birth_date", "data.person.gender", "data.settled_on", "type", "time", "id"):
        parsed = PARSER.parse(raw(changed(path, [quoted])))
        assert isinstance(parsed, Unreadable)
        assert quoted not in f"{parsed.code} {parsed.field}"


STATES = Parser(topics.PAIRS)


def test_null_on_a_state_topic_means_erased() -> None:
    parsed = STATES.parse(raw(None, topic="pairs.v1", key="pair-x"))
    assert isinstance(parsed, Erased)
    assert parsed.key == "pair-x"


def test_ticks_are_skipped() -> None:
    assert isinstance(STATES.parse(raw(b"", topic="pairs.v1", key="_tick")), Tick)


def test_prefixes_and_owners() -> None:
    parser = Parser(topics.COMMANDS["matching"], "t1.")
    command = {
        "specversion": "1.0",
        "id": "1",
        "source": "/x",
        "type": "no.kobling.command.RunRound.v1",
        "subject": "no-4601/p",
        "time": "2016-06-15T07:00:00Z",
        "dryrun": True,
        "expectedrevision": 4,
        "data": {"reason": "weekly", "municipality": "no-4601", "programme": "pp"},
    }
    parsed = parser.parse(raw(command, topic="t1.commands.matching.bergen-1.v1", key="no-4601/p"))
    assert isinstance(parsed, Received)
    assert (parsed.owner, parsed.envelope.dryrun, parsed.envelope.expectedrevision) == ("bergen-1", True, 4)


def test_the_same_command_asked_for_in_another_way_is_another() -> None:
    parser = Parser(topics.COMMANDS["matching"])
    command = {
        **settlement("no-4601/pp"),
        "type": "no.kobling.command.RunRound.v1",
        "data": {"reason": "weekly", "municipality": "no-4601", "programme": "pp"},
    }

    def fingerprint(**more: object) -> bytes:
        topic = "commands.matching.bergen-1.v1"
        parsed = parser.parse(raw({**command, **more}, topic=topic, key="no-4601/pp"))
        assert isinstance(parsed, Received)
        return parsed.fingerprint

    assert len({fingerprint(), fingerprint(dryrun=True), fingerprint(expectedrevision=1)}) == 3


@pytest.mark.parametrize("owner", ["x", "a" * 41])
def test_a_topic_of_no_owner_is_not_followed(owner: str) -> None:
    assert re.fullmatch(topics.SETTLEMENTS.pattern(), "settlements.no-4601.v1")
    assert not re.fullmatch(topics.SETTLEMENTS.pattern(), f"settlements.{owner}.v1")


UUID = "0197b0c2-0000-7000-8000-000000000001"


def received(offset: int = 0, **attributes: str) -> Received:
    parsed = PARSER.parse(raw({**settlement(), **attributes}, offset=offset))
    assert isinstance(parsed, Received)
    return parsed


def test_what_leaves_of_a_foreign_id_is_made_from_the_records_place() -> None:
    number = {"id": "01010750160", "correlationid": "0101804567"}
    first, again, other = received(0, **number), received(0, **number), received(1, **number)
    assert first.cause == again.cause == received(0, id="another").cause
    assert first.cause != other.cause
    assert re.fullmatch(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", first.cause.id)
    assert first.cause.correlation == first.cause.id
    assert first.inbox_id == other.inbox_id != received(0, id="another").inbox_id
    assert first.inbox_id not in {first.cause.id, first.cause.correlation}


def test_a_uuid_is_passed_on_as_it_is() -> None:
    cause = received(id=UUID, correlationid=UUID[:-1] + "2").cause
    assert (cause.id, cause.correlation) == (UUID, UUID[:-1] + "2")
    assert received(id=UUID).cause.correlation == UUID


def binary(*more: tuple[str, bytes], media_type: bytes = b"application/json") -> Parsed:
    document = settlement()
    data = document.pop("data")
    headers = [(f"ce_{name}", str(value).encode()) for name, value in document.items()]
    return PARSER.parse(raw(data, headers=(*headers, ("content-type", media_type), *more)))


@pytest.mark.parametrize(
    "media_type",
    [b"Application/JSON", b"application/json ; charset=utf-8", b" application/json;charset=UTF-8"],
)
def test_media_types_have_no_case_and_room_around_their_parameters(media_type: bytes) -> None:
    assert isinstance(binary(media_type=media_type), Received)
    structured = {**settlement(), "datacontenttype": media_type.decode()}
    assert isinstance(PARSER.parse(raw(structured)), Received)


@pytest.mark.parametrize(
    "media_type", [b"Application/CloudEvents+JSON", b"application/cloudevents+json ; charset=utf-8"]
)
def test_structured_mode_is_told_by_its_media_type_however_written(media_type: bytes) -> None:
    headers = (("ce_specversion", b"1.0"), ("content-type", media_type))
    assert isinstance(PARSER.parse(raw(settlement(), headers=headers)), Received)


@pytest.mark.parametrize("more", [(), (("ce_specversion", b"1.0"),)])
@pytest.mark.parametrize(
    ("media_type", "code"),
    [
        (b"application/cloudevents+jsonx", "content_type_unknown"),
        (b"application/cloudevents-batch+json", "batch_not_read"),
    ],
)
def test_another_format_of_events_does_not_count_as_structured(
    media_type: bytes, code: str, more: tuple[tuple[str, bytes], ...]
) -> None:
    parsed = PARSER.parse(raw(settlement(), headers=(*more, ("content-type", media_type))))
    assert isinstance(parsed, Unreadable)
    assert parsed.code == code


@pytest.mark.parametrize(
    ("name", "field"),
    [
        ("ce_id", "ce_id"),
        ("CE_ID", "ce_id"),
        ("ce_Kari Eksempel", None),
        ("ce_kari", None),
        ("content-type", None),
        ("Content-Type", None),
        ("ce_datacontenttype", "ce_datacontenttype"),
    ],
)
def test_an_attribute_that_two_headers_give_differently_is_refused(name: str, field: str | None) -> None:
    parsed = binary((name, b"text/plain"), *([(name, b"another")] if "kari" in name.lower() else []))
    assert isinstance(parsed, Unreadable)
    assert (parsed.code, parsed.field) == ("duplicate_header", field)


def test_foreign_headers_may_come_twice() -> None:
    assert isinstance(binary(("x", b"1"), ("x", b"2")), Received)
    assert isinstance(
        PARSER.parse(raw(settlement(), headers=(*STRUCTURED, ("x", b"1"), ("x", b"2")))), Received
    )


@pytest.mark.parametrize(
    "source",
    ["https://host/db-123", "/server/vm-4601/case-system", "https://host/no-123", "urn:se-0180:cases"],
)
def test_what_is_no_norwegian_or_danish_municipality_in_a_source_is_not_held_against_the_topic(
    source: str,
) -> None:
    assert isinstance(PARSER.parse(raw(changed("source", source))), Received)


@pytest.mark.parametrize("source", ["/dk-751/cases", "https://host/db-123/no-0301", "urn:no-0301", "no-0301"])
def test_another_municipality_in_a_source_is_refused(source: str) -> None:
    parsed = PARSER.parse(raw(changed("source", source)))
    assert isinstance(parsed, Unreadable)
    assert parsed.code == "municipality_mismatch"
