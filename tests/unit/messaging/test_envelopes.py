"""Envelopes as CloudEvents has them: what others may write or add, and what is refused by its name.

What libraries do make of them is in examples/senders.py.
"""

import json
from typing import Any

import pytest

from shared.contracts import topics
from shared.contracts.municipal import PersonSettled
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Headers, Parsed, Received, Unreadable, repeatable_id
from shared.messaging.reading.sentences import sentence
from tests.unit.messaging.records import STRUCTURED, raw, settlement

PARSER = Parser(topics.SETTLEMENTS)
PLAIN = (("content-type", b"application/json"),)


def parse(document: dict[str, Any] | bytes, headers: Headers = STRUCTURED) -> Parsed:
    return PARSER.parse(raw(document, headers=headers))


def code(parsed: Parsed) -> tuple[str, str | None]:
    assert isinstance(parsed, Unreadable)
    return parsed.code, parsed.field


@pytest.mark.parametrize(
    "name",
    [
        *("dryrn", "dryruns", "dry", "drurn", "dyrun", "drrun", "drytun", "isdryrun", "dryrunmode", "fryrun"),
        *("expectedrevison", "expectedversion", "epectedrevision", "expctedrevision", "exspectedrevision"),
        *("expactedravision", "xpectedrevision", "expected"),
        *("ce_x", "Traceid", "data_base46"),
    ],
)
def test_an_extension_that_could_be_meant_otherwise_is_refused(name: str) -> None:
    assert code(parse({**settlement(), name: "x"}))[0] == "unknown_field"


@pytest.mark.parametrize(
    "name",
    [
        "dynatrace",
        "dropped",
        "drift",
        "druid",
        "dynamicrouting",
        "duration",
        "trun",
        "lastrun",
        "gitrevision",
    ],
)
def test_an_extension_that_only_begins_or_ends_like_an_attribute_is_let_through(name: str) -> None:
    assert isinstance(parse({**settlement(), name: "x"}), Received)


def test_an_extension_of_several_values_is_none() -> None:
    assert code(parse({**settlement(), "traceid": ["x"]})) == ("unknown_field", None)


@pytest.mark.parametrize("value", [True, False])
def test_a_settlement_is_tried_on_nobodys_wish(value: bool) -> None:
    assert code(parse({**settlement(), "dryrun": value})) == ("unknown_field", "dryrun")


def test_null_is_absent_in_envelope_and_data() -> None:
    nulls = dict.fromkeys(("dataschema", "datacontenttype", "dryrun", "expectedrevision", "traceid"))
    parsed = parse({**settlement(unaccompanied_minor=None, interests=None), **nulls})
    assert isinstance(parsed, Received)
    assert parsed.data == getattr(parse(settlement()), "data", None)
    assert code(parse({**settlement(), "time": None})) == ("field_missing", "time")


def test_an_empty_text_is_absent_where_a_text_may_be() -> None:
    empty = {
        **settlement(
            occupation="", education="", expected_arrival_on="", household={"adults": 1, "minors": 0}
        ),
        "datacontenttype": "",
    }
    empty["data"]["household"]["reference"] = ""
    empty["data"]["person"] |= {"given_name": "", "family_name": "Eksempel", "gender": "", "birth_date": ""}
    plain = settlement(household={"adults": 1, "minors": 0})
    for name in ("occupation", "education", "expected_arrival_on"):
        plain["data"].pop(name, None)
    person = plain["data"]["person"]
    plain["data"]["person"] = {"family_name": "Eksempel", "preferred_language": person["preferred_language"]}
    plain["data"]["person"] |= {
        name: person[name] for name in ("phone", "email", "address") if name in person
    }
    parsed = parse(empty)
    assert isinstance(parsed, Received)
    assert parsed.data == getattr(parse(plain), "data", None)


def test_an_empty_text_is_no_absent_field_where_none_may_be_absent_or_no_text_stands() -> None:
    assert code(parse(settlement(unaccompanied_minor=""))) == ("field_invalid", "unaccompanied_minor")
    assert code(parse(settlement(interests=""))) == ("field_invalid", "interests")
    assert code(parse(settlement(household={"adults": "", "minors": 0})))[1] == "household.adults"
    language = {"given_name": "Test", "preferred_language": ""}
    assert code(parse(settlement(person=language))) == ("field_missing", "person.preferred_language")
    nobody = {"given_name": "", "family_name": "", "preferred_language": "ti"}
    assert code(parse(settlement(person=nobody))) == ("name_missing", "person")


