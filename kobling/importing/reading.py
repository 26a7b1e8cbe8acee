"""A file's rows as records, checked as the service would check them before anything is sent."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, NamedTuple

from kobling.checking import wrong_with
from kobling.errors import AdministrationError
from kobling.importing import columns, files
from kobling.importing.columns import Asked, Kind
from kobling.importing.files import Line, Row
from kobling.importing.journal import Journal, Sent
from shared.contracts.catalogue import MESSAGES
from shared.contracts.message import Message
from shared.contracts.topics import COMMANDS, SERVICES, SETTLEMENTS, Service, Topic

_NAMES = ("given_name", "family_name", "birth_date")
_TOLD_APART_BY = ("programme", "purpose", "kind")


class Fault(NamedTuple):
    """What is wrong with a row, and in which column, where that can be told."""

    row: int
    column: str | None
    message: str

    def __str__(self) -> str:
        where = f"row {self.row}" if self.column is None else f"row {self.row}, {self.column}"
        return f"{where}: {self.message}"


@dataclass(frozen=True, slots=True)
class Part:
    """One record of a row, and the column of each of its fields."""

    message: Message
    data: dict[str, Any]
    columns: Mapping[str, str] = field(default_factory=dict)
    expected_revision: int | None = None

    @property
    def about(self) -> tuple[str | None, ...]:
        """What of its subject it tells: a later one about the same takes its place."""
        return self.message.name, *(self.data.get(name) for name in _TOLD_APART_BY)

    def column(self, path: str | None) -> str | None:
        """The column of a field, or of what it lies in; in files without columns the field itself."""
        if not self.columns:
            return path
        while path:
            if path in self.columns:
                return self.columns[path]
            path = path.rpartition(".")[0]
        return None


@dataclass(frozen=True, slots=True)
class Item:
    """A row as it is sent: to which topic's owner or service, about whom, and its records in their order.

    `says_whom`: of a volunteer, whether the table has their reference; else name and date of birth tell them.
    `idle`: columns that are filled in and that no record takes, with what to do.
    """

    row: int
    topic: Topic
    owner: str
    sent: Sent
    parts: Sequence[Part]
    says_whom: bool | None = None
    idle: Sequence[tuple[str, str]] = ()

    @property
    def due(self) -> "Item | None":
        """The row with what is to be sent of it; None where that is nothing."""
        if self.sent.due is None:
            return self
        parts = [self.parts[number] for number in self.sent.due]
        marks = [self.sent.parts[number] for number in self.sent.due]
        return replace(self, parts=parts, sent=replace(self.sent, parts=marks)) if parts else None


def items_of_table(path: Path, kind: Kind, operator: str, journal: Journal) -> list[Item]:
    """The rows of a table; raises AdministrationError for columns that are unknown or missing."""
    table = files.rows(path)
    named = list(dict.fromkeys(column for row in table for column in row.cells))
    if unknown := list(columns.unknown(kind, named)):
        raise AdministrationError("\n".join(unknown))
    if lacking := [name for name in columns.NEEDED[kind] if name not in named]:
        raise AdministrationError(f"the table lacks the column {' and '.join(lacking)}")
    return [_item(kind, row, operator, journal) for row in table]


def items_of_lines(path: Path, operator: str, journal: Journal) -> list[Item]:
    """The commands of a file, one on each line: {`command`, `subject`, `data`}, and where they are needed
    `expectedrevision` and `service`.
    """
    return [_command(line, operator, journal) for line in files.lines(path)]


def faults_of(items: Sequence[Item]) -> Iterator[Fault]:
    """All that is wrong with rows by themselves, in their order."""
    for item in items:
        for part in item.parts:
            for path, message in _wrong(item, part):
                yield Fault(item.row, part.column(path) or path, message)
        for column, message in item.idle:
            yield Fault(item.row, column, message)


def document(item: Item, part: Part, *, dry_run: bool = False) -> dict[str, Any]:
    """A record as a structured CloudEvent."""
    made: dict[str, Any] = {
        "specversion": "1.0",
        "id": item.sent.id,
        "source": f"/{'operators/' if part.message.command else ''}{item.owner}",
        "type": part.message.type,
        "subject": item.sent.subject,
        "time": item.sent.time,
        "datacontenttype": "application/json",
        "data": part.data,
    }
    if part.expected_revision is not None:
        made["expectedrevision"] = part.expected_revision
    return made | {"dryrun": True} if dry_run else made


def _item(kind: Kind, row: Row, operator: str, journal: Journal) -> Item:
    keys = {name: row.cells.get(name, "") for name in columns.KEYS[kind]}
    parts = [_part(one) for one in columns.asked(kind, row)]
    match kind:
        case "settlements":
            subject, topic, owner = keys["case"], SETTLEMENTS, keys["municipality"]
        case "meetings":
            subject, topic, owner = keys["pair"], COMMANDS["matching"], operator
        case "volunteers":
            who = [row.cells.get(name, "").casefold() for name in _NAMES]
            subject, topic, owner = keys["volunteer"] or journal.subject(who), COMMANDS["intake"], operator
    # A volunteer's file changes after it was imported: what the table says as before must not be said anew.
    alone = [(part.about, part.data) for part in parts] if kind == "volunteers" else []
    sent = journal.sent(subject, [owner, *_content(parts)], alone)
    says_whom = bool(keys["volunteer"]) if kind == "volunteers" else None
    return Item(row.number, topic, owner, sent, parts, says_whom, tuple(columns.idle(kind, row)))


def _content(parts: Sequence[Part]) -> list[Any]:
    return [[part.message.name, part.data, part.expected_revision] for part in parts]


def _part(asked: Asked) -> Part:
    message = next(message for message in MESSAGES if message.name == asked.name)
    return Part(message, asked.data, asked.columns)


def _command(line: Line, operator: str, journal: Journal) -> Item:
    given = dict(line.document)
    name, subject, data = given.pop("command", None), given.pop("subject", None), given.pop("data", None)
    service, revision = given.pop("service", None), given.pop("expectedrevision", None)
    message = _message(name, service)
    if message is None or not isinstance(subject, str) or not isinstance(data, dict) or given:
        raise AdministrationError(
            f"line {line.number} must be an object of command, subject and data, and may have service and "
            "expectedrevision: the command one of docs/contracts.md, with its service where several take it"
        )
    part = Part(message, data, expected_revision=revision)
    sent = journal.sent(subject, [operator, message.topic.name, *_content([part])])
    return Item(line.number, message.topic, operator, sent, [part])


def _message(name: object, service: object) -> Message | None:
    wanted: Sequence[Service] = [one for one in SERVICES if service in (None, one)]
    found = [
        message
        for message in MESSAGES
        if message.command and message.name == name and message.topic in [COMMANDS[one] for one in wanted]
    ]
    return found[0] if len(found) == 1 else None


def _wrong(item: Item, part: Part) -> Iterator[tuple[str | None, str]]:
    value = json.dumps(document(item, part)).encode()
    try:
        for wrong in wrong_with(item.topic, item.owner, item.sent.subject, value):
            yield wrong.field, wrong.message
    except ValueError as error:
        yield "municipality" if item.topic is SETTLEMENTS else None, str(error)
