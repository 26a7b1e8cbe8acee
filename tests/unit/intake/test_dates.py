"""Which days of a settlement may lie ahead, and when a day begins."""

from datetime import date, timedelta
from typing import Any

import pytest

from services.intake import wire
from shared.clock import local_day, local_midnight
from shared.contracts.municipal import PersonMoved, PersonSettled
from tests.unit.intake.people import TODAY
from tests.unit.messaging.records import settlement

TOMORROW, FAR = TODAY + timedelta(days=1), date(2199, 1, 1)
YEAR = TODAY + timedelta(days=365)
ANNOUNCED = {"settled_on": None, "expected_arrival_on": YEAR.isoformat()}


def refused(**data: Any) -> list[str]:
    return wire.days_in_future(PersonSettled.model_validate(settlement(**data)["data"]), TODAY)


def placed(on: date) -> dict[str, Any]:
    return {"placement": {"kind": "permanent", "placed_on": on.isoformat(), "district": "Fana"}}


@pytest.mark.parametrize("on", [TOMORROW, FAR])
def test_who_is_here_was_placed_by_today(on: date) -> None:
    assert refused(**placed(on)) == ["placement.placed_on"]
    assert refused(**placed(TODAY)) == []


def test_whose_arrival_is_announced_may_be_given_a_home_for_a_day_within_a_year() -> None:
    assert refused(**ANNOUNCED, **placed(YEAR)) == []
    assert refused(**ANNOUNCED, **placed(YEAR + timedelta(days=1))) == ["placement.placed_on"]


def test_an_arrival_that_has_happened_is_not_announced_any_more() -> None:
    arrived = {**ANNOUNCED, "arrived_on": TODAY.isoformat()}
    assert refused(**arrived, **placed(TOMORROW)) == ["placement.placed_on"]


@pytest.mark.parametrize("on", [TOMORROW, FAR])
def test_nobody_has_moved_ahead_of_today(on: date) -> None:
    moved = {"to_municipality": "no-5501", "moved_on": on.isoformat()}
    assert wire.days_in_future(PersonMoved.model_validate(moved), TODAY) == ["moved_on"]
    assert wire.days_in_future(PersonMoved.model_validate(moved), on) == []


def test_a_day_begins_at_the_moment_from_which_it_does_not_lie_ahead() -> None:
    midnight = local_midnight(TODAY)
    assert local_day(midnight) == TODAY
    assert local_day(midnight - timedelta(microseconds=1)) == TODAY - timedelta(days=1)