def test_protection_that_is_an_empty_text_is_the_strictest() -> None:
    parsed = parse(settlement(protection=""))
    assert isinstance(parsed, Received)
    assert isinstance(parsed.data, PersonSettled)
    assert (parsed.data.protection, parsed.data.person) == ("strictly_confidential", None)


@pytest.mark.parametrize("tag", ["nb_NO", "zh_Hant_TW", "sr-Latn_RS"])
def test_a_locale_is_the_language_tag_that_it_stands_for(tag: str) -> None:
    parsed = parse(settlement(languages=[{"code": tag, "level": "native"}]))
    assert isinstance(parsed, Received)
    assert isinstance(parsed.data, PersonSettled)
    assert parsed.data.languages[0].code == tag.replace("_", "-")


def test_a_whole_number_with_a_decimal_point_is_an_integer() -> None:
    parsed = parse(settlement(household={"adults": 2.0, "minors": 0.0}))
    assert isinstance(parsed, Received)
    assert parsed.data == getattr(parse(settlement(household={"adults": 2, "minors": 0})), "data", None)
    assert code(parse(settlement(household={"adults": 2.5, "minors": 0}))) == (
        "field_invalid",
        "household.adults",
    )


def test_one_byte_order_mark_is_skipped_and_no_second() -> None:
    value = json.dumps(settlement()).encode()
    assert code(parse(b"\xef\xbb\xbf\xef\xbb\xbf" + value))[0] == "not_json"


@pytest.mark.parametrize(
    "time",
    ["2016-06-15T07:00Z", "2016-06-15T09:00+02:00", "2016-06-15T09:00:00+0200", "2016-06-15T09:00:00.0+02"],
)
def test_a_time_without_seconds_or_with_a_short_offset_is_taken(time: str) -> None:
    parsed, plain = parse({**settlement(), "time": time}), parse(settlement())
    assert isinstance(parsed, Received)
    assert isinstance(plain, Received)
    assert parsed.envelope.time == plain.envelope.time
    assert code(parse({**settlement(), "time": "2016-06-15T07:00"})) == ("time_without_zone", "time")


def test_base_64_is_the_one_fault_whether_data_is_there_or_not() -> None:
    document = {**settlement(), "data_base64": "e30="}
    for names in (document.keys(), document.keys() - {"data"}):
        parsed = parse({name: document[name] for name in names})
        assert isinstance(parsed, Unreadable)
        assert [fault.code for fault in parsed.faults] == ["base64_not_read"]


@pytest.mark.parametrize("headers", [STRUCTURED, PLAIN, ()])
def test_a_batch_is_refused_by_its_name(headers: Headers) -> None:
    assert code(parse(json.dumps([settlement()]).encode(), headers))[0] == "batch_not_read"
    assert code(parse(b"[1]", headers))[0] == "not_an_object"


@pytest.mark.parametrize(
    "twice",
    [
        (("content-type", b"Application/JSON"),),
        (
            ("content-type", b"application/json; charset=UTF-8"),
            ("Content-Type", b"application/json;charset=utf-8"),
        ),
        (("CE_ID", b"event-BER-1"), ("content-type", b"application/json")),
        (("ce_datacontenttype", b"application/json; charset=utf-8"),),
        (("ce_datacontenttype", b""),),
        (("content-type", b"application/json; charset=utf-8"), ("ce_datacontenttype", b"Application/JSON")),
    ],
)
def test_what_two_headers_say_alike_is_said_once(twice: Headers) -> None:
    document = settlement()
    data = document.pop("data")
    attributes = tuple((f"ce_{name}", str(value).encode()) for name, value in document.items())
    first = PLAIN if len(twice) == 1 else ()
    assert isinstance(parse(data, (*attributes, *first, *twice)), Received)


