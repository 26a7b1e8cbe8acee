"""The shell's commands, each by the words that name it."""

from collections.abc import Iterator, Mapping
from typing import Any

from typer.main import get_command

from kobling.cli import application
from kobling.cli.late import Late

Path = tuple[str, ...]


def loaded(group: Any, name: str) -> Any:
    """A group's command as it is run."""
    return group.load(name) if isinstance(group, Late) else group.commands[name]


def leaves(group: Any, *path: str) -> Iterator[tuple[Path, Any]]:
    """Every command that does something; of the contract's, which are made alike, the first alone."""
    names = list(group.commands)[:1] if path == ("command",) else list(group.commands)
    for name in names:
        command = loaded(group, name)
        if hasattr(command, "commands"):
            yield from leaves(command, *path, name)
        else:
            yield (*path, name), command


LEAVES: Mapping[Path, Any] = dict(leaves(get_command(application())))
