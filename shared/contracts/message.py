"""A type of message: its name, its model, the topic it stands on, and who sends it."""

from dataclasses import dataclass, field

from shared.contracts.envelope import command_type, schema_urn, type_name
from shared.contracts.example import Data, Example, own_example, shown
from shared.contracts.fields import Contract
from shared.contracts.published import texts
from shared.contracts.topics import Topic


@dataclass(frozen=True, slots=True)
class Message:
    """One type of message. `inbound`: written by outside systems, so an unknown field is an error; `type` and
    `dataschema` are CloudEvents' attributes. `example` is what its example has otherwise than its model's.

    Raises TypeError where an inbound model has a text that says not whether it is published.
    """

    name: str
    model: type[Contract]
    topic: Topic
    inbound: bool = False
    command: bool = False
    version: int = 1
    example: Example | None = field(default=None, compare=False)
    type: str = field(init=False)
    dataschema: str = field(init=False)

    def __post_init__(self) -> None:
        if self.inbound:
            texts(self.model)
        named = (command_type if self.command else type_name)(self.name, self.version)
        object.__setattr__(self, "type", named)
        object.__setattr__(self, "dataschema", schema_urn(self.name, self.version))

    def full_example(self) -> Example:
        """The message's example with its subject, and its revision where it has one.

        Raises LookupError where neither the model nor the constant has an example, or nothing says whom it
        is about.
        """
        beside = own_example(self.model)
        own = self.example or beside
        if own is None:
            raise LookupError(f"{self.name} has no example: write one beside {self.model.__name__}")
        subject = own.subject or (beside and beside.subject) or self.topic.example
        if not subject:
            raise LookupError(f"the example of {self.name} has no subject: say it beside its data")
        data: Data = own.data if own.whole else {**shown(self.model), **own.data}
        return Example(data, subject, own.revision or (1 if self.topic.state else None), own.extensions)


def event(
    topic: Topic, model: type[Contract], name: str | None = None, example: Example | None = None
) -> Message:
    """What a service publishes on a topic; without a `name` it is called as its model is."""
    return Message(name or model.__name__, model, topic, example=example)


def inbound(topic: Topic, model: type[Contract], name: str | None = None, version: int = 1) -> Message:
    """What outside systems write on a topic."""
    return Message(name or model.__name__, model, topic, inbound=True, version=version)


def command(topic: Topic, model: type[Contract]) -> Message:
    """What operators write on a service's topic of commands."""
    return Message(model.__name__, model, topic, inbound=True, command=True)
