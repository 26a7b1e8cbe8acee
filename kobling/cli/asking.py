"""Asks a service something as an operator, and prints the reply."""

import asyncio
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import typer

from kobling import keys
from kobling.access import cluster
from kobling.cli.options import Operator, Options, Patience, Prefix, Servers, taking
from kobling.cli.output import REFUSED, complain, report, say
from kobling.errors import AdministrationError
from kobling.importing.journal import Sent
from kobling.importing.reading import Item, Part, faults_of
from kobling.importing.sending import Line, Told
from shared.cluster import Cluster
from shared.contracts.access import Principal
from shared.contracts.catalogue import MESSAGES
from shared.contracts.fields import format_instant
from shared.contracts.message import Message
from shared.contracts.topics import COMMANDS, SERVICES
from shared.ids import new_command_id

PRIVATE_KEY_VARIABLE = "KOBLING_PRIVATE_KEY"
"""The operator's private key, with which what is sealed in a reply is opened."""


OF_DESK: Options = {
    "operator": (Operator, ""),
    "servers": (Servers, None),
    "prefix": (Prefix, ""),
    "patience": (Patience, 60.0),
}
"""The options of whoever works at a desk, by parameter: type, and value unless given."""


@dataclass(frozen=True, slots=True)
class Desk:
    """Where an operator works: as whom, at which broker. `patience`: seconds for which no answer may come."""

    kafka: Cluster
    operator: str
    prefix: str
    patience: float

    @classmethod
    def at(cls, servers: str | None, operator: str, prefix: str, patience: float) -> "Desk":
        """Unless said, the operator is whose account logs in. Raises BadParameter where that is nobody's."""
        kafka = cluster(servers)
        account = Principal.of(kafka.username)
        if not operator and account is not None and account.kind == "operator":
            operator = account.name
        if not operator:
            raise typer.BadParameter("whose commands are they? Say --operator, or set KOBLING_OPERATOR")
        return cls(kafka, operator, prefix, patience)

    def ask(
        self,
        message: Message,
        subject: str,
        data: Mapping[str, Any],
        *,
        dry_run: bool = False,
        expected_revision: int | None = None,
    ) -> Told:
        """The final reply, with its `name`. Raises AdministrationError with all that is wrong with the
        command, and sends nothing then.
        """
        sent = Sent(new_command_id(), format_instant(datetime.now(UTC)), subject)
        part = Part(message, dict(data), expected_revision=expected_revision)
        item = Item(1, message.topic, self.operator, sent, [part])
        if faults := list(faults_of([item])):
            lines = [
                f"{fault.column}: {fault.message}" if fault.column else fault.message for fault in faults
            ]
            raise AdministrationError("\n".join(lines))
        return asyncio.run(self._send(item, dry_run=dry_run))

    async def _send(self, item: Item, *, dry_run: bool) -> Told:
        async with Line.to(self.kafka, self.prefix, self.patience) as line:
            await line.look([item])
            (told,) = await line.send([item], dry_run=dry_run, progress=lambda _: None)
            return told


at_desk = taking("desk", OF_DESK, Desk.at)
"""Has a command take a `desk`, by the options that say as whom, where, and how patiently."""


def command_named(name: str, service: str | None = None) -> Message:
    """The message of a command. Raises LookupError for none, or where several services take it."""
    wanted = [COMMANDS[one] for one in SERVICES if service in (None, one)]
    found = [message for message in MESSAGES if message.command and message.name == name]
    here = [message for message in found if message.topic in wanted]
    if len(here) != 1:
        raise LookupError(name)
    return here[0]


def print_reply(told: Told, *, as_json: bool) -> None:
    """Prints a reply, opened where the private key is there. Ends with 1 where it is a rejection."""
    opened = _opened(told)
    if as_json:
        report({**told, **({"opened": opened} if opened else {})})
    elif told["name"] == "CommandRejected":
        field = f" ({told['field']})" if told.get("field") else ""
        complain(f"{told['code']}{field}: {told['message']}")
    else:
        say(told["name"])
        report({name: value for name, value in told.items() if name != "name"})
        for plain in opened:
            report(plain)
    if told["name"] == "CommandRejected":
        raise typer.Exit(REFUSED)


def _opened(told: Told) -> list[Any]:
    key = os.environ.get(PRIVATE_KEY_VARIABLE)
    if not key:
        return []
    replies = keys.open_replies(key, [json.dumps({"data": dict(told)})])
    return [json.loads(plain) for plain in replies if plain is not None]
