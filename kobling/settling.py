"""Settlements as a case system writes them: checked as intake would, and sent."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kobling.administration import AdministrationError
from kobling.importing.sending import Sending
from shared.contracts.envelope import HEADERS
from shared.contracts.topics import SETTLEMENTS
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Unreadable
from shared.messaging.reading.sentences import sentence

_FAR_AHEAD = 4_102_444_800_000
"""The broker's time of records that are only checked, 2100: whether a day lies ahead the service says."""


class Settlement(NamedTuple):
    """A record in the structured mode of CloudEvents, and the line of its file."""

    line: int
    value: bytes


class Fault(NamedTuple):
    """What is wrong with a settlement, and what would help."""

    line: int
    code: str
    field: str | None
    message: str


def read(content: bytes) -> list[Settlement]:
    """The records of a file: one on each line, or a single one on as many as it takes."""
    lines = [(number, line) for number, line in enumerate(content.split(b"\n"), start=1) if line.strip()]
    try:
        if lines and isinstance(json.loads(content), dict):
            return [Settlement(lines[0][0], content.strip())]
    except ValueError:
        pass
    return [Settlement(number, line) for number, line in lines]


def faults_of(municipality: str, settlements: Sequence[Settlement]) -> Iterator[Fault]:
    """What intake would refuse them for. Raises AdministrationError for what is no municipality."""
    try:
        topic = SETTLEMENTS.named(municipality)
    except ValueError as error:
        raise AdministrationError(str(error)) from None
    parser = Parser(SETTLEMENTS)
    for one in settlements:
        raw = Raw(topic, 0, 0, _FAR_AHEAD, subject_of(one).encode(), one.value, HEADERS)
        parsed = parser.parse(raw)
        if isinstance(parsed, Unreadable):
            for fault in parsed.faults:
                yield Fault(one.line, fault.code, fault.field, sentence(fault))


def subject_of(settlement: Settlement) -> str:
    """The case, which is the record's key; empty where it can't be read, which intake says then."""
    return _text(settlement, "subject")


def sending(municipality: str, settlement: Settlement) -> Sending:
    """A settlement that is ready to go."""
    id_ = _text(settlement, "id")
    return Sending(SETTLEMENTS, municipality, id_, subject_of(settlement), settlement.value)


def _text(settlement: Settlement, attribute: str) -> str:
    try:
        found = json.loads(settlement.value)
    except (ValueError, RecursionError):
        return ""
    value = found.get(attribute) if isinstance(found, dict) else None
    return value if isinstance(value, str) else ""
