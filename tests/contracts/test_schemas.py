"""What is published of the contracts: schemas, examples, the page of topics, and what may never change."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from cloudevents.core.bindings.kafka import KafkaMessage, from_kafka_event, to_binary_event
from jsonschema import Draft202012Validator, FormatChecker, ValidationError
from pydantic import ValidationError as ModelRefused

from shared.contracts import generate, topics, topics_page
from shared.contracts.catalogue import BY_NAME, MESSAGES
from shared.contracts.envelope import CONTENT_TYPE
from shared.contracts.example import MUNICIPALITY, OPERATOR
from shared.contracts.message import Message
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received

NAMES = sorted(BY_NAME)
INBOUND = [message.name for message in MESSAGES if message.inbound]
PUBLISHED = [message.name for message in MESSAGES if not message.inbound]
NOW = datetime(2026, 11, 22, 9, 0, 1, tzinfo=UTC)


def schema(name: str) -> dict[str, Any]:
    """The committed schema."""
    found: dict[str, Any] = json.loads(committed(topics_page.SCHEMAS, name))
    return found


def example(name: str) -> dict[str, Any]:
    """The committed example."""
    found: dict[str, Any] = json.loads(committed(topics_page.EXAMPLE_FILES, name))
    return found


def committed(folder: Path, name: str) -> str:
    message = BY_NAME[name]
    return (generate.ROOT / folder / f"{name}.v{message.version}.json").read_text(encoding="utf-8")


def validator(name: str) -> Draft202012Validator:
    return Draft202012Validator(schema(name), format_checker=FormatChecker())


def topic_of(message: Message) -> str:
    owner = MUNICIPALITY if "<municipality>" in message.topic.name else OPERATOR
    return message.topic.named(owner) if message.topic.is_family else message.topic.name


def raw(name: str, value: bytes, headers: dict[str, bytes], key: str) -> Raw:
    timestamp = int(NOW.timestamp() * 1000)
    return Raw(topic_of(BY_NAME[name]), 0, 0, timestamp, key.encode(), value, tuple(headers.items()))


# Freshness


def test_all_generated_files_are_fresh() -> None:
    assert generate.not_fresh() == []


def test_generating_again_gives_the_same_bytes() -> None:
    assert generate.files() == generate.files()


def test_check_names_each_file_that_is_not_fresh(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    generate.write(tmp_path)
    assert generate.main(["--check"], tmp_path) == 0
    changed = topics_page.SCHEMAS / "PairCreated.v1.json"
    missing = topics_page.EXAMPLE_FILES / "RunRound.v1.json"
    foreign = topics_page.SCHEMAS / "PairForgotten.v1.json"
    (tmp_path / changed).write_text("{}")
    (tmp_path / missing).unlink()
    (tmp_path / foreign).write_text("{}")

    assert generate.main(["--check"], tmp_path) == 1

    said = capsys.readouterr().err.splitlines()
    named = {line.partition(":")[0] for line in said}
    assert named == {str(changed), str(missing), str(foreign)}
    assert len(said) == 3


def test_generating_refuses_to_break_a_schema_of_the_same_version(tmp_path: Path) -> None:
    generate.write(tmp_path)
    path = tmp_path / topics_page.SCHEMAS / "PairCreated.v1.json"
    promised = json.loads(path.read_text())
    promised["$defs"]["PairState"]["properties"]["song"] = {"type": "string"}
    path.write_text(json.dumps(promised))

    assert generate.main([], tmp_path) == 1

    assert json.loads(path.read_text()) == promised


def test_every_message_has_a_schema_and_an_example_and_there_are_no_others() -> None:
    for folder in (topics_page.SCHEMAS, topics_page.EXAMPLE_FILES):
        present = {path.name for path in (generate.ROOT / folder).iterdir()}
        assert {f"{message.name}.v{message.version}.json" for message in MESSAGES} <= present


def test_every_version_before_the_present_one_is_kept() -> None:
    for message in MESSAGES:
        for version in range(1, message.version + 1):
            assert (generate.ROOT / topics_page.SCHEMAS / f"{message.name}.v{version}.json").is_file()


# Examples


@pytest.mark.parametrize("name", NAMES)
def test_schema_is_valid_and_its_example_fits_it(name: str) -> None:
    Draft202012Validator.check_schema(schema(name))
    assert schema(name)["$id"] == example(name)["dataschema"] == BY_NAME[name].dataschema
    validator(name).validate(example(name))


@pytest.mark.parametrize("name", NAMES)
def test_example_is_received_on_its_topic(name: str) -> None:
    message = BY_NAME[name]
    value = json.dumps(example(name)).encode()
    parsed = Parser(message.topic).parse(
        raw(name, value, {"content-type": CONTENT_TYPE.encode()}, record_key(name))
    )
    assert isinstance(parsed, Received), parsed
    assert parsed.message == message


def record_key(name: str) -> str:
    return BY_NAME[name].full_example().subject or ""


@pytest.mark.parametrize("name", NAMES)
def test_the_official_sdk_reads_the_example(name: str) -> None:
    record = example(name)
    event = from_kafka_event(
        KafkaMessage({"content-type": CONTENT_TYPE.encode()}, None, json.dumps(record).encode())
    )
    assert event.get_type() == BY_NAME[name].type
    assert event.get_subject() == record["subject"]
    assert event.get_dataschema() == record["dataschema"]
    assert event.get_data() == record["data"]


@pytest.mark.parametrize("name", INBOUND)
def test_binary_mode_as_the_official_sdk_writes_it_is_received(name: str) -> None:
    record = example(name)
    structured = KafkaMessage({"content-type": CONTENT_TYPE.encode()}, None, json.dumps(record).encode())
    binary = to_binary_event(from_kafka_event(structured))
    # The SDK writes Python's spelling of a boolean; CloudEvents' is in lower case.
    headers = {
        header: value.lower() if header == "ce_dryrun" else value for header, value in binary.headers.items()
    }

    parsed = Parser(BY_NAME[name].topic).parse(raw(name, binary.value, headers, record["subject"]))

    assert isinstance(parsed, Received), parsed
    assert parsed.envelope.data == record["data"]


def strings_in(value: Any) -> Iterator[str]:
    match value:
        case str():
            yield value
        case dict():
            for one in value.values():
                yield from strings_in(one)
        case list():
            for one in value:
                yield from strings_in(one)
        case _:
            return


@pytest.mark.parametrize("name", NAMES)
def test_example_is_plainly_synthetic(name: str) -> None:
    data = example(name)["data"]
    for text in strings_in(data):
        assert "@" not in text or text.endswith("@example.org"), text
        assert not re.search(r"\d{10}", text), text
    if isinstance(person := data.get("person"), dict):
        assert person.get("family_name", "Eksempel-").startswith("Eksempel-")


def test_names_of_people_stand_in_inbound_examples_alone() -> None:
    for name in PUBLISHED:
        assert "Eksempel" not in committed(topics_page.EXAMPLE_FILES, name)


# What schemas say


@pytest.mark.parametrize("name", PUBLISHED)
def test_readers_of_published_records_are_told_that_fields_may_be_added(name: str) -> None:
    assert '"additionalProperties": false' not in committed(topics_page.SCHEMAS, name)
    record = example(name)
    record["invented"] = record["data"]["invented"] = 1
    validator(name).validate(record)


@pytest.mark.parametrize("name", INBOUND)
def test_schema_of_an_inbound_record_refuses_an_unknown_field_as_its_service_does(name: str) -> None:
    record = example(name)
    record["data"]["invented"] = 1
    with pytest.raises(ValidationError):
        validator(name).validate(record)


@pytest.mark.parametrize(
    ("change", "fits"),
    [
        ({}, True),
        ({"arrived_on": None}, True),
        ({"arrived_on": None, "settled_on": None}, False),
        ({"arrived_on": None, "settled_on": None, "expected_arrival_on": "2027-01-15"}, True),
        ({"person": None}, False),
        ({"protection": "confidential", "person": ...}, True),
        ({"protection": ..., "person": ...}, True),
        ({"protection": "secret"}, False),
        ({"arrived_on": "2026-02-30"}, False),
    ],
)
def test_schema_and_model_of_a_settlement_agree_across_fields(change: dict[str, Any], fits: bool) -> None:
    record = example("PersonSettled")
    data = {name: value for name, value in (record["data"] | change).items() if value is not ...}

    assert validator("PersonSettled").is_valid(record | {"data": data}) is fits
    try:
        BY_NAME["PersonSettled"].model.model_validate(data)
    except ModelRefused:
        assert not fits
    else:
        assert fits


def test_schema_asks_a_protected_persons_case_to_leave_the_person_out() -> None:
    record = example("PersonSettled")
    record["data"]["protection"] = "confidential"
    assert not validator("PersonSettled").is_valid(record)


# Topics


def test_topic_names_are_unique() -> None:
    names = [topic.name for topic in topics.REGISTRY]
    assert len(names) == len(set(names))


@pytest.mark.parametrize("topic", topics.REGISTRY, ids=lambda topic: topic.name)
def test_topic_keeps_the_rules_of_its_kind(topic: topics.Topic) -> None:
    written_outside = not set(topic.writers) <= set(topics.SERVICES)
    read_by_one_outside = set(topic.readers) <= {"municipality", "operator"}
    assert topic.partitions == (1 if topic.is_family or written_outside or read_by_one_outside else 12)
    assert not topic.state or topic.cleanup == "compact"
    assert (topic.retention is None) == (topic.cleanup == "compact")
    assert topic.max_message_bytes == 1024 * topics.KIB
    if topic.state:
        assert topic.writers[0] in topics.SERVICES
        assert len(topic.writers) == 1
        assert topic.config()["max.compaction.lag.ms"] == "1728000000"


def test_personal_data_stands_where_the_contracts_say_alone() -> None:
    by_kind: dict[str, set[str]] = {}
    for topic in topics.REGISTRY:
        by_kind.setdefault(topic.personal_data, set()).add(topic.name)
    assert by_kind.pop("yes") == {"settlements.<municipality>.v1", "commands.intake.<operator>.v1"}
    assert by_kind.pop("sealed") == {"contact-cards.v1"}
    assert by_kind.pop("sealed only") == {"replies.<operator>.v1"}
    assert by_kind.pop("pseudonymous") == {"refugees.v1", "volunteers.v1", "pairs.v1"}
    assert by_kind.pop("aggregated, suppressed") == {"indicators.v1"}
    assert by_kind.pop("never") == {"intake.dlq.v1"}
    assert by_kind.keys() == {"no"}


def personal_fields(value: Any) -> set[str]:
    """Names of fields that identify somebody, anywhere in a schema."""
    found: set[str] = set()
    match value:
        case dict():
            names = {"given_name", "family_name", "birth_date", "phone", "email", "address"}
            found |= names & set(value.get("properties", {}))
            for one in value.values():
                found |= personal_fields(one)
        case list():
            for one in value:
                found |= personal_fields(one)
        case _:
            pass
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_schema_has_personal_fields_only_where_its_topic_may_hold_them(name: str) -> None:
    assert not personal_fields(schema(name)) or BY_NAME[name].topic.personal_data == "yes"
