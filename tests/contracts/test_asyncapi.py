"""The AsyncAPI document: valid for the official parser, complete, and as strict as the schemas' own files."""

import ast
import json
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator, Draft202012Validator

from shared.contracts import generate, topics
from shared.contracts.asyncapi.messages import DEAD_LETTER_HEADERS, DIGEST_HEADERS
from shared.contracts.asyncapi.naming import channel_id
from shared.contracts.asyncapi.schemas import bundled
from shared.contracts.catalogue import BY_NAME, MESSAGES
from shared.contracts.example_record import record
from shared.contracts.fields import Contract
from shared.contracts.json_schema import schema
from shared.contracts.message import event
from tests.contracts.official_parser import node_is_missing, verdict

ROOT = Path(__file__).parents[2]
PUBLISHED = ROOT / generate.ASYNCAPI
DOCUMENT: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
CHANNELS: dict[str, Any] = DOCUMENT["channels"]
COMPONENTS: dict[str, Any] = DOCUMENT["components"]
REMARKS = {
    # 3.1 adds nothing for Kafka, and more tools read 3.0.
    "asyncapi-latest-version",
}
"""What the parser may remark."""

node = pytest.mark.skipif(
    node_is_missing(), reason="Node.js and npm are missing, which AsyncAPI's parser needs"
)


# The official parser


@node
def test_the_official_parser_finds_nothing_wrong() -> None:
    found = verdict(PUBLISHED)
    assert [one for one in found.diagnostics if one["code"] not in REMARKS] == []
    assert found.counts == {
        "channels": len(topics.REGISTRY),
        "operations": len(DOCUMENT["operations"]),
        "messages": len(COMPONENTS["messages"]),
    }


@node
@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("channels", "pairs", "messages", "PairCreated", "$ref"), "#/components/messages/PairForgotten"),
        (("channels", "settlements", "parameters"), {}),
        (("channels", "pairs", "bindings", "kafka", "partitions"), 0),
        (("components", "schemas", "PairState", "type"), "thing"),
        (("operations", "intake.send.receipts", "action"), "publish"),
        (("components", "securitySchemes", "password", "type"), "scram"),
    ],
)
def test_the_official_parser_would_find_it(tmp_path: Path, path: tuple[str, ...], value: Any) -> None:
    broken = deepcopy(DOCUMENT)
    part = broken
    for name in path[:-1]:
        part = part[name]
    assert path[-1] in part
    part[path[-1]] = value
    (tmp_path / "broken.json").write_text(json.dumps(broken), encoding="utf-8")
    assert 0 in {one["severity"] for one in verdict(tmp_path / "broken.json").diagnostics}


# Complete


@pytest.mark.parametrize("topic", topics.REGISTRY, ids=lambda topic: topic.name)
def test_each_topic_is_a_channel_as_the_registry_has_it(topic: topics.Topic) -> None:
    channel = CHANNELS[channel_id(topic)]
    address = channel["address"]
    for owner in channel.get("parameters", {}):
        address = address.replace(f"{{{owner}}}", f"<{owner}>")
    assert address == topic.name
    kafka = channel["bindings"]["kafka"]
    assert kafka["partitions"] == topic.partitions
    settings = {**kafka["topicConfiguration"]}
    (settings["cleanup.policy"],) = settings["cleanup.policy"]
    assert {name: str(value) for name, value in settings.items()} == topic.config()


def test_each_message_of_the_catalogue_stands_on_its_channel() -> None:
    for message in MESSAGES:
        reference = CHANNELS[channel_id(message.topic)]["messages"][message.name]
        assert reference == {"$ref": f"#/components/messages/{message.name}"}
        assert COMPONENTS["messages"][message.name]["name"] == message.type
    beside = {"Erased", "Tick", "DeadLetter", "BareDeadLetter"}
    assert COMPONENTS["messages"].keys() == BY_NAME.keys() | beside


def test_a_null_value_is_told_of_where_something_can_be_gone() -> None:
    with_nulls = {name for name, channel in CHANNELS.items() if "Erased" in channel["messages"]}
    ticked = {name for name, channel in CHANNELS.items() if "Tick" in channel["messages"]}
    assert with_nulls == {channel_id(topic) for topic in topics.REGISTRY if topic.cleanup == "compact"}
    assert ticked == {"refugees", "volunteers", "contact-cards", "pairs"}


def test_operations_are_what_services_do_with_topics() -> None:
    done = {
        (name.partition(".")[0], one["action"], one["channel"]["$ref"].removeprefix("#/channels/"))
        for name, one in DOCUMENT["operations"].items()
    }
    assert done == {
        (service, action, channel_id(topic))
        for topic in topics.REGISTRY
        for action, whose in (("send", topic.writers), ("receive", topic.readers))
        for service in set(whose) & set(topics.SERVICES)
    }


def test_what_comes_from_outside_is_answered_where_the_operation_says() -> None:
    answered = {
        name: one["reply"]["channel"]["$ref"].rpartition("/")[2]
        for name, one in DOCUMENT["operations"].items()
        if "reply" in one
    }
    assert answered.pop("intake.receive.settlements") == "receipts"
    assert answered == {f"{service}.receive.commands.{service}": "replies" for service in topics.SERVICES}


def test_headers_of_dead_letters_are_those_that_are_written() -> None:
    source = ROOT / "shared/messaging/batches/dead_letters.py"
    tree = ast.parse(source.read_text(encoding="utf-8"))
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant)}
    written = {text for text in texts if isinstance(text, str) and text.startswith("dlq-")}
    assert written == DEAD_LETTER_HEADERS.keys() | DIGEST_HEADERS.keys()


# As strict as the files


def payload(name: str) -> Draft7Validator:
    """A message's payload, by the dialect that AsyncAPI's schemas extend."""
    return Draft7Validator({**COMPONENTS["messages"][name]["payload"], "components": COMPONENTS})


def changed(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[tuple[str | int, ...], Any]]:
    """Copies of a JSON document, each with one thing otherwise, and where."""
    match value:
        case dict():
            yield from ((path, {**value, unknown: 1}) for unknown in ("invented", "in-vented"))
            for name in value:
                yield (*path, name), {key: one for key, one in value.items() if key != name}
                for where, one in changed(value[name], (*path, name)):
                    yield where, {**value, name: one}
        case list():
            for number, item in enumerate(value):
                for where, one in changed(item, (*path, number)):
                    yield where, [*value[:number], one, *value[number + 1 :]]
        case _:
            yield from ((path, other) for other in (None, "", "x y", -1, True))


@pytest.mark.parametrize("name", sorted(BY_NAME))
def test_a_messages_schema_takes_and_refuses_what_its_own_file_does(name: str) -> None:
    in_document, of_file = payload(name), Draft202012Validator(schema(BY_NAME[name]))
    (example,) = COMPONENTS["messages"][name]["examples"]
    assert example["payload"] == record(BY_NAME[name])
    in_document.validate(example["payload"])
    verdicts = set()
    for where, other in changed(example["payload"]):
        verdicts.add(in_document.is_valid(other))
        assert in_document.is_valid(other) is of_file.is_valid(other), where
    assert verdicts == {True, False}


def test_two_models_of_one_name_are_not_taken_for_one() -> None:
    class Outcome(Contract):
        """One."""

        size: int

    one = event(topics.PAIRS, Outcome, "OneSeen")

    class Outcome(Contract):  # type: ignore[no-redef]
        """Another."""

        colour: str

    other = event(topics.PAIRS, Outcome, "OtherSeen")
    with pytest.raises(ValueError, match="OtherSeen: there are two schemas of Outcome"):
        bundled([one, other])
