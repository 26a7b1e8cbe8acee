"""`kobling keys`: made, and used on sealed replies."""

import json
import os
import sys

import typer

from kobling import keys
from kobling.cli.asking import PRIVATE_KEY_VARIABLE
from kobling.cli.options import AlwaysJson, AsJson
from kobling.cli.output import MISUSED, REFUSED, complain, report, say
from shared import sealing

app = typer.Typer(no_args_is_help=True, help="Keys: an installation's, operators', and what they open.")


def register(root: typer.Typer) -> None:
    """Adds the commands."""
    root.add_typer(app, name="keys")


@app.command("new")
def new_keys(as_json: AsJson = False) -> None:
    """New keys of an installation, as intake's and notifications' settings: keep them, and secret."""
    made = {name: value for key, value in keys.new_keys().items() for name in [keys.VARIABLES[key]]}
    if as_json:
        report(made)
        return
    for name in keys.VARIABLES.values():
        say(f"{name}={made[name]}")


@app.command("pair")
def new_key_pair(as_json: AlwaysJson = True) -> None:
    """A new pair of keys (X25519), as JSON: the public one is for an operator's record, the other is kept."""
    private, public = sealing.new_key_pair()
    report({"private_key": private, "public_key": public})


@app.command("open")
def open_sealed(as_json: AsJson = False) -> None:
    """Opens sealed replies, one a line on standard input, with the private key in KOBLING_PRIVATE_KEY."""
    key = os.environ.get(PRIVATE_KEY_VARIABLE)
    if not key:
        complain(f"{PRIVATE_KEY_VARIABLE} is not set: the operator's private key is wanted")
        raise typer.Exit(MISUSED)
    replies = list(keys.open_replies(key, sys.stdin))
    opened = [plain for plain in replies if plain is not None]
    if as_json:
        report([json.loads(plain) for plain in opened])
    else:
        for plain in opened:
            say(plain)
    if not replies:
        complain("no line is a reply that holds something sealed")
    elif len(opened) < len(replies):
        complain(f"of {len(replies)} sealed replies {len(replies) - len(opened)} don't open with this key")
    if not opened:
        raise typer.Exit(REFUSED)
