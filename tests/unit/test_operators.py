"""Whom a notice of people goes to."""

from datetime import UTC, datetime

import pytest

from shared.operators import Operators
from tests.unit.messaging.administration import BERGEN, VEJLE, operator

NOW = datetime(2016, 6, 15, tzinfo=UTC)
OVER = datetime(2016, 6, 15, tzinfo=UTC)
KNOWN = (
    operator("red-1", "red_cross"),
    operator("red-2", "red_cross", roles=["coordinator"]),
    operator("council-1", "council", roles=["approver"]),
    operator("former-1", "red_cross", valid_until=OVER),
    operator("vejle-1", "red_cross", municipalities=[VEJLE]),
)


@pytest.fixture
def operators() -> Operators:
    known = Operators()
    for one in KNOWN:
        known.put(one.operator, one)
    return known


@pytest.mark.parametrize(
    ("coordinators", "expected"),
    [
        (["red-1"], {"red-1"}),
        (["red-1", "red-2"], {"red-1", "red-2"}),
        (["red-1", "red-1"], {"red-1"}),
        ([None], {"red-1", "red-2"}),
        (["red-1", None], {"red-1", "red-2"}),
        (["red-1", "former-1"], {"red-1", "red-2"}),
        (["vejle-1"], {"red-1", "red-2"}),
        (["council-1"], {"red-1", "red-2"}),
        (["nobody-1"], {"red-1", "red-2"}),
        ([], set()),
    ],
)
def test_each_persons_coordinator_is_told_and_of_who_has_none_there_all_that_are(
    operators: Operators, coordinators: list[str | None], expected: set[str]
) -> None:
    assert operators.responsible(coordinators, BERGEN, NOW) == expected


def test_where_nobody_may_act_nobody_is_told(operators: Operators) -> None:
    assert operators.responsible(["red-1", None], "no-5501", NOW) == frozenset()
