"""Settlements as a case system writes them: checked as intake would, and sent."""

import json
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from kobling.checking import wrong_with
from kobling.errors import AdministrationError
from kobling.importing.sending import Sending
from shared.contracts.topics import SETTLEMENTS


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
        for one in settlements:
            for wrong in wrong_with(SETTLEMENTS, municipality, subject_of(one), one.value):
                yield Fault(one.line, *wrong)
    except ValueError as error:
        raise AdministrationError(str(error)) from None


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
