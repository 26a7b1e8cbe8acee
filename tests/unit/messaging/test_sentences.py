"""What senders are told, in the words of a fault that stands in no other record."""

from typing import Any

import pytest

from shared.contracts import topics
from shared.messaging.reading.outcome import Fault
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Unreadable
from shared.messaging.reading.sentences import LONGEST, sentence
from tests.unit.messaging.records import raw, settlement

COMMANDS = Parser(topics.COMMANDS["intake"])
OPERATOR = "bergen-redcross-1"


def faults(parser: Parser, event: dict[str, Any], topic: str | None = None) -> tuple[Fault, ...]:
    record = parser.parse(raw(event) if topic is None else raw(event, topic=topic))
    assert isinstance(record, Unreadable)
    return record.faults


def settled(**data: Any) -> tuple[Fault, ...]:
    return faults(Parser(topics.SETTLEMENTS), settlement(**data))


@pytest.mark.parametrize("written", ["tigrinja", "norsk", "English", "nb.NO", "not a language"])
def test_a_language_that_is_no_tag_is_unknown(written: str) -> None:
    (fault,) = settled(languages=[{"code": written, "level": "native"}])
    assert (fault.code, fault.field) == ("language_unknown", "languages.0.code")
    assert fault.nearest == ("nb" if written == "nb.NO" else None)
    assert "such as nb, ti or ar-SY" in sentence(fault)
    assert "pattern" not in sentence(fault)
    assert written not in sentence(fault)


def test_a_command_that_goes_elsewhere_is_not_said_to_be_meant() -> None:
    event = {**settlement(), "type": "no.kobling.command.ListWaiting.v1"}
    for sent, meant in (("ListWaiting", None), ("ListWaitng", "no.kobling.command.ListWaiting.v1")):
        event["type"] = f"no.kobling.command.{sent}.v1"
        topic = topics.COMMANDS["intake"].named(OPERATOR)
        found = {fault.code: fault for fault in faults(COMMANDS, event, topic)}
        assert found["unknown_type"].nearest == meant


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ({"settled_on": None}, "One of expected_arrival_on, arrived_on and settled_on is needed."),
        ({"settled_on": "soon"}, "This is no day, or one that does not exist: write it as 2026-11-22."),
        (
            {"person": {"given_name": "Test", "preferred_language": "ti", "birth_date": "March"}},
            (
                "This is no day, or one that does not exist: write it as 2026-11-22. A year or a month is "
                "enough, such as 1994 or 1994-03."
            ),
        ),
    ],
)
def test_nothing_is_said_twice(data: dict[str, Any], message: str) -> None:
    assert [sentence(fault) for fault in settled(**data)] == [message]


def test_of_a_field_that_is_missing_the_values_are_listed() -> None:
    (fault,) = settled(languages=[{"code": "ti"}])
    assert (fault.code, fault.field) == ("field_missing", "languages.0.level")
    assert fault.allowed == ("native", "fluent", "basic")
    (fault,) = settled(household={"minors": 1})
    assert (fault.code, fault.allowed) == ("field_missing", ())


def test_a_sentence_that_is_too_long_ends_with_a_whole_word() -> None:
    said = sentence(Fault("field_invalid", detail="word " * 200, nearest="word"))
    assert len(said) <= LONGEST
    assert said.endswith("word… Did you mean word?")


@pytest.mark.parametrize("code", ["phone_invalid", "email_invalid", "address_invalid"])
def test_nobody_is_told_that_something_is_kept_where_all_is_refused(code: str) -> None:
    assert "kept" not in sentence(Fault(code))
