"""The poison corpus against the parser: each record that must die has its code, and odd ones live."""

from datetime import UTC, datetime
from random import Random

import pytest

from shared.contracts import topics
from shared.messaging.reading.parsing import Parser
from shared.messaging.reading.records import Raw, Received, Unreadable
from shared.personal_numbers import reads_as_personal_number
from tests.faults.people import Sent, settlement
from tests.faults.poison import MUST_DIE, MUST_LIVE, PERSONAL_NUMBER, Odd, Poison

TOWN = "no-4601"
PARSER = Parser(topics.SETTLEMENTS)


def raw(sent: Sent) -> Raw:
    """The record as the broker would hand it over now."""
    now = int(datetime.now(UTC).timestamp() * 1000)
    return Raw(topics.SETTLEMENTS.named(TOWN), 0, 0, now, sent.key, sent.value, sent.headers)


def made(one: Poison | Odd) -> Sent:
    chance = Random(1)  # noqa: S311 (repeatable, and guards nothing)
    return one.made_of(TOWN, settlement(TOWN, "CASE-1", datetime.now(UTC), chance))


@pytest.mark.parametrize("poison", [one for one in MUST_DIE if one.code != "personal_number"], ids=str)
def test_what_must_die_is_refused_with_its_code(poison: Poison) -> None:
    parsed = PARSER.parse(raw(made(poison)))
    assert isinstance(parsed, Unreadable)
    assert parsed.code == poison.code


def test_the_personal_number_passes_for_one() -> None:
    assert reads_as_personal_number(PERSONAL_NUMBER)


@pytest.mark.parametrize("odd", MUST_LIVE, ids=str)
def test_what_must_live_is_read(odd: Odd) -> None:
    assert isinstance(PARSER.parse(raw(made(odd))), Received)
