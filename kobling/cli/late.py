"""Groups that load a command when it is asked for: to load all takes seconds, and who asks for help, or
presses the tabulator, waits for each of them.
"""

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any

from typer.core import TyperCommand, TyperGroup


class Late(TyperGroup):
    """A group that knows of its commands no more than what help and completion show, until one is run."""

    def __init__(self, **given: Any) -> None:
        super().__init__(**given)
        self.commands = {name: TyperCommand(name, help=about) for name, about in self.known().items()}

    @abstractmethod
    def known(self) -> Mapping[str, str]:
        """Every command's name, and what it is for."""

    @abstractmethod
    def load(self, name: str) -> Any:
        """The command of this name as it is run."""

    def resolve_command(self, ctx: Any, args: list[str]) -> tuple[str | None, Any, list[str]]:
        """As every group does: help and completion of one command want it whole too."""
        name, command, rest = super().resolve_command(ctx, args)
        return name, command if name is None else self.load(name), rest
