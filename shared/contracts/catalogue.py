"""The catalogue of all message types, collected from the modules that define them.

A message of a service is a constant of its module `events`; a command is a model of its package `commands`.
"""

import pkgutil
from collections.abc import Iterator
from enum import StrEnum
from importlib import import_module
from types import ModuleType
from typing import TypeVar

from shared.contracts import administrators, municipal, notices, programmes, replies, topics
from shared.contracts.commands import EVERYWHERE, Command
from shared.contracts.intake import cards, receipts
from shared.contracts.intake import commands as intake_commands
from shared.contracts.intake import events as intake_events
from shared.contracts.matching import commands as matching_commands
from shared.contracts.matching import events as matching_events
from shared.contracts.message import Message, command
from shared.contracts.notifications import events as notifications_events
from shared.contracts.reporting import events as reporting_events

F = TypeVar("F", bound=StrEnum)


def _constants(*modules: ModuleType) -> Iterator[Message]:
    """The messages that modules define, in their order."""
    for module in modules:
        yield from (found for found in vars(module).values() if isinstance(found, Message))


def _models(package: ModuleType) -> Iterator[type[Command]]:
    """The commands that a package's modules define, modules by name, each in its own order."""
    for name in sorted(found.name for found in pkgutil.iter_modules(package.__path__)):
        module = import_module(f"{package.__name__}.{name}")
        for found in vars(module).values():
            if isinstance(found, type) and issubclass(found, Command) and found.__module__ == module.__name__:
                yield found


MESSAGES: tuple[Message, ...] = (
    *_constants(municipal),
    *(command(topics.COMMANDS["intake"], model) for model in _models(intake_commands)),
    *(command(topics.COMMANDS["matching"], model) for model in _models(matching_commands)),
    *(command(topics.COMMANDS[service], model) for service in topics.SERVICES for model in EVERYWHERE),
    *_constants(replies, notices, administrators, programmes),
    *_constants(intake_events, receipts, cards, matching_events, notifications_events, reporting_events),
)

BY_TYPE: dict[str, Message] = {message.type: message for message in MESSAGES}
BY_NAME: dict[str, Message] = {message.name: message for message in MESSAGES}


def commands_of(service: topics.Service) -> tuple[Message, ...]:
    """The commands that a service takes, those on dead letters included."""
    return tuple(message for message in MESSAGES if message.topic == topics.COMMANDS[service])


def events_of(facts: type[F], topic: topics.Topic) -> dict[F, Message]:
    """The message of each of a domain's facts: the one that bears its name on this topic.

    Raises LookupError for a fact that the catalogue doesn't have there, so a forgotten one stops the start.
    """
    missing = [
        fact.value for fact in facts if fact.value not in BY_NAME or BY_NAME[fact.value].topic != topic
    ]
    if missing:
        raise LookupError(f"no event of {topic.name} in the catalogue: {', '.join(missing)}")
    return {fact: BY_NAME[fact.value] for fact in facts}
