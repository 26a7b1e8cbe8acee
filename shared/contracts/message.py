"""A type of message: its name, its model, the topic it stands on, and who sends it."""

from dataclasses import dataclass, field

from shared.contracts.envelope import command_type, schema_urn, type_name
from shared.contracts.fields import Contract
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Message:
    """One type of message. `inbound`: written by outside systems, so an unknown field is an error; `type` and
    `dataschema` are CloudEvents' attributes.
    """

    name: str
    model: type[Contract]
    topic: Topic
    inbound: bool = False
    command: bool = False
    version: int = 1
    type: str = field(init=False)
    dataschema: str = field(init=False)

    def __post_init__(self) -> None:
        named = (command_type if self.command else type_name)(self.name, self.version)
        object.__setattr__(self, "type", named)
        object.__setattr__(self, "dataschema", schema_urn(self.name, self.version))


def event(topic: Topic, model: type[Contract], name: str | None = None) -> Message:
    """What a service publishes on a topic; without a `name` it is called as its model is."""
    return Message(name or model.__name__, model, topic)


def inbound(topic: Topic, model: type[Contract], name: str | None = None, version: int = 1) -> Message:
    """What outside systems write on a topic."""
    return Message(name or model.__name__, model, topic, inbound=True, version=version)


def command(topic: Topic, model: type[Contract]) -> Message:
    """What operators write on a service's topic of commands."""
    return Message(model.__name__, model, topic, inbound=True, command=True)
