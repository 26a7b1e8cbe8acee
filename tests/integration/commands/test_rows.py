"""The table of commands is whole, and says what the pages say."""

import re
from collections import Counter
from pathlib import Path

import pytest

from services.intake.service import SPECS as INTAKE
from services.matching.service import SPECS as MATCHING
from shared.contracts.catalogue import commands_of
from shared.contracts.topics import SERVICES
from shared.messaging.commands.desk import ROLE
from shared.messaging.commands.registry import CommandSpec
from tests.integration.commands.row import NotApplicable, Refusal, Row
from tests.integration.commands.rows import ROWS

CODES = (Path(__file__).parents[3] / "docs" / "codes.md").read_text()
SPECS: dict[tuple[str, str], CommandSpec[object]] = {
    **{("intake", spec.model.__name__): spec for spec in INTAKE},
    **{("matching", spec.model.__name__): spec for spec in MATCHING},
}
BESIDES = ("ContactCard", "NoticeGiven", "CommandAccepted")
"""What a command may bring about beside its events: a card, notices, and replies to others that waited."""

every_row = pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.service}-{row.command}")


def test_every_command_of_every_service_has_one_row() -> None:
    catalogued = [(service, message.name) for service in SERVICES for message in commands_of(service)]
    assert Counter((row.service, row.command) for row in ROWS) == Counter(catalogued)


@every_row
def test_a_rows_codes_are_explained_to_operators(row: Row) -> None:
    codes = {cell.code for cell in row.cells if isinstance(cell, Refusal)}
    assert [code for code in codes if not re.search(rf"^\| `{code}` \| \S", CODES, re.MULTILINE)] == []


@every_row
def test_what_does_not_apply_to_a_command_says_why(row: Row) -> None:
    cells = [cell for cell in (*row.cells, row.in_their_own) if isinstance(cell, NotApplicable)]
    assert [cell for cell in cells if len(cell.reason.split()) < 8] == []


@every_row
def test_a_row_is_of_the_role_that_the_command_asks_for(row: Row) -> None:
    spec = SPECS.get((row.service, row.command))
    if spec is not None:
        assert row.role == spec.role
    elif row.command != "RunBatch":
        assert row.role == ROLE


@every_row
def test_a_row_expects_events_that_the_command_is_said_to_bring_about(row: Row) -> None:
    spec = SPECS.get((row.service, row.command))
    if spec is not None:
        said = {message.name for message in spec.events}
        expected = {event.split()[0] for event in row.events}
        assert {event for event in expected - said if not event.startswith(BESIDES)} == set()
        assert bool(said) == bool(expected)
