"""`kobling command NAME`: every command of the contract."""

import json
from collections.abc import Mapping
from importlib import import_module, resources
from typing import Any

import typer
from typer.main import get_command

from kobling.cli.late import Late

COMMAND = "no.kobling.command."
"""How a command's type begins; read from the published schemas, since the models take long to load."""


def register(root: typer.Typer) -> None:
    """Adds the commands."""
    about = "Sends one command and waits for its reply. Names are those of the contract."
    root.add_typer(typer.Typer(cls=OfContract, no_args_is_help=True, help=about), name="command")


class OfContract(Late):
    """The contract's commands, by name."""

    def known(self) -> Mapping[str, str]:
        """Every command's name, and what it is for, as its schema has them."""
        schemas = resources.files("shared.contracts") / "schemas"
        found: dict[str, str] = {}
        for file in sorted(schemas.iterdir(), key=lambda one: one.name):
            schema = json.loads(file.read_text(encoding="utf-8"))
            if schema["properties"]["type"]["const"].startswith(COMMAND):
                name = schema["title"]
                found[name] = " ".join(schema["$defs"][name].get("description", "").split())
        return found

    def load(self, name: str) -> Any:
        """The command of this name as it is run."""
        app = typer.Typer(rich_markup_mode=None, add_completion=False)
        app.command(name)(import_module("kobling.cli.contract").command_of_contract(name))
        return get_command(app)