def test_all_faults_are_told_at_once_with_where_and_what_would_be_right() -> None:
    document = settlement(
        protection="non",
        person={"given_name": "Test", "gendre": "male", "birth_date": "in spring"},
        household={"adults": "2"},
        education="phd",
    )
    document["data"]["protection"] = "none"
    document["data"]["languages"] = [{"code": "ti", "level": "fluant"}]
    parsed = parse(
        {**document, "specversion": "0.3", "subject": "BER-2", "source": "/no-0301/x", "Type": "x"}
    )
    assert isinstance(parsed, Unreadable)
    told = {(fault.where, fault.code, fault.field): fault for fault in parsed.faults}
    assert len(parsed.faults) == 10, "as many as are told at once"
    assert (parsed.code, parsed.field) == (parsed.faults[0].code, parsed.faults[0].field)
    assert told["envelope", "field_invalid", "specversion"].detail
    assert told["envelope", "unknown_field", None].nearest == "type"
    assert ("envelope", "key_mismatch", "subject") in told
    assert ("data", "field_missing", "household.minors") in told
    assert told["data", "unknown_field", "person"].nearest == "gender"
    level = told["data", "field_invalid", "languages.0.level"]
    assert (level.allowed, level.nearest) == (("native", "fluent", "basic"), "fluent")


def test_who_sent_an_unknown_field_is_told_where_it_stands_and_which_are_known_there() -> None:
    parsed = parse(settlement(household={"adults": 1, "minors": 0, "kari_eksempel": 1}))
    assert isinstance(parsed, Unreadable)
    (fault,) = parsed.faults
    assert (fault.code, fault.field, fault.nearest) == ("unknown_field", "household", None)
    assert sentence(fault).endswith("Known here are adults, minors, reference.")


def test_what_is_left_of_a_record_after_the_first_fault_is_looked_into_too() -> None:
    parsed = parse(
        {**settlement(settled_on="2016-02-30"), "time": "2016-06-16T07:00:00Z", "source": "/no-0301/x"}
    )
    assert isinstance(parsed, Unreadable)
    assert [(fault.code, fault.where) for fault in parsed.faults] == [
        ("date_invalid", "data"),
        ("time_in_future", "envelope"),
        ("municipality_mismatch", "envelope"),
    ]
    assert parsed.envelope is not None
    assert parsed.envelope["data"]["settled_on"] == "2016-02-30"


def unknown_command(type_: str) -> Unreadable:
    document = {**settlement("no-4601/pp"), "type": type_}
    record = raw(document, topic="commands.intake.bergen-1.v1", key="no-4601/pp")
    parsed = Parser(topics.COMMANDS["intake"]).parse(record)
    assert isinstance(parsed, Unreadable)
    assert parsed.code == "unknown_type"
    return parsed


def test_an_unknown_command_is_told_which_there_are_and_where_they_go() -> None:
    (fault,) = unknown_command("no.kobling.command.RunRound.v1").faults
    assert fault.detail == "RunRound goes to matching: send it on commands.matching.<operator>.v1."
    (fault,) = unknown_command("RunRounds").faults
    assert fault.nearest == "no.kobling.command.RunRound.v1"
    assert fault.detail is not None
    of_intake, of_matching, of_each = fault.detail.split("; ")
    assert of_intake.startswith("intake takes ")
    assert "FindPerson" in of_intake
    assert of_matching.startswith("matching takes ")
    assert "RunRound" in of_matching
    assert of_each.startswith("each service takes RunBatch, ShowDeadLetter")
    assert "no.kobling.command.FindPerson.v1" in fault.allowed
    assert "no.kobling.command.RunRound.v1" not in fault.allowed


@pytest.mark.parametrize(
    "id_",
    [
        "0197b0c2-0000-7000-8000-000000000001",
        "0197B0C2-0000-7000-8000-00000000000A",
        "urn:uuid:0197b0c2-0000-7000-8000-000000000001",
        "01ARZ3NDEKTSV4RRFFQ69G5FAV",
        "d41d8cd98f00b204e9800998ecf8427e",
        "42",
    ],
)
def test_an_id_that_a_machine_made_is_told_again(id_: str) -> None:
    assert repeatable_id(id_) == id_


@pytest.mark.parametrize(
    "id_",
    [
        "01010750160",
        "010107",
        "Kari Eksempel",
        "kari-eksempel-1",
        "BER-2026-0042",
        "",
        None,
        7,
        "a" * 32,
        "1" * 32,
    ],
)
def test_an_id_that_could_be_somebodys_is_not(id_: object) -> None:
    assert repeatable_id(id_) is None
