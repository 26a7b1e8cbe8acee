"""A service's own commands, each described once: roles, dispatch and documentation are derived from it."""

import pkgutil
from collections.abc import Iterator, Sequence, Set
from dataclasses import dataclass
from importlib import import_module
from types import ModuleType
from typing import Generic, Literal, TypeVar

from shared.contracts.administrators import Role
from shared.contracts.catalogue import commands_of
from shared.contracts.commands import EVERYWHERE, Command
from shared.contracts.fields import Contract
from shared.contracts.message import Message
from shared.contracts.topics import Service

SubjectKind = Literal[
    "case, person or municipality",
    "dead letter",
    "municipality",
    "pair",
    "person",
    "pool",
    "refugee",
    "transfer",
    "volunteer",
]
"""What a command is about; a `person` is a refugee or a volunteer, a `pool` `<municipality>/<programme>`."""

D_co = TypeVar("D_co", covariant=True)


@dataclass(frozen=True, slots=True)
class CommandSpec(Generic[D_co]):
    """One command: its model, the role it asks for, what its subject is, how it is decided, and the events
    that it may bring about, the usual one first.
    """

    model: type[Command]
    role: Role
    subject: SubjectKind
    decide: D_co
    events: tuple[Message, ...] = ()


class CommandsIncomplete(LookupError):
    """The catalogue and a service's specifications don't name the same commands."""


class Registry(Generic[D_co]):
    """The specifications of one service's own commands, by model.

    Raises CommandsIncomplete where the catalogue has a command that nothing decides, or the reverse, and
    where one is decided twice.
    """

    def __init__(self, service: Service, specs: Sequence[CommandSpec[D_co]]) -> None:
        self._specs = {spec.model: spec for spec in specs}
        require_all(service, [spec.model for spec in specs])

    def __iter__(self) -> Iterator[CommandSpec[D_co]]:
        return iter(self._specs.values())

    def of(self, command: Command) -> CommandSpec[D_co]:
        """How a command is decided."""
        return self._specs[type(command)]


def require_all(service: Service, decided: Sequence[type[Command]]) -> None:
    """Raises CommandsIncomplete unless these are the service's commands in the catalogue, each once."""
    catalogued = {message.model for message in commands_of(service)} - set(EVERYWHERE)
    undecided, unknown = catalogued - set(decided), set(decided) - catalogued
    twice = len(decided) - len(set(decided))
    if undecided or unknown or twice:
        raise CommandsIncomplete(
            f"{service}: nothing decides {_names(undecided)}; "
            f"not in the catalogue: {_names(unknown)}; decided twice: {twice}"
        )


def specs_in(package: ModuleType) -> list[CommandSpec[object]]:
    """The specifications that the modules of a package define, modules by name, each in its own order."""
    found: list[CommandSpec[object]] = []
    for module in sorted(pkgutil.iter_modules(package.__path__), key=lambda module: module.name):
        names = vars(import_module(f"{package.__name__}.{module.name}"))
        found += [value for value in names.values() if isinstance(value, CommandSpec)]
    return found


def _names(models: Set[type[Contract]]) -> str:
    return ", ".join(sorted(model.__name__ for model in models)) or "none"
