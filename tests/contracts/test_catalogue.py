"""What the catalogue holds together: every message and its example, every fact and its message."""

import importlib
import inspect
from enum import StrEnum
from pathlib import Path

import pytest
from jsonschema import Draft202012Validator
from pydantic import ValidationError

from shared.contracts import generate, topics
from shared.contracts.catalogue import MESSAGES, commands_of, events_of
from shared.contracts.commands import EVERYWHERE, Command
from shared.contracts.example import Example, example, shown
from shared.contracts.example_record import record
from shared.contracts.fields import Code, Contract, Municipality
from shared.contracts.intake.states import RefugeeState
from shared.contracts.json_schema import schema
from shared.contracts.message import Message, event

FACTS: dict[str, dict[str, topics.Topic]] = {
    "services.intake.domain.refugee": {"Fact": topics.REFUGEES},
    "services.intake.domain.volunteer": {"Fact": topics.VOLUNTEERS},
    "services.matching.domain.pair": {"Fact": topics.PAIRS},
}
"""The domains' facts and the topic that each is published on."""


class Song(Contract):
    """A made-up model, with its example beside it."""

    model_config = example({"title": "blue"})

    title: Code
    municipality: Municipality


class Refrain(Song):
    """A model that inherits its fields, and has no example of its own."""


# Examples


@pytest.mark.parametrize("message", MESSAGES, ids=lambda message: f"{message.topic.name}:{message.name}")
def test_every_message_has_an_example_that_its_model_accepts(message: Message) -> None:
    full = message.full_example()
    message.model.model_validate(full.data)
    assert full.subject


def test_a_message_without_an_example_fails_where_it_would_be_generated() -> None:
    with pytest.raises(LookupError, match="Refrain has no example"):
        record(event(topics.REFUGEES, Refrain))


def test_an_example_that_says_nowhere_whom_it_is_about_fails() -> None:
    made_up = event(topics.PROGRAMMES, Song)
    with pytest.raises(LookupError, match="Song has no subject"):
        record(made_up)


def test_an_example_that_its_model_does_not_accept_fails() -> None:
    with pytest.raises(ValidationError):
        record(event(topics.REFUGEES, Song, "SongSung", Example({"title": "No Code"})))


def test_what_an_example_leaves_out_is_its_types_own() -> None:
    assert shown(Song) == {"title": "blue", "municipality": "no-4601"}


def test_an_example_at_a_constant_says_what_differs_or_is_the_whole() -> None:
    differs = event(topics.REFUGEES, Song, "SongSung", Example({"title": "red"}, revision=7))
    assert record(differs)["data"] == {"title": "red", "municipality": "no-4601"}
    assert record(differs)["revision"] == 7
    whole = event(topics.REFUGEES, Song, "SongSung", Example({"title": "red"}, whole=True))
    assert whole.full_example().data == {"title": "red"}


def test_a_schema_shows_each_models_example_and_the_example_fits() -> None:
    seen = set()
    for message in MESSAGES:
        whole = schema(message)
        for name, definition in whole["$defs"].items():
            for shown_there in definition.get("examples", ()):
                seen.add(name)
                Draft202012Validator({**definition, "$defs": whole["$defs"]}).validate(shown_there)
    assert {"RefugeeState", "PersonSettled", "Person", "RunRound", "PairState", "Sealed"} <= seen


# Facts


def fact_enums() -> set[tuple[str, str]]:
    """The enumerations of text that each domain's modules define under the name of a fact."""
    found = set()
    for path in (generate.ROOT / "services").glob("*/domain/*.py"):
        name = ".".join(path.relative_to(generate.ROOT).with_suffix("").parts)
        for given, defined in vars(importlib.import_module(name)).items():
            if (
                inspect.isclass(defined)
                and issubclass(defined, StrEnum)
                and defined.__module__ == name
                and given.endswith("Fact")
            ):
                found.add((name, given))
    return found


def test_no_domains_facts_are_left_out_here() -> None:
    assert fact_enums() == {(module, name) for module, names in FACTS.items() for name in names}


@pytest.mark.parametrize("module", FACTS)
def test_every_fact_has_its_message_on_its_topic(module: str) -> None:
    for name, topic in FACTS[module].items():
        facts = getattr(importlib.import_module(module), name)
        held = events_of(facts, topic)
        assert {fact: (message.name, message.topic) for fact, message in held.items()} == {
            fact: (fact.value, topic) for fact in facts
        }


class Forgotten(StrEnum):
    """Facts of which the catalogue has one on no topic."""

    SETTLED = "RefugeeSettled"
    SANG = "RefugeeSang"


class Elsewhere(StrEnum):
    """A fact that the catalogue has on another topic."""

    CREATED = "PairCreated"


def test_a_fact_that_the_catalogue_lacks_or_has_elsewhere_stops_the_start() -> None:
    with pytest.raises(LookupError, match=r"no event of refugees\.v1 in the catalogue: RefugeeSang"):
        events_of(Forgotten, topics.REFUGEES)
    with pytest.raises(LookupError, match="PairCreated"):
        events_of(Elsewhere, topics.REFUGEES)


# Commands


def test_every_model_of_a_command_is_in_the_catalogue_by_being_written() -> None:
    for service in topics.SERVICES:
        package = Path("shared/contracts") / service / "commands"
        modules = [
            importlib.import_module(f"shared.contracts.{service}.commands.{path.stem}")
            for path in package.glob("*.py")
        ]
        written = {
            model
            for module in modules
            for model in vars(module).values()
            if inspect.isclass(model) and issubclass(model, Command) and model.__module__ == module.__name__
        }
        assert {message.model for message in commands_of(service)} == written | set(EVERYWHERE)


def test_a_messages_example_is_no_part_of_what_it_is() -> None:
    assert event(topics.REFUGEES, RefugeeState, "A", Example({})) == event(topics.REFUGEES, RefugeeState, "A")
